//! Given rules of a scanner that are tagged with requirements, when they find something, then the requirement fails;
//! it passes only where a complete scan of this very commit applied such a rule and found nothing.

use std::fs;

use serde_json::{Value, json};

use crate::{
    organisation_pages::Person,
    others::kit::Running,
    scanners,
    support::{Site, free_port},
};

/// A checker of the project's own: looks for `eval(` in its sources and writes what SARIF asks for.
const CHECKER: &str = r#"import json, pathlib, settings
files = sorted(str(p) for p in pathlib.Path("bookshelf").rglob("*.py"))
results = [{"ruleId": "no-eval", "message": {"text": "a text is run"}, "locations": [{"physicalLocation": {
    "artifactLocation": {"uri": f}, "region": {"startLine": n, "snippet": {"text": line}}}}]}
    for f in files for n, line in enumerate(open(f), 1) if "eval(" in line]
rules = [{"id": "no-eval", "properties": {"tags": settings.TAGS}}]
report = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "own-rules", "rules": rules}}, "results": results,
    "invocations": [{"executionSuccessful": settings.WHOLE}], "artifacts": [{"location": {"uri": f}} for f in files]}]}
json.dump(report, open("rules.sarif", "w"))
"#;

const REQUIREMENTS: &str = "version: 1\nrequirements:\n  V1.2.3: { title: Nothing typed is run, source: own, level: 1 }\n  \
    TILL-3: { title: Texts stay texts, source: threat, level: 1 }\n";

fn site() -> Site {
    let site = Site::bookshelf();
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let step = "steps:\n  rules:\n    kind: scan\n    run: [python3, checker.py]\n    inputs: [checker.py, settings.py, \
        \"bookshelf/**\"]\n    tools: [python]\n    report: { format: sarif, path: rules.sarif }\n\n";
    let config = config.replacen("steps:\n", step, 1).replacen(
        "require-clean-source: false }",
        "require-clean-source: false, requirements: level-1 }",
        1,
    );
    site.write("proofhouse.yaml", config);
    site.write("security-requirements.yaml", REQUIREMENTS);
    site.write("checker.py", CHECKER);
    site
}

fn settings(site: &Site, tags: &str, whole: bool) -> String {
    let whole = if whole { "True" } else { "False" };
    site.write("settings.py", format!("TAGS = {tags}\nWHOLE = {whole}\n"));
    site.commit("Settings");
    site.proofhouse(&["run"]).expect(0).text()
}

/// State of a requirement, and why.
fn of(site: &Site, id: &str) -> (String, String) {
    let status = site.proofhouse(&["requirements", "status", "--format", "json"]).expect(0).json();
    let all = status["requirements"].as_array().unwrap();
    let one = all.iter().find(|one| one["id"] == id).unwrap();
    (one["state"].as_str().unwrap().to_owned(), one["because"].as_str().unwrap().to_owned())
}

fn state(site: &Site, id: &str) -> String {
    of(site, id).0
}

