//! Other people's standards: levels that are said only when they hold, summaries and statements that foreign
//! tools read, and builds that are compared byte by byte.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    interop,
    support::{Answer, Site},
};

const PLATFORM: [&str; 2] = ["--platform", "https://ci.example.org/linux"];
const ARTIFACT: &str = "dist/bookshelf.pyz";

/// A bookshelf that ran on a build platform; the artifact as a file.
fn built() -> (Site, String) {
    let site = Site::bookshelf();
    site.proofhouse(&[&["run"][..], &PLATFORM].concat()).expect(0);
    let out = site.path().join("out");
    site.proofhouse(&["outputs", "--to", out.to_str().unwrap()]).expect(0);
    let file = out.join(ARTIFACT).to_string_lossy().into_owned();
    (site, file)
}

/// The statements in bundles, one a line.
fn statements(bundles: &str) -> Vec<Value> {
    let payload = |line: &str| {
        let bundle: Value = serde_json::from_str(line).unwrap();
        attest::Bundle::parse(bundle.to_string().as_bytes()).unwrap().content.statement().unwrap()
    };
    bundles.lines().map(|line| serde_json::to_value(payload(line)).unwrap()).collect()
}

/// Runs one of the programs in `interop/` on `input`; its lines.
fn foreign(program: &str, input: &str) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop").join(program);
    let mut child = Command::new(interop::folder().join("python/bin/python"))
        .arg(script)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn levels(site: &Site) -> (Vec<String>, String) {
    let told = site.proofhouse(&["gate", "explain", "staging", "--format", "json"]).expect(0).json();
    let text = |name: &str| {
        let list = told[name].as_array().unwrap().iter();
        list.map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    (text("levels"), text("levelsBecause").join("; "))
}

#[test]
fn build_level_3_takes_a_machine_that_its_operator_calls_a_build_platform() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let (names, because) = levels(&site);
    assert_eq!(names[0], "SLSA_BUILD_LEVEL_1", "somebody's workstation, for all that is known");
    assert!(because.contains("build platform"), "{because}");
    let refused = site.proofhouse(&["run", "--platform", "not a uri"]).expect(2);
    assert!(refused.err.contains("URI"), "{}", refused.err);

    site.proofhouse(&[&["run"][..], &PLATFORM].concat()).expect(0);
    let (names, because) = levels(&site);
    assert_eq!((names[0].as_str(), because.as_str()), ("SLSA_BUILD_LEVEL_3", ""));
}

#[test]
fn provenance_tells_every_parameter_the_locked_packages_and_no_secret_of_the_remote() {
    let site = Site::new();
    let config = "version: 1\nproject: tiny\nsteps:\n  build: { kind: build, outputs: [out/app], run: cp app out/app }\n";
    site.write("proofhouse.yaml", config);
    site.write("app", "app\n");
    site.write("requirements.txt", format!("waitress==2.1.1 --hash=sha256:{}\n", "ab".repeat(32)));
    site.commit("Tiny");
    site.git(&["remote", "add", "origin", "https://me:token@example.org/shop/tiny.git"]);
    site.proofhouse(&[&["run"][..], &PLATFORM].concat()).expect(0);
    let all = site.path().join("all");
    site.proofhouse(&["ledger", "export", all.to_str().unwrap()]).expect(0);
    let all = fs::read_to_string(all.join("ledger.jsonl")).unwrap();
    let kind = "https://slsa.dev/provenance/v1";
    let found = statements(&all).into_iter().find(|s| s["predicateType"] == kind).unwrap();
    let definition = &found["predicate"]["buildDefinition"];
    let external = &definition["externalParameters"];
    assert_eq!(external["claimedRepository"], "git+https://example.org/shop/tiny.git");
    assert_eq!(external["step"], "build");
    for name in
        ["source", "config", "command", "environment", "inputs", "tools", "network", "limits", "trigger"]
    {
        assert!(!external[name].is_null(), "{name}: {external}");
    }
    assert!(!found.to_string().contains("token"), "{found}");
    assert_eq!(definition["internalParameters"]["platform"], PLATFORM[1]);
    let dependencies = definition["resolvedDependencies"].as_array().unwrap();
    let package =
        dependencies.iter().find(|d| d["uri"].as_str().is_some_and(|uri| uri.starts_with("pkg:pypi/")));
    assert_eq!(package.unwrap()["annotations"]["urn:proofhouse:role"], "package");
    assert_eq!(package.unwrap()["digest"]["sha256"], "ab".repeat(32));
    let builder = found["predicate"]["runDetails"]["builder"]["id"].as_str().unwrap();
    let isolation = definition["internalParameters"]["isolation"].as_str().unwrap();
    assert_eq!(builder, format!("urn:proofhouse:builder:{isolation}"));

    // What was changed since the commit is not said to be the commit.
    site.write("app", "another\n");
    site.proofhouse(&["run"]).expect(0);
    let newest = site.path().join("newest");
    site.proofhouse(&["ledger", "export", newest.to_str().unwrap()]).expect(0);
    let newest = statements(&fs::read_to_string(newest.join("ledger.jsonl")).unwrap());
    let newest = newest.iter().rfind(|s| s["predicateType"] == kind).unwrap();
    let source = &newest["predicate"]["buildDefinition"]["externalParameters"]["source"]["digest"];
    assert!(source["sha256"].is_string() && source["gitCommit"].is_null(), "{source}");
}

