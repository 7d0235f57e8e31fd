//! Forged, hidden, replaced and missing evidence.

use std::fs;

use model::Hasher;
use serde_json::json;

use super::{config, service};
use crate::support::{Answer, Site};

/// A SARIF report of one run of `tool`, with these results.
fn sarif(tool: &str, levels: &[&str]) -> String {
    let result = |level: &&str| {
        json!({ "ruleId": format!("rule-{level}"), "level": level, "message": { "text": "a weakness" },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": "app.sh" }, "region": { "startLine": 1 } } }] })
    };
    json!({ "version": "2.1.0", "runs": [{
        "tool": { "driver": { "name": tool, "version": env!("CARGO_PKG_VERSION") } },
        "invocations": [{ "executionSuccessful": true }],
        "artifacts": [{ "location": { "uri": "app.sh" } }],
        "results": levels.iter().map(result).collect::<Vec<_>>(),
    }] })
    .to_string()
}

fn import(site: &Site, report: &str) {
    let path = site.path().join("report.sarif");
    fs::write(&path, report).unwrap();
    site.proofhouse(&["import", path.to_str().unwrap(), "--report-format", "sarif"]).expect(0);
}

/// Codes of what denies.
fn denials(site: &Site, environment: &str) -> Vec<String> {
    let explained = site.proofhouse(&["gate", "explain", environment, "--format", "json"]);
    assert!([0, 1].contains(&explained.code), "{}", explained.text());
    let answer = explained.json();
    let rules = answer["verdict"]["rules"].as_array().unwrap().clone();
    let reasons = rules.iter().flat_map(|rule| rule["reasons"].as_array().unwrap().clone());
    let denying = reasons.filter(|reason| reason["outcome"] == "deny");
    denying.map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

/// Runs a statement on the installation's database.
fn sql(site: &Site, statement: &str) {
    let program = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()";
    let mut python = std::process::Command::new("python3");
    python.args(["-c", program]).arg(site.home().join("db.sqlite")).arg(statement);
    let answer = Answer::of(python.output().unwrap());
    answer.expect(0);
}

#[test]
fn a_report_that_says_it_is_of_a_built_in_scanner_masks_none_of_its_findings() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let before = denials(&site, "production");
    assert!(before.contains(&"secret-found".to_owned()), "{before:?}");
    for tool in ["proofhouse-sast", "proofhouse-secrets", "proofhouse-sca", "proofhouse-config"] {
        import(&site, &sarif(tool, &[]));
    }
    assert_eq!(denials(&site, "production"), before);
}

#[test]
fn one_scan_step_does_not_hide_what_another_found_with_the_same_tool() {
    let step = |name: &str| {
        format!(
            "  {name}: {{ kind: scan, run: [cp, {name}.sarif, {name}.out], report: {{ format: sarif, path: {name}.out }} }}\n"
        )
    };
    let site = service("");
    let steps = format!("steps:\n{}{}", step("first"), step("second"));
    site.write("proofhouse.yaml", config("").replace("steps:\n", &steps));
    site.write("first.sarif", sarif("scanner", &["error"]));
    site.write("second.sarif", sarif("scanner", &[]));
    site.commit("Two scan steps");
    site.proofhouse(&["run"]).expect(0);
    assert_eq!(denials(&site, "production"), ["finding-high"]);
}

#[test]
fn running_again_makes_nobody_forget_what_was_found_in_the_same_commit() {
    let site = service("");
    import(&site, &sarif("scanner", &["error"]));
    site.proofhouse(&["run"]).expect(0);
    assert_eq!(denials(&site, "production"), ["finding-high"]);
    // A later report of the same scanner that looked everywhere is another matter.
    import(&site, &sarif("scanner", &[]));
    assert!(denials(&site, "production").is_empty());
}

#[test]
fn a_run_that_failed_or_left_steps_out_is_let_in_nowhere() {
    let site = service("");
    let lint = "steps:\n  lint: { kind: build, run: 'test -e good && touch linted', outputs: [linted] }\n";
    site.write("proofhouse.yaml", config("").replace("steps:\n", lint));
    site.commit("A step that fails");
    let run = site.proofhouse(&["run", "--format", "json"]).expect(1).json();
    let refused = site.proofhouse(&["deploy", "production", "--run", run["run"].as_str().unwrap()]).expect(1);
    assert!(refused.err.contains("run-not-passed"), "{}", refused.err);

    let two = "steps:\n  more: { kind: test, run: [/bin/false] }\n";
    site.write("proofhouse.yaml", config("").replace("steps:\n", two));
    site.commit("A test that fails and is left out");
    site.proofhouse(&["run", "check", "build"]).expect(0);
    let refused = site.proofhouse(&["deploy", "production"]).expect(1);
    assert!(refused.err.contains("run-partial") && refused.err.contains("more"), "{}", refused.err);
}

#[test]
fn what_an_earlier_step_could_fetch_counts_for_the_artifact_that_is_made_of_it() {
    let site = service("");
    let steps = config("")
        .replace("steps:\n", "steps:\n  fetch: { kind: test, run: [touch, fetched], outputs: [fetched], network: [packages.example] }\n")
        .replace("build: { kind: build,", "build: { kind: build, needs: [fetch],");
    site.write("proofhouse.yaml", steps);
    site.commit("A fetched part");
    site.proofhouse(&["run"]).expect(0);
    assert_eq!(denials(&site, "production"), ["build-network-allowed"]);

    // Packages from a registry are what dependencies are; but not in the step that makes the artifact.
    let earlier = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let earlier = earlier.replace("network: [packages.example]", "network: [\"registry:pypi\"]");
    site.write("proofhouse.yaml", &earlier);
    site.commit("Packages");
    site.proofhouse(&["run"]).expect(0);
    assert!(denials(&site, "production").is_empty());
    let own = earlier.replace("needs: [fetch],", "needs: [fetch], network: [\"registry:pypi\"],");
    site.write("proofhouse.yaml", own);
    site.commit("Packages in the build itself");
    site.proofhouse(&["run"]).expect(0);
    assert_eq!(denials(&site, "production"), ["build-network-allowed"]);
}

#[test]
fn tests_whose_report_names_no_test_have_not_passed() {
    let site = service("");
    for (name, report) in [
        ("none", "<testsuite tests='0'/>"),
        ("skipped", "<testsuite><testcase name='a'><skipped/></testcase></testsuite>"),
        ("broken", "<testsuite><testcase name='a'/>"),
    ] {
        let step = format!(
            "steps:\n  {name}: {{ kind: test, run: [cp, given.xml, out.xml], report: {{ format: junit, path: out.xml }} }}\n"
        );
        site.write("given.xml", report);
        site.write("proofhouse.yaml", config("").replace("steps:\n", &step));
        site.commit(name);
        let told = site.proofhouse(&["run"]).expect(1);
        assert!(told.err.contains("junit-unusable"), "{name}: {}", told.err);
    }
}

#[test]
fn a_database_that_says_a_run_begins_later_cannot_make_the_gate_look_away() {
    let site = service("");
    site.proofhouse(&["run"]).expect(0);
    import(&site, &sarif("scanner", &["error"]));
    sql(&site, "UPDATE runs SET idx = (SELECT max(idx) FROM statements)");
    let refused = site.proofhouse(&["deploy", "production"]).expect(4);
    assert!(refused.err.contains("database-differs"), "{}", refused.err);
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    assert_eq!(denials(&site, "production"), ["finding-high"]);
}

#[test]
fn a_record_that_was_exchanged_for_another_good_one_stops_the_gate() {
    let site = service("");
    site.proofhouse(&["run"]).expect(0);
    import(&site, &sarif("scanner", &["error"]));
    import(&site, &sarif("other", &[]));
    // The report with the weakness goes; the one after it stands in its place, signature and all.
    let journal = site.home().join("ledger/journal/00000000000000000000.seg");
    let bytes = fs::read(&journal).unwrap();
    let starts: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, window)| *window == b"PHR2").map(|(n, _)| n).collect();
    let [.., gone, kept] = starts[..] else { panic!() };
    let mut body = bytes[kept + 24..].to_vec();
    body[..8].copy_from_slice(&bytes[gone + 24..gone + 32]);
    let length = (body.len() as u32).to_be_bytes();
    let mut hasher = Hasher::new();
    hasher.update(&length);
    hasher.update(&body);
    let check = hasher.finish();
    let changed = [&bytes[..gone], b"PHR2", &length, &check.0[..16], &body, &bytes[kept..]].concat();
    fs::write(&journal, changed).unwrap();
    fs::remove_file(site.home().join("ledger/index")).unwrap();
    let refused = site.proofhouse(&["gate", "explain", "production"]).expect(4);
    assert!(refused.err.contains("ledger-damaged"), "{}", refused.err);
}