#[test]
fn a_tagged_rule_is_a_test_of_its_requirement() {
    let site = site();
    // A scan whose rules carry no tag binds nothing.
    settings(&site, "['security']", true);
    assert_eq!((state(&site, "V1.2.3"), state(&site, "TILL-3")), ("pending".into(), "pending".into()));
    site.proofhouse(&["gate", "explain", "staging"]).expect(1);

    let both = "['V1.2.3', 'requirement:TILL-3', 'requirement:TILL-4']";
    let told = settings(&site, both, true);
    assert!(told.contains("requirement-unknown") && told.contains("TILL-4"), "{told}");
    assert_eq!(of(&site, "V1.2.3"), ("passing".into(), "passed: own-rules (rules): no-eval".into()));
    assert_eq!(state(&site, "TILL-3"), "passing");
    site.proofhouse(&["gate", "explain", "staging"]).expect(0);

    // What did not get to its end binds nothing, however little it found.
    settings(&site, both, false);
    let (state_now, why) = of(&site, "V1.2.3");
    assert!(state_now == "pending" && why.contains("not complete"), "{state_now} {why}");

    // Something is found: the requirement fails, in the gate too.
    let page = fs::read_to_string(site.project().join("bookshelf/pages.py")).unwrap();
    site.write("bookshelf/pages.py", format!("{page}\n\ndef run(text):\n    return eval(text)\n"));
    settings(&site, both, true);
    let (state_now, why) = of(&site, "TILL-3");
    assert!(state_now == "failing" && why.contains("no-eval at bookshelf/pages.py:"), "{state_now} {why}");
    let told = site.proofhouse(&["gate", "explain", "staging"]).expect(1).out;
    assert!(told.contains("2 failing: TILL-3, V1.2.3"), "{told}");

    // It is mended: what was said of the commit before is of another one.
    site.write("bookshelf/pages.py", page);
    site.commit("Mended");
    assert_eq!(state(&site, "TILL-3"), "failing", "the newest run is of the commit before");
    site.proofhouse(&["run"]).expect(0);
    assert_eq!(state(&site, "TILL-3"), "passing");
    site.proofhouse(&["gate", "explain", "staging"]).expect(0);

    // Every form of the truth is the same: after the database is made anew.
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    assert_eq!(state(&site, "TILL-3"), "passing");
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

/// A rule file of semgrep whose rule names a requirement in `metadata.tags`.
const SEMGREP: &str = "rules:\n  - id: no-exec\n    languages: [python]\n    severity: ERROR\n    message: a text is run\n    \
    pattern: exec(...)\n    metadata: { tags: ['requirement:TILL-3'] }\n";

#[tokio::test]
async fn a_report_of_semgrep_from_outside_counts_for_its_commit() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (semgrep, _) = scanners::scanner("semgrep");
    let site = site();
    site.write("semgrep.yaml", SEMGREP);
    site.write("bookshelf/tool.py", "def run(text):\n    exec(text)\n");
    settings(&site, "['V1.2.3']", true);
    let import = |complete: bool| {
        let report = site.path().join("semgrep.sarif");
        let list = site.path().join("semgrep.json");
        let ran = std::process::Command::new(&semgrep)
            .current_dir(site.project())
            .args(["scan", "--config", "semgrep.yaml", "--metrics=off", "--disable-version-check", "--quiet"])
            .arg(format!("--sarif-output={}", report.display()))
            .arg(format!("--json-output={}", list.display()))
            .arg("bookshelf")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        if complete {
            // Semgrep tells in its own form only what it looked at.
            let read = |path| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
            let mut sarif = read(&report);
            let scanned = read(&list)["paths"]["scanned"].as_array().unwrap().clone();
            let files: Vec<Value> = scanned.iter().map(|path| json!({"location": {"uri": path}})).collect();
            sarif["runs"][0]["artifacts"] = files.into();
            fs::write(&report, sarif.to_string()).unwrap();
        }
        site.proofhouse(&["import", report.to_str().unwrap()]).expect(0);
    };
    assert_eq!(state(&site, "TILL-3"), "pending");
    import(true);
    let (state_now, why) = of(&site, "TILL-3");
    assert!(state_now == "failing" && why.contains("no-exec at bookshelf/tool.py:2"), "{state_now} {why}");

    site.write("bookshelf/tool.py", "def run(text):\n    return text\n");
    site.commit("Mended");
    site.proofhouse(&["run"]).expect(0);
    assert_eq!(state(&site, "TILL-3"), "pending", "nobody has looked at this commit");
    // As it comes the report does not say what was looked at.
    import(false);
    assert_eq!(state(&site, "TILL-3"), "pending");
    import(true);
    let (state_now, why) = of(&site, "TILL-3");
    assert!(state_now == "passing" && why.contains("semgrep (brought by "), "{state_now} {why}");

    // The page leads from the requirement to the rule, the scan, the run and the commit, and to who decided.
    let waive = ["requirements", "not-applicable", "V1.2.3", "--reason", "nothing is typed here"];
    let decided =
        site.proofhouse(&[&waive[..], &["--format", "json"]].concat()).expect(0).json()["entry"].clone();
    let port = free_port();
    let serve = ["serve", "--listen", &format!("127.0.0.1:{port}")];
    let _server = Running::start(site.command(&serve), port);
    let page = Person::new(&site, "manager", port).get("/projects/bookshelf/requirements").await;
    assert!(page.contains("passed: semgrep (brought by ") && page.contains(": no-exec"), "{page}");
    assert!(page.contains("nothing is typed here") && page.contains(&format!("/ledger/{decided}")), "{page}");
    let commit =
        site.proofhouse(&["requirements", "status", "--format", "json"]).expect(0).json()["commit"].clone();
    assert!(page.contains(&commit.as_str().unwrap()[..12]), "{page}");
}