#[test]
fn a_plain_summary_is_verified_by_in_toto_with_the_organisations_key() {
    let (site, file) = built();
    let ask = ["gate", "vsa", &file, "--environment", "staging"];
    assert!(site.proofhouse(&ask).expect(1).err.contains("decision-missing"));
    site.proofhouse(&["deploy", "staging"]).expect(0);
    site.proofhouse(&["deploy", "production"]).expect(1);

    let envelope = site.path().join("vsa.json");
    let to = [&ask[..], &["--to", envelope.to_str().unwrap()]].concat();
    site.proofhouse(&to).expect(0);
    let written: Value = serde_json::from_slice(&fs::read(&envelope).unwrap()).unwrap();
    let keys = site.proofhouse(&["trust", "key", "--format", "json"]).expect(0).json();
    assert_eq!(written["signatures"][0]["keyid"], keys[0]["keyid"]);
    assert_eq!(written["signatures"].as_array().unwrap().len(), 1);
    let pem = site.proofhouse(&["trust", "key"]).expect(0).out;
    assert_eq!(pem, keys[0]["pem"].as_str().unwrap());

    let question = |bundle: &Path, artifact: &str| {
        let name = &keys[0]["keyid"];
        json!({ "bundle": bundle, "artifact": artifact, "key": pem, "keyid": name })
    };
    let mut changed = written.clone();
    let payload = written["payload"].as_str().unwrap();
    changed["payload"] =
        Value::from(payload.replacen(&payload[40..41], if &payload[40..41] == "A" { "B" } else { "A" }, 1));
    let other = site.path().join("changed.json");
    fs::write(&other, changed.to_string()).unwrap();
    let config = site.project().join("proofhouse.yaml").to_string_lossy().into_owned();
    let asked = [question(&envelope, &file), question(&other, &file), question(&envelope, &config)];
    let asked: String = asked.iter().map(|question| format!("{question}\n")).collect();
    let verdicts: Vec<Value> =
        foreign("verify_intoto.py", &asked).iter().skip(1).map(|answer| answer["verdict"].clone()).collect();
    assert_eq!(verdicts, ["ok", "refused", "refused"]);

    let bundle = site.proofhouse(&[&ask[..], &["--bundle"]].concat()).expect(0).out;
    let said = &statements(&bundle)[0]["predicate"];
    assert_eq!(said["verificationResult"], "PASSED");
    assert_eq!(said["verifiedLevels"][0], "SLSA_BUILD_LEVEL_3");
    assert_eq!(said["resourceUri"], "urn:proofhouse:environment:bookshelf/staging");
    assert!(said["proofhouse"].is_null() && said["policy"]["uri"].is_string(), "{said}");
    let mut names: Vec<&String> = said.as_object().unwrap().keys().collect();
    names.sort();
    let fields = "inputAttestations policy resourceUri slsaVersion timeVerified verificationResult verifiedLevels verifier";
    assert_eq!(names, fields.split(' ').collect::<Vec<_>>(), "the fields of SLSA and no others");

    let denied = site.proofhouse(&["gate", "vsa", &file, "--environment", "production"]).expect(1);
    assert!(denied.err.contains("decision-denied"), "{}", denied.err);
    let foreign = [&ask[..], &["--project", "other"]].concat();
    assert!(site.proofhouse(&foreign).expect(1).err.contains("decision-missing"));
    // The copy is no decision: the one that counts is still the gate's own.
    site.proofhouse(&["verify", &file, "--environment", "staging"]).expect(0);
    site.proofhouse(&["verify", &file, "--environment", "production"]).expect(1);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn what_is_known_is_said_in_the_words_of_standards_that_others_parse() {
    let (site, file) = built();
    for (kind, code) in
        [("release", "release-missing"), ("svr", "decision-missing"), ("x", "standard-unknown")]
    {
        let refused = site.proofhouse(&["ledger", "statement", kind, &file]);
        assert!(refused.code != 0 && refused.err.contains(code), "{}", refused.err);
    }
    site.proofhouse(&["deploy", "staging"]).expect(0);
    let mut said = Vec::new();
    for kind in ["vulns", "release", "svr", "scai", "spdx", "openvex"] {
        let written = site.proofhouse(&["ledger", "statement", kind, &file]).expect(0).out;
        said.extend(statements(&written).into_iter().map(|statement| (kind, statement)));
    }
    let of = |kind: &str| &said.iter().find(|(k, _)| *k == kind).unwrap().1["predicate"];
    let found = &of("vulns")["scanner"]["result"][0];
    assert_eq!(found["id"], "CVE-2022-31015");
    assert_eq!(found["annotations"][0]["purl"], "pkg:pypi/waitress@2.1.1");
    assert_eq!(of("vulns")["scanner"]["db"]["lastUpdate"], "2022-06-14T20:37:51Z");
    assert!(of("release")["purl"].as_str().unwrap().starts_with("pkg:generic/bookshelf@"));
    let properties = of("svr")["properties"].as_array().unwrap();
    assert!(properties.contains(&"PROOFHOUSE_ADMITTED_STAGING".into()), "{properties:?}");
    assert!(properties.iter().all(|p| p != "PROOFHOUSE_RULE_FINDINGS_THRESHOLD"), "that one only warned");
    assert_eq!(of("openvex")["statements"][0]["status"], "under_investigation");
    assert_eq!(of("spdx")["packages"][1]["externalRefs"][0]["referenceLocator"], "pkg:pypi/waitress@2.1.1");

    let evidence = site.path().join("evidence.jsonl");
    let export = ["ledger", "export", evidence.to_str().unwrap(), "--artifact", &file];
    site.proofhouse(&export).expect(0);
    let verdicts = foreign("check_predicates.py", &fs::read_to_string(&evidence).unwrap());
    let verdict = |answer: &Value| answer["verdict"].as_str().unwrap().to_owned();
    assert!(verdicts.iter().all(|answer| verdict(answer) != "refused"), "{verdicts:#?}");
    for read in ["provenance/v1", "verification_summary", "scai", "test-result", "spdx.dev"] {
        let read =
            |answer: &&Value| answer["type"].as_str().unwrap().contains(read) && verdict(answer) == "ok";
        assert!(verdicts.iter().any(|answer| read(&answer)), "{verdicts:#?}");
    }
    let shown = site.proofhouse(&["verify", &file]).expect(0).out;
    for kind in ["vulns", "release", "svr", "scai", "spdx", "openvex"] {
        assert!(shown.contains(&format!("statement    {kind}")), "{shown}");
    }
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn an_accepted_risk_is_affected_with_its_reason_and_nothing_is_called_harmless() {
    let (site, file) = built();
    let findings = site.proofhouse(&["findings", "--technique", "sca", "--format", "json"]).expect(0).json();
    let id = findings.as_array().unwrap()[0]["id"].as_str().unwrap().to_owned();
    let reason = "Only administrators reach that parser";
    site.proofhouse(&["gate", "except", &id, "--reason", reason, "--until", "30d"]).expect(0);
    let written = site.proofhouse(&["ledger", "statement", "openvex", &file]).expect(0).out;
    let answer = &statements(&written)[0]["predicate"]["statements"][0];
    assert_eq!((&answer["status"], &answer["status_notes"]), (&"affected".into(), &reason.into()));
    assert!(answer["action_statement"].as_str().unwrap().contains("accepted"), "{answer}");
}

/// The same project in an installation of somebody else.
fn elsewhere(site: &Site, arguments: &[&str]) -> Answer {
    let mut command = site.command(arguments);
    command.env("PROOFHOUSE_HOME", site.path().join("elsewhere"));
    Answer::of(command.output().unwrap())
}

#[test]
fn a_build_is_reproduced_only_when_an_independent_installation_made_the_same_bytes() {
    let (site, file) = built();
    site.commit("Lock");
    site.proofhouse(&[&["run"][..], &PLATFORM].concat()).expect(0);
    let again =
        site.proofhouse(&["reproduce", PLATFORM[0], PLATFORM[1], "--format", "json"]).expect(0).json();
    assert_eq!((&again["reproduced"], &again["by"]["kind"]), (&true.into(), &"again".into()));
    let (names, _) = levels(&site);
    assert!(names.contains(&"PROOFHOUSE_BUILD_REPEATED".into()), "{names:?}");
    assert!(!names.contains(&"SLSA_BUILD_REPRODUCED".into()), "once more by ourselves is no witness");

    let path = |name: &str| site.path().join(name).to_string_lossy().into_owned();
    let (own, own_trust, theirs, their_trust) =
        (path("own"), path("own.json"), path("theirs"), path("theirs.json"));
    site.proofhouse(&["ledger", "export", &own, "--artifact", &file]).expect(0);
    fs::write(&own_trust, site.proofhouse(&["trust", "file"]).expect(0).out).unwrap();
    let refused = site.proofhouse(&["reproduce", "--with", &own, "--trust", &own_trust]).expect(2);
    assert!(refused.err.contains("reproduction-not-independent"), "{}", refused.err);

    elsewhere(&site, &["run"]).expect(0);
    elsewhere(&site, &["ledger", "export", &theirs, "--artifact", &file]).expect(0);
    fs::write(&their_trust, elsewhere(&site, &["trust", "file"]).expect(0).out).unwrap();
    let unproven = site.proofhouse(&["reproduce", "--with", &own, "--trust", &their_trust]);
    assert_ne!(unproven.code, 0, "ours, under their trust");
    let told = site.proofhouse(&["reproduce", "--with", &theirs, "--trust", &their_trust]).expect(0).out;
    assert!(told.contains("reproduced") && told.contains("another installation"), "{told}");
    let (names, _) = levels(&site);
    assert!(names.contains(&"SLSA_BUILD_REPRODUCED".into()), "{names:?}");

    site.proofhouse(&["deploy", "staging"]).expect(0);
    let summary =
        site.proofhouse(&["gate", "vsa", &file, "--environment", "staging", "--bundle"]).expect(0).out;
    let summary = &statements(&summary)[0]["predicate"];
    assert!(summary["verifiedLevels"].as_array().unwrap().contains(&"SLSA_BUILD_REPRODUCED".into()));
    let both = again["provenances"].as_array().unwrap();
    let inputs = summary["inputAttestations"].as_array().unwrap();
    for one in both {
        assert!(inputs.iter().any(|input| input["digest"] == one["digest"]), "{one}");
    }
    let shown = site.proofhouse(&["verify", &file]).expect(0).out;
    assert!(
        shown.contains("reproduced independently by") && shown.contains("reproduced again by"),
        "{shown}"
    );
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn a_build_that_differs_each_time_is_recorded_as_not_reproduced_with_the_files_named() {
    let site = Site::new();
    let config = "version: 1\nproject: tiny\nsteps:\n  build:\n    kind: build\n    outputs: [out/same, out/clock]\n    \
                  run: mkdir -p out && cp word out/same && date +%s.%N > out/clock\n";
    site.write("proofhouse.yaml", config);
    site.write("word", "word\n");
    site.commit("Tiny");
    site.proofhouse(&["run"]).expect(0);
    let result = site.proofhouse(&["reproduce", "--format", "json"]).expect(1).json();
    assert_eq!(result["reproduced"], false);
    assert_eq!(result["same"][0]["name"], "out/same");
    assert_eq!(result["differing"][0]["name"], "out/clock");
    assert_ne!(result["differing"][0]["first"], result["differing"][0]["second"]);

    let out = site.path().join("out");
    let run = result["run"].as_str().unwrap();
    site.proofhouse(&["outputs", "--run", run, "--to", out.to_str().unwrap()]).expect(0);
    let clock: PathBuf = out.join("out/clock");
    let shown = site.proofhouse(&["verify", clock.to_str().unwrap()]).expect(0).out;
    assert!(shown.contains("not reproduced") && shown.contains("out/clock"), "{shown}");

    site.write("word", "another\n");
    let changed = site.proofhouse(&["reproduce", "--run", run]).expect(2);
    assert!(changed.err.contains("reproduction-other-source"), "{}", changed.err);
}
