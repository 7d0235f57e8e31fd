//! What a command is given is checked before anything is recorded or signed.

use crate::support::Site;

const SARIF: &str =
    r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"looker","version":"1"}},"results":[]}]}"#;

fn ledger(site: &Site) -> String {
    site.proofhouse(&["ledger", "show"]).expect(0).out
}

#[test]
fn a_report_is_imported_for_a_project_and_commit_that_can_exist_only() {
    let site = Site::new();
    site.write("report.sarif", SARIF);
    site.commit("A report");
    let before = ledger(&site);
    for (option, value, code) in [
        ("--commit", "zzzz", "commit-unknown"),
        ("--commit", "--all", "commit-unknown"),
        ("--commit", "", "commit-unknown"),
        ("--project", "", "config-bad-name"),
        ("--project", "A B", "config-bad-name"),
    ] {
        let given = format!("{option}={value}");
        let told = site.proofhouse(&["import", "report.sarif", "--project", "x", &given]);
        let told =
            if option == "--project" { site.proofhouse(&["import", "report.sarif", &given]) } else { told };
        assert!(told.expect(2).err.contains(code), "{given}");
    }
    assert_eq!(ledger(&site), before, "nothing was recorded");
    for commit in ["HEAD", "main", &"0123456789".repeat(4), &"AB".repeat(32)] {
        site.proofhouse(&["import", "report.sarif", "--project", "x", "--commit", commit]).expect(0);
    }
    let unknown = site.proofhouse(&["findings", "--project", "nope"]).expect(2).err;
    assert!(unknown.contains("project-unknown") && unknown.contains("there are: x"), "{unknown}");
    site.proofhouse(&["findings", "--project", "x"]).expect(0);
}

#[test]
fn a_rule_that_knows_no_exceptions_gets_none() {
    let site = Site::new();
    site.write("proofhouse.yaml", "version: 1\nproject: x\nsteps:\n  a: { kind: test, run: 'true' }\n");
    let except = |rule| ["gate", "except", rule, "--reason", "nobody has time for this", "--until", "3d"];
    let told = site.proofhouse(&except("evidence-signed")).expect(2).err;
    assert!(told.contains("rule-not-exceptable"), "{told}");
    site.proofhouse(&except("no-secrets")).expect(0);
}

#[test]
fn a_feed_is_called_like_its_file_as_far_as_that_can_be_a_name() {
    let site = Site::new();
    let advisory = r#"{"id":"PYSEC-2022-205","modified":"2026-01-02T03:04:05Z","affected":[{"package":{"ecosystem":"PyPI","name":"left"},"versions":["1.0"]}]}"#;
    site.write("PYSEC-2022-205.json", advisory);
    site.write("Feed of März.json", advisory);
    assert!(
        site.proofhouse(&["feeds", "import", "PYSEC-2022-205.json"]).expect(0).out.contains("pysec-2022-205")
    );
    assert!(
        site.proofhouse(&["feeds", "import", "Feed of März.json"]).expect(0).out.contains("feed-of-m-rz")
    );
}

#[test]
fn a_token_lives_at_least_a_day_and_wrong_arguments_are_json_where_json_is_asked_for() {
    let site = Site::new();
    site.proofhouse(&["token", "create", "ci", "--days", "0"]).expect(2);
    site.proofhouse(&["token", "create", "ci", "--days", "4294967295"]).expect(2);
    let error = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&site.proofhouse(arguments).expect(2).err).unwrap()
    };
    let told = error(&["token", "create", "ci", "--days", "0", "--format", "json"]);
    assert_eq!(told["error"]["code"], "usage");
    assert!(told["error"]["message"].as_str().unwrap().contains("--days"), "{told}");
    let told = error(&["--format=json", "plam"]);
    assert!(told["error"]["hint"].as_str().unwrap().contains("plan"), "{told}");
    assert_eq!(error(&["--format", "json"])["error"]["code"], "usage");
    assert!(site.proofhouse(&["plam"]).expect(2).err.contains("Usage"), "as before for people");
    assert!(site.proofhouse(&["--help", "--format", "json"]).expect(0).out.contains("Usage"));
}

#[test]
fn the_options_of_a_command_come_before_those_of_every_command() {
    let site = Site::new();
    for command in [&["run"][..], &["trust", "rotate"], &["ledger", "monitor"]] {
        let told = site.proofhouse(&[command, &["--help"]].concat()).expect(0).out;
        let (own, shared) = told.split_once("Options of every command:").unwrap();
        assert!(shared.contains("--home <DIR>") && shared.contains("--signer <SOCKET>"), "{told}");
        assert!(!own.contains("--home <DIR>") && own.contains("--help"), "{told}");
    }
}

#[test]
fn what_cannot_be_meant_about_keys_and_old_content_is_told_with_what_was_expected() {
    let site = Site::new();
    let away = site.proofhouse(&["trust", "init", "--root-key", "nowhere/root.json"]).expect(3);
    assert!(away.err.contains("key-io") && away.err.contains("folder that is missing"), "{}", away.err);
    site.write("keys.json", r#"{"time":{"kind":"rfc3161","url":"https://tsa.example/"}}"#);
    let bare = site.proofhouse(&["trust", "init", "--keys", "keys.json"]).expect(2);
    assert!(bare.err.contains("`https://tsa.example/`") && bare.err.contains("`chain`"), "{}", bare.err);
    let when = site.proofhouse(&["trust", "rotate", "log", "--from", "tomorrow"]).expect(2);
    assert!(when.err.contains("2027-01-01T00:00:00Z"), "{}", when.err);
    site.proofhouse(&["trust", "init"]).expect(0);
    let asked = ["ledger", "retain", "--older-than", "3y", "--types", "scan,key,skan", "--dry-run"];
    let told = site.proofhouse(&asked).expect(0).err;
    assert!(told.contains("`skan`") && told.contains("`scan`") && !told.contains("`key`"), "{told}");
    let nowhere = site.proofhouse(&["verify", "--deployment", "production"]).expect(1);
    assert!(nowhere.err.contains("verify-no-deployment"), "{}", nowhere.err);
}
