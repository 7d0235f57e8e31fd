//! A wrapped command: what is recorded, what is passed on, and what no gate takes it for.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::Stdio,
};

use serde_json::Value;

use crate::support::{Answer, Site};

/// A project in git without any configuration.
pub fn plain() -> Site {
    let site = Site::new();
    site.write("src/main.c", "int main() { return 0; }\n");
    site.write(".gitignore", "dist/\n");
    site.commit("A program");
    site
}

/// Every statement of the ledger, oldest first.
pub fn ledger(site: &Site) -> Vec<Value> {
    let shown = site.proofhouse(&["ledger", "show", "--most", "1000", "--format", "json"]).expect(0).out;
    let entry = |line: &str| {
        let index = serde_json::from_str::<Value>(line).unwrap()["index"].to_string();
        site.proofhouse(&["ledger", "show", &index]).expect(0).json()["statement"].clone()
    };
    shown.lines().map(entry).collect()
}

pub fn of_type<'a>(all: &'a [Value], kind: &str) -> Vec<&'a Value> {
    all.iter().filter(|statement| statement["predicateType"].as_str().unwrap().contains(kind)).collect()
}

#[test]
fn a_command_runs_as_it_is_and_what_it_made_can_be_proven_elsewhere() {
    let site = plain();
    let script = "mkdir -p dist && echo made > dist/app && echo out && echo err >&2 && cat";
    let mut command = site.command(&[
        "attest",
        "--name",
        "package",
        "--output",
        "dist/*",
        "--to",
        "evidence.jsonl",
        "--",
        "sh",
        "-c",
        script,
    ]);
    command.env("DEPLOY_TOKEN", "hunter2hunter2").env("PROOFHOUSE_PASSPHRASE_HINT", "none");
    command.stdin(fs::File::open(site.project().join("src/main.c")).unwrap());
    let told = Answer::of(command.output().unwrap()).expect(0);
    assert_eq!(told.out, "out\nint main() { return 0; }\n", "stdout is the command's alone");
    assert!(told.err.contains("err\n") && told.err.contains("not isolated"), "{}", told.err);

    let all = ledger(&site);
    let [provenance] = of_type(&all, "slsa.dev/provenance")[..] else { panic!("one provenance") };
    assert_eq!(provenance["subject"][0]["name"], "dist/app");
    let build = &provenance["predicate"]["buildDefinition"];
    assert_eq!(build["buildType"], "urn:proofhouse:build-type:command:v1");
    assert_eq!(build["externalParameters"]["command"][0], "sh");
    assert_eq!(build["externalParameters"]["workingFolder"], ".");
    let names = build["externalParameters"]["environment"].as_array().unwrap();
    assert!(names.contains(&"DEPLOY_TOKEN".into()), "names are recorded");
    assert!(!provenance.to_string().contains("hunter2"), "values never are");
    assert_eq!(build["internalParameters"]["isolation"], "none");
    assert_eq!(build["internalParameters"]["observed"]["filesRead"], "unknown");
    assert_eq!(build["internalParameters"]["dirty"], false);
    assert_eq!(build["resolvedDependencies"][0]["digest"]["gitCommit"].as_str().unwrap().len(), 40);
    let builder = &provenance["predicate"]["runDetails"]["builder"]["id"];
    assert_eq!(builder, "urn:proofhouse:builder:wrapped-command");

    // Elsewhere: with the evidence and the trust file alone.
    site.write("trust.json", site.proofhouse(&["ledger", "trust"]).expect(0).out);
    let verify = ["verify", "dist/app", "--bundle", "evidence.jsonl", "--trust", "trust.json"];
    let proven = site.proofhouse(&verify).expect(0).out;
    assert!(proven.contains("urn:proofhouse:builder:wrapped-command"), "{proven}");
    site.proofhouse(&["ledger", "verify"]).expect(0);
    fs::write(site.project().join("dist/app"), "changed").unwrap();
    site.proofhouse(&verify).expect(1);
}

