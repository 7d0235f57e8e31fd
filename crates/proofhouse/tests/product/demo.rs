//! Given nothing but the binary, when the demo of an organisation has been played, then there is a ledger with
//! everything that an organisation leaves behind, and it verifies.

use std::collections::BTreeSet;

use crate::support::Site;

#[test]
fn an_organisation_is_played_with_real_commands_and_its_ledger_verifies() {
    let site = Site::new();
    let folder = site.path().join("demo");
    let folder = folder.to_str().unwrap();
    let played = site.proofhouse(&[
        "demo",
        "--organisation",
        "--no-serve",
        "--quiet",
        "--format",
        "json",
        "--home",
        folder,
    ]);
    let shown = played.expect(0).json();
    assert!(shown["projects"].as_array().unwrap().len() >= 12, "{shown}");
    for kind in [
        "access",
        "decision",
        "deployment",
        "exception",
        "feed",
        "manual-test",
        "organisation",
        "provenance",
        "receipt",
        "run",
        "sbom",
        "scan",
        "test",
        "trace",
    ] {
        assert!(shown["statements"][kind].as_u64() > Some(0), "no statement of the kind {kind}: {shown}");
    }

    let home = shown["home"].as_str().unwrap();
    let ask = |arguments: &[&str]| site.proofhouse(&[arguments, &["--home", home]].concat());
    ask(&["ledger", "verify"]).expect(0);
    let found = ask(&["findings", "--project", "*", "--most", "1000", "--format", "json"]).expect(0).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let rules: BTreeSet<String> = found.as_array().unwrap().iter().map(|one| text(&one["rule"])).collect();
    for language in
        ["go-", "java-", "javascript-", "python-", "rust-", "docker-", "gha-", "GHSA-", "RUSTSEC-"]
    {
        assert!(rules.iter().any(|rule| rule.starts_with(language)), "{language}: {rules:?}");
    }

    // Whoever played is gone again, and with them what they started.
    let till = format!("{}/till", shown["folder"].as_str().unwrap());
    let status = ask(&["env", "status", "-C", &till, "--format", "json"]).expect(0).json();
    for environment in status.as_array().unwrap() {
        assert!(environment["running"]["pid"].is_null(), "{environment}");
        assert!(!environment["active"].is_null(), "{environment}");
    }
}
