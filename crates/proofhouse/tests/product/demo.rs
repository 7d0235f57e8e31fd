//! Given nothing but the binary, when the demo of an organisation has been played, then there is a ledger with
//! everything that an organisation leaves behind, and it verifies.
//!
//! `docs/evidence/controls.md` is made from it: `PROOFHOUSE_WRITE_EVIDENCE=1 cargo test -p proofhouse --test product
//! demo::` rewrites it; without the variable its controls and their status are compared.

use std::{collections::BTreeSet, fs, path::Path};

use crate::played::played;

#[test]
fn an_organisation_is_played_with_real_commands_and_its_ledger_verifies() {
    let played = played();
    let (site, shown) = (&played.site, &played.shown);
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
        "release-export",
        "release-review",
        "reproduction",
        "review",
        "review-answer",
        "run",
        "sbom",
        "scan",
        "technologies",
        "technology-assessment",
        "technology-review",
        "test",
        "trace",
        "triage",
    ] {
        assert!(shown["statements"][kind].as_u64() > Some(0), "no statement of the kind {kind}: {shown}");
    }

    let home = played.home();
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

    let controls = ask(&["controls", "--export", "markdown"]).expect(0).out;
    compare_with_evidence(&controls);

    // Whoever played is gone again, and with them what they started.
    let till = played.projects().join("till");
    let status = ask(&["env", "status", "-C", till.to_str().unwrap(), "--format", "json"]).expect(0).json();
    for environment in status.as_array().unwrap() {
        assert!(environment["running"]["pid"].is_null(), "{environment}");
        assert!(!environment["active"].is_null(), "{environment}");
    }
}

const HEAD: &str = "# Controls, as an invented organisation meets them\n\n`proofhouse demo --organisation` plays a \
    mail-order house with thirteen projects; this is what `proofhouse controls --export markdown` then says of it. What \
    is missing is missing there on purpose, as in any organisation, or because Proofhouse cannot show it yet. Made by\n\n\
    ```\nPROOFHOUSE_WRITE_EVIDENCE=1 cargo test -p proofhouse --test product demo::\n```\n";

/// Writes the committed document when told to, and compares what it says about each control.
fn compare_with_evidence(controls: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/evidence/controls.md");
    if std::env::var_os("PROOFHOUSE_WRITE_EVIDENCE").is_some() {
        fs::write(&path, controls.replacen("# Controls\n", HEAD, 1)).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(statuses(&committed).len() > 40, "{committed}");
    assert_eq!(statuses(&committed), statuses(controls), "run this test with PROOFHOUSE_WRITE_EVIDENCE=1");
}

/// Id and status of each control: the only words of a table's row that are the same on every machine.
fn statuses(document: &str) -> Vec<(&str, &str)> {
    let rows = document.lines().filter(|line| line.starts_with("| "));
    rows.filter_map(|row| {
        let mut cells = row.split(" | ");
        let id = cells.next()?.trim_start_matches("| ");
        let status = cells.find(|cell| ["met", "partly met", "not met", "no data"].contains(cell))?;
        Some((id, status))
    })
    .collect()
}