#[test]
fn only_what_the_command_wrote_is_its_output() {
    let site = plain();
    site.write("dist/old", "from before");
    site.write("dist/touched", "from before");
    std::os::unix::fs::symlink("/etc/hostname", site.project().join("dist/link")).unwrap();
    fs::write(site.project().join("src/main.c"), "changed\n").unwrap();
    let script = "echo new > dist/new; echo again > dist/touched";
    let told = site
        .proofhouse(&["attest", "--output", "dist", "--format", "json", "--", "sh", "-c", script])
        .expect(0)
        .json();
    let outputs: Vec<&str> =
        told["outputs"].as_array().unwrap().iter().map(|output| output["path"].as_str().unwrap()).collect();
    assert_eq!(outputs, ["dist/new", "dist/touched"]);
    assert_eq!(told["unchanged"], serde_json::json!(["dist/old"]));
    assert_eq!(told["dirty"], true, "the source was changed and not committed");
    assert_eq!(told["project"], "project", "named after the folder");

    // From a folder inside, paths still are those of the repository.
    let told = site
        .proofhouse(&["-C", "src", "attest", "--output", "*.o", "--format", "json", "--", "touch", "main.o"])
        .expect(0)
        .json();
    assert_eq!(told["outputs"][0]["path"], "src/main.o");
    for bad in ["../x", "/etc/*", "a[", ""] {
        let refused = site.proofhouse(&["attest", "--output", bad, "--", "true"]).expect(2);
        assert!(refused.err.contains("output-pattern"), "{bad}: {}", refused.err);
    }
}

#[test]
fn a_failure_is_recorded_its_status_passed_on_and_nothing_is_attested() {
    let site = plain();
    let attest = |rest: &[&str]| site.proofhouse(&[&["attest", "--output", "dist/app", "--"], rest].concat());
    attest(&["sh", "-c", "mkdir -p dist; echo half > dist/app; exit 42"]).expect(42);
    attest(&["sh", "-c", "kill -TERM $$"]).expect(143);
    attest(&["no-such-program"]).expect(127);
    attest(&["./src/main.c"]).expect(126);
    let told = attest(&["sh", "-c", "rm -f dist/app"]).expect(1);
    assert!(told.err.contains("nothing is there"), "{}", told.err);
    let all = ledger(&site);
    assert!(of_type(&all, "provenance").is_empty());
    let runs = of_type(&all, "predicate:run:");
    assert_eq!(runs.len(), 10, "each began and ended");
    for run in runs.iter().filter(|run| run["predicate"]["phase"] == "finished") {
        assert_eq!(run["predicate"]["result"], "failed");
        assert!(run["predicate"]["steps"][0]["outputs"].as_array().unwrap().is_empty());
    }
    assert_eq!(runs[1]["predicate"]["steps"][0]["exitCode"], 42);
    assert_eq!(runs[1]["predicate"]["steps"][0]["isolation"], "none");
}

#[test]
fn signals_reach_the_command_and_its_end_is_recorded() {
    let site = plain();
    let script = "trap 'echo got it; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    let mut command = site.command(&["attest", "--", "sh", "-c", script]);
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let status =
        std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(lines.next().unwrap().unwrap(), "got it");
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let all = ledger(&site);
    assert_eq!(of_type(&all, "predicate:run:")[1]["predicate"]["result"], "failed");
}

