//! Given a test step that names a report of test coverage, when it ran, then lines and branches are evidence: in the
//! run, and in the release review beside those of what is deployed.

use std::fs;

use serde_json::{Value, json};

use crate::support::Site;

/// A tracefile of one file with ten lines and four branches, of which so many are run.
fn measured(lines: usize, branches: usize) -> String {
    let line = |n: usize| format!("DA:{},{}\n", n + 1, usize::from(n < lines));
    let branch = |n: usize| format!("BRDA:1,0,{n},{}\n", usize::from(n < branches));
    let rows: String = (0..10).map(line).chain((0..4).map(branch)).collect();
    format!("SF:bookshelf/store.py\n{rows}end_of_record\n")
}

/// The example, with a further test step that gives the report which lies in its source.
fn site(format: &str) -> Site {
    let site = Site::bookshelf();
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let step = format!(
        "steps:\n  measured:\n    kind: test\n    run: [cp, given.txt, measured.txt]\n    inputs: [given.txt]\n    \
         coverage: {{ format: {format}, path: measured.txt }}\n\n"
    );
    site.write("proofhouse.yaml", config.replacen("steps:\n", &step, 1));
    site
}

fn run(site: &Site, report: &str, code: i32) -> String {
    site.write("given.txt", report);
    site.commit("Measured");
    site.proofhouse(&["run"]).expect(code).err
}

fn review(site: &Site) -> Value {
    site.proofhouse(&["release", "review", "make", "staging", "--format", "json"]).expect(0).json()
}

#[test]
fn what_tests_run_is_evidence_and_compared_with_what_is_deployed() {
    let site = site("lcov");
    run(&site, &measured(8, 4), 0);
    let first = review(&site);
    let document = &first["document"];
    assert_eq!(document["testCoverage"], json!({ "known": 80 }));
    let now = json!({ "files": 1, "lines": { "covered": 8, "total": 10 }, "branches": { "covered": 4, "total": 4 } });
    assert_eq!(document["coverage"]["now"], now);
    assert!(document["coverage"]["before"]["unknown"].is_string(), "nothing is deployed yet");
    assert!(!document["unknown"].to_string().contains("how much of the code"), "{}", document["unknown"]);
    site.proofhouse(&["deploy", "staging"]).expect(0);

    run(&site, &measured(5, 1), 0);
    let second = review(&site);
    assert_eq!(second["document"]["coverage"]["before"], json!({ "known": now }));
    let summary = second["document"]["summary"].to_string();
    let told = "The tests run 50 % of the lines of its code and 25 % of its branches; those of what is deployed now run 80 %.";
    assert!(summary.contains(told), "{summary}");
    let markdown = site.proofhouse(&["release", "review", "show", "staging", "--markdown"]).expect(0).out;
    let row = "| lines that the tests run | 50 % (5 of 10) | deployed now: 80 % (8 of 10) |";
    assert!(markdown.contains(row), "{markdown}");
    let pdf = site.path().join("review.pdf");
    site.proofhouse(&["release", "review", "pdf", "staging", "--to", pdf.to_str().unwrap()]).expect(0);
    assert!(fs::read(&pdf).unwrap().starts_with(b"%PDF-"));
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn a_report_that_measured_nothing_or_is_of_another_format_fails_the_step() {
    for (format, report, why) in [
        ("lcov", "SF:a\nend_of_record\n", "it names no line that can be run"),
        ("cobertura", "SF:a\nDA:1,1\nend_of_record\n", "it names no line that can be run"),
        (
            "cobertura",
            "<!DOCTYPE c [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><c>&a;</c>",
            "its own document type",
        ),
    ] {
        let site = site(format);
        let told = run(&site, report, 1);
        assert!(told.contains("coverage-unusable") && told.contains(why), "{told}");
    }
}
