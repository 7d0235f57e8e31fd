//! Gates, deployments, roll-backs, reversals, as the operator of an environment sees them.

use std::fs;

use crate::support::{Site, free_port, get};

fn port(site: &Site, environment: &str) -> u16 {
    let text = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let after = text.split(&format!("  {environment}:\n")).nth(1).unwrap();
    let line = after.lines().find(|line| line.trim_start().starts_with("port:")).unwrap();
    line.split(':').nth(1).unwrap().trim().parse().unwrap()
}

#[test]
fn staging_lets_the_seeded_weaknesses_in_with_a_warning_and_production_blocks_them() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let staging = site.proofhouse(&["deploy", "staging"]).expect(0);
    assert!(staging.err.contains("warn"), "{}", staging.err);
    assert!(staging.err.contains("critical: SQL injection at GET /search"), "{}", staging.err);
    assert!(get(port(&site, "staging"), "/").unwrap().contains("The Sea Around Us"));

    let production = site.proofhouse(&["deploy", "production", "--format", "json"]).expect(1).json();
    assert_eq!(production["result"], "denied");
    assert!(get(port(&site, "production"), "/").is_none(), "nothing was started");

    let explained = site.proofhouse(&["gate", "explain", "production"]).expect(1).out;
    assert!(explained.contains("deny") && explained.contains("finding-critical"), "{explained}");
    assert!(explained.contains("bookshelf/store.py:44"), "file and line are told: {explained}");

    let status = site.proofhouse(&["env", "status", "--format", "json"]).expect(0).json();
    assert_eq!(status[0]["running"]["gave_up"], false);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn a_release_that_is_not_healthy_is_rolled_back_to_the_one_before() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
    let server = site.project().join("bookshelf/server.py");
    let good = fs::read_to_string(&server).unwrap();
    let sick = good.replace(
        "\"200 OK\", \"text/plain\", \"well\"",
        "\"500 Internal Server Error\", \"text/plain\", \"sick\"",
    );
    assert_ne!(good, sick);
    fs::write(&server, sick).unwrap();
    // The tests notice too; what matters here is the deployment.
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    // The sick release comes with another port; the one before is asked at its own.
    let (old, new) = (port(&site, "staging"), free_port());
    let config = config.replace("timeout: 30s", "timeout: 3s");
    let moved = config.replace(&format!("port: {old}"), &format!("port: {new}"));
    assert_ne!(config, moved);
    fs::write(site.project().join("proofhouse.yaml"), moved).unwrap();
    let tests = site.project().join("tests/test_bookshelf.py");
    fs::write(
        &tests,
        fs::read_to_string(&tests)
            .unwrap()
            .replace("(\"200 OK\", \"well\")", "(\"500 Internal Server Error\", \"sick\")"),
    )
    .unwrap();
    site.proofhouse(&["run"]).expect(0);
    let failed = site.proofhouse(&["deploy", "staging", "--format", "json"]).expect(1).json();
    assert_eq!(failed["result"], "rolled-back", "{failed}");
    assert_eq!(get(old, "/health").unwrap(), "well", "the release before is back");
    let stages = failed["stages"].as_array().unwrap();
    let health = stages.iter().find(|stage| stage["name"] == "rollback-health").unwrap();
    assert_eq!(health["ok"], true, "{health}");
}

#[test]
fn a_critical_dynamic_result_reverses_the_deployment() {
    let site = Site::bookshelf();
    let config = site.project().join("proofhouse.yaml");
    fs::write(
        &config,
        fs::read_to_string(&config).unwrap().replace("reverse-at: never", "reverse-at: critical"),
    )
    .unwrap();
    site.commit("Strict staging");
    site.proofhouse(&["run"]).expect(0);
    let reversed = site.proofhouse(&["deploy", "staging", "--format", "json"]).expect(1).json();
    assert_eq!(reversed["result"], "reversed", "{reversed}");
    assert!(get(port(&site, "staging"), "/health").is_none(), "there was no release before, so nothing runs");
}

#[test]
fn a_release_that_was_changed_on_the_target_is_named_and_brought_anew() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
    let release = site.environment("staging").join("current").canonicalize().unwrap();
    let artifact = release.join("bookshelf.pyz");
    let mut bytes = fs::read(&artifact).unwrap();
    bytes.push(b'x');
    fs::remove_file(&artifact).unwrap();
    fs::write(&artifact, bytes).unwrap();
    let mended = site.proofhouse(&["deploy", "staging", "--format", "json"]).expect(0).json();
    let stages = mended["stages"].as_array().unwrap();
    let transfer = stages.iter().find(|stage| stage["name"] == "transfer").unwrap();
    assert!(transfer["detail"].as_str().unwrap().contains("was changed on the target"), "{transfer}");
    assert_eq!(get(port(&site, "staging"), "/health").unwrap(), "well");
    assert_ne!(fs::read(&artifact).unwrap().last(), Some(&b'x'));
}

