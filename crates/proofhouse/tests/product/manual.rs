//! Results of tests by people: imported in the form they come in, demanded by a gate, repeated, added to.

use std::fs;

use serde_json::Value;

use crate::support::Site;

const REPORT: &str = "# Penetration test of Bookshelf\n\nTester: Ann Example, Example Security\n\n## Scope\n\n- all routes\n\n\
    ## PT-1: Loans of others can be returned (Critical)\n\n**CWE:** CWE-639\n**Affected:** POST /return\n\n\
    ### Remediation\n\nCompare the borrower with the signed-in reader. <script>alert(1)</script>\n";

const RETEST: &str = "# Retest\n\nTester: Ann Example\nScope: all routes\nFindings: none\n";

/// The example with a gate that wants people to have tested in the last 90 days.
fn site() -> Site {
    let site = Site::bookshelf();
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let config = config
        .replacen(
            "max-age: 1d",
            "max-age: 1d\n  manual-max-age: 90d\n  expect: [provenance, \"scan:manual\"]",
            1,
        )
        .replacen("block: never", "block: critical", 1);
    site.write("proofhouse.yaml", config);
    site.commit("Wants a penetration test");
    site.proofhouse(&["run"]).expect(0);
    site
}

fn days_ago(days: i64) -> String {
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
    then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn findings(site: &Site, status: &str) -> Vec<Value> {
    let all = ["findings", "--technique", "manual", "--status", status, "--format", "json"];
    site.proofhouse(&all).expect(0).json().as_array().unwrap().clone()
}

#[test]
fn a_gate_demands_a_test_by_people_that_is_recent_complete_and_without_open_criticals() {
    let site = site();
    let file = |name: &str, text: &str| {
        let path = site.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let explain = |code: i32| site.proofhouse(&["gate", "explain", "staging"]).expect(code).text();
    assert!(explain(1).contains("manual scan: expected, but there is none"), "{}", explain(1));

    // Nothing is recorded of a result that nobody stands for, or that is from the future.
    let (report, picture) = (file("report.md", REPORT), file("picture.png", "not really"));
    let import = |more: &[&str]| site.proofhouse(&[&["import", "manual", report.as_str()], more].concat());
    assert!(import(&[]).expect(2).err.contains("manual-date"));
    assert!(import(&["--date", "2999-01-01"]).expect(2).err.contains("in the future"));
    assert!(
        import(&["--date", &days_ago(3), "--attach", "gone.png"]).expect(2).err.contains("file-not-found")
    );
    assert!(explain(1).contains("expected, but there is none"));

    // Too old, though it was recorded today.
    import(&["--date", &days_ago(100)]).expect(0);
    assert!(explain(1).contains("manual scan: older than"), "{}", explain(1));

    let taken = import(&["--date", &days_ago(3), "--attach", &picture, "--format", "json"]).expect(0).json();
    assert_eq!(taken["manual"]["tester"], "Ann Example, Example Security");
    assert_eq!(taken["manual"]["attachments"][0]["name"], "picture.png");
    let [found] = findings(&site, "existing").try_into().unwrap();
    assert_eq!(
        (&found["rule"], &found["title"]),
        (&"PT-1".into(), &"Loans of others can be returned".into())
    );
    let told = explain(1);
    assert!(told.contains("Loans of others can be returned") && !told.contains("older than"), "{told}");

    // What was attached is evidence: whoever changes it is found out.
    let digest = taken["manual"]["attachments"][0]["digest"]["hash"].as_str().unwrap().to_owned();
    site.proofhouse(&["ledger", "verify"]).expect(0);
    site.proofhouse(&["ledger", "rebuild"]).expect(0);

    // A single finding is added to the same test, whatever the commit; it fixes nothing and is fixed by the retest.
    site.write("README.md", "Another commit");
    site.commit("Another commit");
    site.proofhouse(&["run"]).expect(0);
    let add = [
        "findings",
        "add",
        "Sessions live for ever",
        "--severity",
        "critical",
        "--cwe",
        "CWE-613",
        "--url",
        "GET /session",
        "--assessment",
        "Penetration test",
    ];
    site.proofhouse(&add).expect(0);
    assert_eq!(findings(&site, "new,existing").len(), 2);
    let told = explain(1);
    assert!(told.contains("Sessions live for ever") && told.contains("Loans of others"), "{told}");

    // The retest is of the same name, says what was looked at, and finds nothing.
    let retest = file("retest.md", RETEST);
    let today = ["import", "manual", &retest, "--date", &days_ago(0)];
    site.proofhouse(&[&today[..], &["--assessment", "Penetration test"]].concat()).expect(0);
    site.proofhouse(&today).expect(0);
    assert_eq!(findings(&site, "fixed").len(), 2);
    explain(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);

    let blob = find(&site.home(), &digest);
    fs::remove_file(&blob).unwrap();
    let damaged = site.proofhouse(&["ledger", "verify"]).expect(4).text();
    assert!(damaged.contains("attachment picture.png"), "{damaged}");
}

/// The file below a folder whose path ends with this digest, however the blob store cuts it.
fn find(folder: &std::path::Path, digest: &str) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let ours = path.to_string_lossy().replace('/', "").ends_with(digest);
            match path.is_dir() {
                true => folders.push(path),
                false if ours => return path,
                false => {}
            }
        }
    }
    panic!("there is no blob {digest}")
}

#[test]
fn a_spreadsheet_of_other_words_is_understood_when_told_and_the_schema_is_printed() {
    let site = Site::new();
    site.write("proofhouse.yaml", "version: 1\nproject: shop\nsteps:\n  a: { kind: test, run: 'true' }\n");
    site.commit("Shop");
    let table = "Nr;Schwachstelle;Gefahr;Datei\nS-1;=1+1;hoch;src/a.py:3\n";
    let path = site.path().join("report.csv");
    fs::write(&path, table).unwrap();
    let import = |more: &[&str]| {
        let usual = [
            "import",
            "manual",
            path.to_str().unwrap(),
            "--tester",
            "Ann",
            "--date",
            "2026-01-31",
            "--report-format",
            "manual-csv",
            "--column",
            "Schwachstelle=title",
            "--column",
            "Datei=file",
        ];
        site.proofhouse(&[&usual[..], more].concat())
    };
    let missing = import(&[]).expect(2).err;
    assert!(
        missing.contains("no column is the severity or cvss") && missing.contains("--column"),
        "{missing}"
    );
    let unread = import(&["--column", "Gefahr=severity"]).expect(2).err;
    assert!(unread.contains("\"hoch\"") && unread.contains("line 2"), "{unread}");
    fs::write(&path, table.replace("hoch", "8.1")).unwrap();
    let told = import(&["--column", "Gefahr=severity", "--fail-on", "high"]).expect(1).out;
    assert!(told.contains("not complete") && told.contains("--scope"), "{told}");
    let schema = site.proofhouse(&["import", "manual", "--schema"]).expect(0).json();
    assert_eq!(schema["properties"]["proofhouseManualReport"]["const"], 1);
}
