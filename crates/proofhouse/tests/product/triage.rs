//! Given findings that somebody judged, when others look, then they see who said what and why; and the
//! ledger has all of it.

use serde_json::{Value, json};

use crate::support::Site;

/// A site with two findings of an imported report, and their ids.
fn site() -> (Site, Vec<String>) {
    let site = Site::new();
    let result = |line: u64| {
        let text = format!("run({line});");
        json!({"ruleId": "R1", "level": "error", "message": {"text": "shell"}, "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": "a.c"}, "region": {"startLine": line, "snippet": {"text": text}}}}]})
    };
    let report = json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "looker", "version": "1"}},
        "results": [result(1), result(2)]}]});
    site.write("report.sarif", report.to_string());
    site.write("proofhouse.yaml", "version: 1\nproject: x\nsteps:\n  a: { kind: test, run: 'true' }\n");
    site.commit("A report");
    site.proofhouse(&["import", "report.sarif"]).expect(0);
    let ids = list(&site, &[]).iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    (site, ids)
}

fn list(site: &Site, more: &[&str]) -> Vec<Value> {
    let arguments: Vec<&str> = ["findings", "--format", "json"].iter().chain(more).copied().collect();
    site.proofhouse(&arguments).expect(0).json().as_array().unwrap().clone()
}

#[test]
fn a_judgement_is_recorded_shown_and_taken_back() {
    let (site, ids) = site();
    let id = &ids[0][..12];
    let reason = "the argument is a constant";
    let triage = |state| ["findings", "triage", id, "--as", state, "--reason", reason];
    site.proofhouse(&triage("false-positive")).expect(0);
    site.proofhouse(&["findings", "assign", id, "bob"]).expect(0);
    site.proofhouse(&["findings", "comment", id, "see the design\u{1b}[2J"]).expect(0);
    let judged = list(&site, &["--triage", "false-positive"]);
    assert_eq!(judged.len(), 1);
    assert_eq!((&judged[0]["id"], &judged[0]["assignee"]), (&json!(ids[0]), &json!("bob")));
    assert_eq!(list(&site, &["--triage", "none"])[0]["id"], json!(ids[1]));
    assert!(
        site.proofhouse(&["findings", "--assignee", "bob"])
            .expect(0)
            .out
            .contains("false-positive, with bob")
    );
    let repeats = ["findings", "triage", &ids[1], "--as", "duplicate-of", "--of", id, "--reason", reason];
    site.proofhouse(&repeats).expect(0);
    site.proofhouse(&triage("none")).expect(0);
    assert!(list(&site, &["--triage", "false-positive"]).is_empty());
    // The ledger has all of it, and the tables follow from the ledger.
    site.proofhouse(&["ledger", "verify"]).expect(0);
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    assert_eq!(list(&site, &["--triage", "duplicate-of"]).len(), 1);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn what_cannot_be_believed_is_not_recorded() {
    let (site, ids) = site();
    let id = ids[0].as_str();
    let before = site.proofhouse(&["ledger", "show"]).expect(0).out;
    let reason = "the argument is a constant";
    let long = "x".repeat(10_001);
    for (arguments, code) in [
        (vec!["triage", id, "--as", "confirmed", "--reason", "  because "], "triage-unusable"),
        (vec!["triage", id, "--as", "duplicate-of", "--reason", reason], "triage-unusable"),
        (vec!["triage", id, "--as", "duplicate-of", "--of", id, "--reason", reason], "triage-unusable"),
        (vec!["triage", id, "--as", "confirmed", "--of", &ids[1], "--reason", reason], "triage-unusable"),
        (vec!["triage", id, "--as", "fine", "--reason", reason], "it is one of"),
        (vec!["triage", "00000000", "--as", "confirmed", "--reason", reason], "finding-unknown"),
        (vec!["assign", id, "bob\nann"], "triage-unusable"),
        (vec!["comment", id, "   "], "triage-unusable"),
        (vec!["comment", id, &long], "triage-unusable"),
        (vec!["comment", id, "hello", "--project", "y"], "finding-unknown"),
    ] {
        let all: Vec<&str> = ["findings"].into_iter().chain(arguments.iter().copied()).collect();
        let told = site.proofhouse(&all).expect(2).err;
        assert!(told.contains(code), "{all:?}: {told}");
    }
    assert_eq!(site.proofhouse(&["ledger", "show"]).expect(0).out, before, "nothing was recorded");
}
