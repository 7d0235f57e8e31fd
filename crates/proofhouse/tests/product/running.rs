//! Given a repository, when run, then this evidence.

use std::fs;

use crate::support::Site;

#[test]
fn a_run_builds_tests_scans_signs_and_records_and_the_next_one_is_cached() {
    let site = Site::bookshelf();
    let first = site.proofhouse(&["run"]).expect(0);
    assert!(first.err.contains("test passed in") && first.err.contains("build passed in"), "{}", first.err);
    assert!(first.err.contains("isolated ("), "{}", first.err);
    assert!(first.out.contains("dist/bookshelf.pyz sha256:"), "{}", first.out);

    site.git(&["add", "--all"]);
    site.git(&["commit", "--quiet", "-m", "Lock the tools"]);
    let second = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    let steps = second["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["cached"] == true), "{steps:?}");
    assert_eq!(second["dirty"], false);

    // Changing what only the test sees runs only the test again.
    site.write("tests/test_more.py", "import unittest\n");
    let third = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    let cached = |name: &str| {
        third["steps"].as_array().unwrap().iter().find(|s| s["name"] == name).unwrap()["cached"].clone()
    };
    assert_eq!((cached("build"), cached("test")), (true.into(), false.into()));
    assert_eq!(third["dirty"], true);

    let kinds = site.proofhouse(&["ledger", "show", "--most", "100"]).expect(0).out;
    for kind in
        ["slsa.dev/provenance/v1", "cyclonedx.org/bom", "test-result", "runtime-trace", "scan:v1", "run:v1"]
    {
        assert!(kinds.contains(kind), "no {kind} in\n{kinds}");
    }
    let intact = site.proofhouse(&["ledger", "verify"]).expect(0).out;
    assert!(intact.contains("intact"), "{intact}");
}

#[test]
fn findings_are_new_then_existing_then_fixed_then_reopened() {
    let site = Site::bookshelf();
    let status = |wanted: &str| {
        let arguments = ["findings", "--status", wanted, "--technique", "sast", "--format", "json"];
        site.proofhouse(&arguments).expect(0).json().as_array().unwrap().len()
    };
    site.proofhouse(&["run"]).expect(0);
    let found = status("new");
    assert!(found >= 2, "the seeded weaknesses are found");

    let store = site.project().join("bookshelf/store.py");
    let weak = fs::read_to_string(&store).unwrap();
    // Lines move and indentation stays: the identity stays too.
    fs::write(&store, format!("# moved\n# down\n{weak}")).unwrap();
    site.proofhouse(&["run"]).expect(0);
    assert_eq!((status("new"), status("existing")), (0, found));

    let start = weak.find("        query = ").unwrap();
    let end = weak.find("        return db.execute(query)").unwrap();
    let fixed = weak.replace(&weak[start..end], "").replace(
        "db.execute(query).fetchall()",
        "db.execute(\"select id, title, author, borrower from book where title like ?\", (f\"%{words}%\",)).fetchall()",
    );
    fs::write(&store, fixed).unwrap();
    site.proofhouse(&["run"]).expect(0);
    assert_eq!((status("fixed"), status("existing")), (1, found - 1));

    fs::write(&store, weak).unwrap();
    site.proofhouse(&["run"]).expect(0);
    assert_eq!((status("reopened"), status("fixed")), (1, 0));
}

#[test]
fn a_failing_step_fails_the_run_skips_what_needs_it_and_is_recorded() {
    let site = Site::new();
    site.write(
        "proofhouse.yaml",
        "version: 1\nproject: failing\nsteps:\n  \
         good: { kind: build, run: echo fine > out, outputs: [out] }\n  \
         bad: { kind: test, run: 'echo why; exit 7' }\n  \
         after: { kind: package, run: 'true', needs: [bad], outputs: [never] }\n  \
         missing: { kind: build, run: 'true', outputs: [nothing] }\n",
    );
    site.commit("Failing");
    let run = site.proofhouse(&["run", "--format", "json"]).expect(1).json();
    let step =
        |name: &str| run["steps"].as_array().unwrap().iter().find(|s| s["name"] == name).unwrap().clone();
    assert_eq!(step("good")["result"], "passed");
    assert_eq!((step("bad")["result"].clone(), step("bad")["exitCode"].clone()), ("failed".into(), 7.into()));
    assert_eq!(step("after")["result"], "skipped");
    assert!(step("missing")["message"].as_str().unwrap().contains("nothing"), "{}", step("missing"));
    assert_eq!(run["result"], "failed");
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn a_changed_tool_stops_the_run_until_the_change_is_accepted() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let lock = site.project().join("proofhouse.lock");
    let text = fs::read_to_string(&lock).unwrap();
    let digest = text.lines().find(|line| line.starts_with("sha256")).unwrap().to_owned();
    fs::write(&lock, text.replace(&digest, &format!("sha256 = \"{}\"", "0".repeat(64)))).unwrap();
    let stopped = site.proofhouse(&["run"]).expect(4);
    assert!(stopped.err.contains("tool-") && stopped.err.contains("python"), "{}", stopped.err);
    site.proofhouse(&["run", "--update-lock"]).expect(0);
    assert_eq!(fs::read_to_string(&lock).unwrap(), text);
}

#[test]
fn a_secret_is_given_to_its_step_masked_in_the_log_and_its_absence_is_told() {
    let site = Site::new();
    site.write(
        "proofhouse.yaml",
        "version: 1\nproject: secretive\nsteps:\n  use: { kind: build, secrets: [TOKEN], cache: false, \
         run: 'test -n \"$TOKEN\"; echo length ${#TOKEN} > out', outputs: [out] }\n",
    );
    site.commit("Secretive");
    let missing = site.proofhouse(&["run"]).expect(1);
    assert!(missing.text().contains("secret TOKEN has no value"), "{}", missing.text());
    let mut command = site.command(&["run"]);
    let output = command.env("PROOFHOUSE_SECRET_TOKEN", "correct-horse-battery").output().unwrap();
    let given = crate::support::Answer::of(output).expect(0);
    assert!(!given.text().contains("correct-horse-battery"));
    // A step that prints it fails, and the log does not show it.
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    site.write("proofhouse.yaml", config.replace("test -n \"$TOKEN\";", "echo \"it is $TOKEN\";"));
    let mut command = site.command(&["run"]);
    let output = command.env("PROOFHOUSE_SECRET_TOKEN", "correct-horse-battery").output().unwrap();
    let leaked = crate::support::Answer::of(output).expect(1);
    assert!(!leaked.text().contains("correct-horse-battery"), "{}", leaked.text());
}

#[test]
fn two_runs_at_once_both_finish_and_both_are_recorded() {
    let site = Site::bookshelf();
    let children: Vec<_> = (0..2)
        .map(|_| {
            site.command(&["run", "--format", "json", "--quiet"])
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        crate::support::Answer::of(child.wait_with_output().unwrap()).expect(0);
    }
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn the_first_interrupt_ends_the_steps_and_the_run_is_recorded() {
    use std::{
        io::{BufRead, BufReader},
        os::unix::process::CommandExt,
        process::Stdio,
    };
    let site = Site::new();
    site.write(
        "proofhouse.yaml",
        "version: 1\nproject: slow\nsteps:\n  wait:\n    kind: test\n    run: echo waiting; sleep 60\n",
    );
    site.commit("Slow");
    let mut command = site.command(&["run"]);
    // As a terminal does it: the signal goes to everything in the group.
    let mut child = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("| waiting")));
    let group = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGINT).unwrap();
    let rest: Vec<String> = lines.collect();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(1), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("signed and recorded")), "{rest:?}");
    let next = site.proofhouse(&["findings"]).expect(0);
    assert!(!next.err.contains("interrupted"), "{}", next.err);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}