#[test]
fn the_application_runs_as_nobody_in_particular_and_comes_back_when_it_dies() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
    let pid = || {
        let status = site.proofhouse(&["env", "status", "--format", "json"]).expect(0).json();
        status[0]["running"]["pid"].as_u64()
    };
    let first = pid().unwrap();
    let status = fs::read_to_string(format!("/proc/{first}/status")).unwrap();
    let line = |name: &str| status.lines().find(|l| l.starts_with(name)).unwrap().to_owned();
    assert!(!line("Uid:").split_whitespace().any(|word| word == "0"), "{}", line("Uid:"));
    assert!(line("NoNewPrivs:").ends_with('1'));
    assert!(line("CapEff:").ends_with("0000000000000000"));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(first as i32), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    let again = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        pid().filter(|pid| *pid != first)
    });
    assert!(again.is_some(), "the supervisor starts it again");
}

#[test]
fn an_exception_lets_a_finding_pass_until_it_ends_and_says_who_accepted_it() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let denials = |text: &str| {
        text.lines().filter(|line| line.trim_start().starts_with("deny ") && line.contains('[')).count()
    };
    let before = site.proofhouse(&["gate", "explain", "production"]).expect(1).out;
    let findings = site.proofhouse(&["findings", "--technique", "sast", "--format", "json"]).expect(0).json();
    for finding in findings.as_array().unwrap() {
        let id = finding["id"].as_str().unwrap();
        let arguments =
            ["gate", "except", &id[..12], "--reason", "only reachable from the office", "--until", "30d"];
        site.proofhouse(&arguments).expect(0);
    }
    let after = site.proofhouse(&["gate", "explain", "production"]).expect(1).out;
    assert!(denials(&after) < denials(&before), "{after}");
    assert!(after.contains("accepted by"), "{after}");
    for (arguments, code) in [
        (["gate", "except", "no-secrets", "--reason", "short", "--until", "30d"], "reason-too-short"),
        (
            ["gate", "except", "no-secrets", "--reason", "a good long reason", "--until", "2001-01-01"],
            "until-unusable",
        ),
        (["gate", "except", "zzz", "--reason", "a good long reason", "--until", "30d"], "finding-unknown"),
    ] {
        let refused = site.proofhouse(&arguments).expect(2);
        assert!(refused.err.contains(code), "{}", refused.err);
    }
}

#[test]
fn the_gate_of_the_run_decides_not_a_later_edit() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let config = site.project().join("proofhouse.yaml");
    fs::write(
        &config,
        fs::read_to_string(&config).unwrap().replace(
            "dast: { openapi: openapi.json, reverse-at: critical }",
            "gate: { block: never, block-secrets: false }",
        ),
    )
    .unwrap();
    let refused = site.proofhouse(&["deploy", "production"]).expect(2);
    assert!(refused.err.contains("config-changed"), "{}", refused.err);
}

#[test]
fn a_scan_that_had_no_data_to_compare_with_does_not_count_as_passed() {
    let site = Site::bookshelf();
    fs::remove_dir_all(site.home().join("feeds")).unwrap();
    site.proofhouse(&["run"]).expect(0);
    let denied = site.proofhouse(&["deploy", "staging"]).expect(1);
    assert!(denied.out.contains("evidence-incomplete"), "{}", denied.out);
    assert!(denied.out.contains("feeds import"), "the next step is told: {}", denied.out);
}

#[test]
fn the_newest_run_is_that_of_the_folders_commit_not_of_another_folder() {
    let site = Site::bookshelf();
    let run = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    let other = site.path().join("other");
    site.git(&["clone", "--quiet", ".", other.to_str().unwrap()]);
    fs::write(other.join("README.md"), "Another source").unwrap();
    let other = other.to_str().unwrap();
    site.git(&["-C", other, "commit", "--quiet", "--all", "-m", "Another source"]);
    let newer = site.proofhouse(&["-C", other, "run", "--format", "json"]).expect(0).json();
    let deployed = site.proofhouse(&["deploy", "staging", "--format", "json"]).expect(0).json();
    assert_eq!(deployed["run"], run["run"], "not the newer one of the other folder");

    site.git(&["commit", "--quiet", "--allow-empty", "-m", "Nothing ran yet"]);
    let refused = site.proofhouse(&["deploy", "staging"]).expect(2).err;
    let newer = newer["run"].as_str().unwrap();
    assert!(refused.contains("run-of-another-commit") && refused.contains(newer), "{refused}");
    site.proofhouse(&["deploy", "staging", "--run", newer]).expect(0);
}