#[test]
fn one_that_is_killed_with_us_is_recorded_as_interrupted_and_attests_nothing() {
    let site = plain();
    let script = "mkdir -p dist; echo half > dist/app; echo ready; exec sleep 600";
    let mut command = site.command(&["attest", "--output", "dist/app", "--", "sh", "-c", script]);
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let group = format!("-{}", child.id());
    assert!(std::process::Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    child.wait().unwrap();
    assert!(site.proofhouse(&["ledger", "show"]).expect(0).err.contains("interrupted"));
    let all = ledger(&site);
    let runs = of_type(&all, "predicate:run:");
    assert_eq!((runs.len(), all.len()), (2, 2));
    assert_eq!(runs[1]["predicate"]["result"], "interrupted");
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn the_command_does_not_get_our_own_secrets() {
    let site = plain();
    let mut command = site.command(&["attest", "--no-identity", "--", "env"]);
    command.env("PROOFHOUSE_PASSPHRASE", "long enough to be one").env("PROOFHOUSE_IDENTITY_TOKEN", "x.y.z");
    let told = Answer::of(command.env("OTHER", "stays").output().unwrap()).expect(0);
    assert!(told.out.contains("OTHER=stays") && told.out.contains("PROOFHOUSE_HOME="), "{}", told.out);
    assert!(!told.out.contains("PASSPHRASE") && !told.out.contains("x.y.z"), "{}", told.out);
}

#[test]
fn any_statement_can_be_made_about_the_outputs_but_none_that_is_only_ours() {
    let site = plain();
    let make = "mkdir -p dist; date +%N > dist/app; cp review.json dist/review.json";
    let attest = |kind: &str| {
        let options = ["attest", "--output", "dist/app", "--predicate-type", kind];
        site.proofhouse(
            &[options.as_slice(), &["--predicate", "dist/review.json", "--", "sh", "-c", make]].concat(),
        )
    };
    site.write("review.json", r#"{"reviewer": "ada", "nested": [1, 2.5, null, {"any": "thing"}]}"#);
    attest("https://example.com/review/v7").expect(0);
    let all = ledger(&site);
    let [review] = of_type(&all, "example.com/review")[..] else { panic!("one review") };
    assert_eq!(review["subject"][0]["name"], "dist/app");
    assert_eq!(review["predicate"]["nested"][3]["any"], "thing");

    let provenance = "https://slsa.dev/provenance/v1";
    for kind in
        [provenance, "https://slsa.dev/verification_summary/v1", "urn:proofhouse:predicate:scan:v1", "x"]
    {
        assert!(attest(kind).expect(2).err.contains("attest-predicate-type"), "{kind}");
    }
    assert_eq!(ledger(&site).len(), all.len(), "the command was not even run");
    let test = "https://in-toto.io/attestation/test-result/v0.1";
    for (predicate, why) in [
        (r#"{"proofhouse": {"run": "01a206a8-8deb-7299-badb-aeeed195938e"}}"#, "part of a run"),
        (r#"{"a": 1, "a": 2}"#, "there twice"),
        ("[]", "not a JSON object"),
        ("{", "EOF"),
    ] {
        site.write("review.json", predicate);
        let told = attest(test).expect(1);
        assert!(told.err.contains(why), "{predicate}: {}", told.err);
    }
    assert!(of_type(&ledger(&site), "test-result").is_empty());
}

const GATED: &str = "version: 1
project: app
steps:
  build: { kind: build, run: 'mkdir -p dist && echo made > dist/app', outputs: [dist/app] }
gate:
  expect: [provenance]
environments:
  staging: { driver: host, artifact: dist/app, run: [./app], port: 18099 }
";

#[test]
fn no_gate_takes_a_wrapped_command_for_an_isolated_run() {
    let site = plain();
    site.write("proofhouse.yaml", GATED);
    site.commit("Configured");
    let attest = ["attest", "--name", "build", "--output", "dist/app", "--format", "json", "--"];
    let made = ["sh", "-c", "mkdir -p dist && echo made > dist/app"];
    let told = site.proofhouse(&[attest.as_slice(), &made].concat()).expect(0).json();
    assert_eq!(told["project"], "app");
    let unnamed = site.proofhouse(&["gate", "explain", "staging"]).expect(1);
    assert!(unnamed.err.contains("run-missing"), "it is never chosen by itself: {}", unnamed.err);
    let denied =
        site.proofhouse(&["deploy", "staging", "--run", told["run"].as_str().unwrap()]).expect(1).text();
    assert!(denied.contains("build-not-isolated") && denied.contains("denied"), "{denied}");
    // The same bytes, built in the sandbox: the gate sees that build, whatever was said of them before or after.
    site.proofhouse(&["run"]).expect(0);
    let again = format!("touch -d 2001-01-01 dist/app; {}", made[2]);
    site.proofhouse(&[attest.as_slice(), &["sh", "-c", &again]].concat()).expect(0);
    let explained = site.proofhouse(&["gate", "explain", "staging", "--format", "json"]).json();
    let isolation = explained["evidence"]["build"]["isolation"].as_str().unwrap();
    assert!(["root", "rootless"].contains(&isolation), "{explained}");
    let rules = explained["verdict"]["rules"].as_array().unwrap();
    let isolated = rules.iter().find(|rule| rule["rule"] == "build-isolated").unwrap();
    assert_eq!(isolated["outcome"], "pass", "{isolated}");
}
