//! Given a run and a deployment, when controls are asked for, then what is there is evidenced and what is not is a
//! gap, now and as of earlier moments, in every form.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::support::{Answer, Site};

/// Answers of the rules.
fn rules(site: &Site, more: &[&str]) -> Value {
    let arguments = [&["controls", "--format", "json"], more].concat();
    site.proofhouse(&arguments).expect(0).json()["rules"].clone()
}

fn status(rules: &Value, id: &str) -> String {
    rules[id]["status"].as_str().unwrap_or_else(|| panic!("{id}: {rules}")).to_owned()
}

/// `trestle import` reads a document strictly as its version of the OSCAL schema has it, and checks references.
fn trestle(document: &Path) {
    let base = std::env::var_os("XDG_CACHE_HOME").map(std::path::PathBuf::from);
    let home = || Path::new(&std::env::var_os("HOME").unwrap()).join(".cache");
    let program = base.unwrap_or_else(home).join("proofhouse/peers/bin/trestle");
    let folder = tempfile::tempdir().unwrap();
    let name = document.to_string_lossy();
    for arguments in
        [vec!["init", "--local"], vec!["import", "-f", &name, "-o", "controls"], vec!["validate", "-a"]]
    {
        let mut command = Command::new(&program);
        let output = command.current_dir(folder.path()).args(&arguments).output();
        let output =
            output.unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask test` installs it", program.display()));
        let answer = Answer::of(output);
        assert_eq!(answer.code, 0, "trestle {arguments:?}: {}", answer.text());
    }
}

#[test]
fn controls_follow_from_what_was_done_and_the_past_stays() {
    let site = Site::bookshelf();
    let before = site.proofhouse(&["controls", "--format", "json"]).expect(0).json();
    assert_eq!(before["projects"], serde_json::json!([]));
    assert!(before["rules"].as_object().unwrap().values().all(|rule| rule["status"] == "no-data"));
    site.proofhouse(&["controls", "--fail"]).expect(1);
    // Moments of the ledger are whole microseconds.
    std::thread::sleep(std::time::Duration::from_millis(5));
    let then = before["moment"].as_str().unwrap().to_owned();

    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
    let now = rules(&site, &[]);
    for id in [
        "builds-pass",
        "source-clean",
        "steps-isolated",
        "tools-pinned",
        "artifacts-signed",
        "sbom-made",
        "scanned-sast",
        "scanned-secrets",
        "scanned-sca",
        "scanned-config",
        "scanned-dast",
        "deployed",
        "gate-passed",
        "verified-on-target",
        "healthy",
        "threshold-judged",
        "keys-current",
    ] {
        assert_eq!(status(&now, id), "met", "{id}: {}", now[id]);
    }
    for id in
        ["reviewed", "release-reviewed", "builds-reproduced", "builds-unattended", "requirements-chosen"]
    {
        assert_eq!(status(&now, id), "not-met", "{id}: {}", now[id]);
    }
    // Evidence is an entry of the ledger, of the right kind.
    let index = now["verified-on-target"]["evidence"][0]["index"].to_string();
    assert!(site.proofhouse(&["ledger", "show", &index]).expect(0).out.contains("receipt:v1"));

    // As of before: nothing. The same moment gives the same document.
    let past = site.proofhouse(&["controls", "--as-of", &then, "--format", "json"]).expect(0).json();
    assert_eq!((&past["catalogues"], &past["rules"]), (&before["catalogues"], &before["rules"]));
    let moment = site.proofhouse(&["controls", "--format", "json"]).expect(0).json()["moment"].clone();
    let export = || {
        let arguments = ["controls", "--as-of", moment.as_str().unwrap(), "--export", "oscal"];
        site.proofhouse(&arguments).expect(0).out
    };
    let (first, second) = (export(), {
        site.proofhouse(&["run"]).expect(0);
        export()
    });
    assert_eq!(first, second);
    let document = site.path().join("controls.json");
    fs::write(&document, &first).unwrap();
    trestle(&document);

    let told = site.proofhouse(&["controls", "samm", "--control", "i-sd-2-a"]).expect(0).out;
    for expected in [
        "I-SD-2-A",
        "not measured: Whether responsible people",
        "missing: bookshelf: it is deployed in staging only",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }

    let pdf = site.path().join("controls.pdf");
    let told =
        site.proofhouse(&["controls", "--export", "pdf", "--output", pdf.to_str().unwrap()]).expect(0).out;
    assert!(told.contains("controls.pdf"));
    let text = Command::new("pdftotext").arg(&pdf).arg("-").output().unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for expected in ["SSS-02-02-07, secure toolchain management", "What is missing", "bookshelf"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(site.proofhouse(&["controls", "ism", "--export", "csv"]).expect(0).out.contains("ISM-1730"));
    let page = site.proofhouse(&["controls", "--project", "bookshelf", "--export", "markdown"]).expect(0).out;
    assert!(page.starts_with("# Controls\n"));
}

#[test]
fn an_own_catalogue_and_what_is_wrong_with_the_question() {
    let site = Site::new();
    let own = "version: 1\nid: house\ntitle: House rules\nedition: '1'\nsource: us\ncontrols:\n  - id: H1\n    \
               title: Lists\n    text: There is a list.\n    measures: The list.\n    rules: [sbom-made]\n";
    site.write("house.yaml", own);
    let told = site.proofhouse(&["controls", "house", "--catalogue", "house.yaml"]).expect(0).out;
    assert!(told.contains("House rules") && told.contains("no data") && !told.contains("SSDF"), "{told}");

    site.write("house.yaml", own.replace("sbom-made", "sbom"));
    let cases: &[(&[&str], &str)] = &[
        (&["--catalogue", "house.yaml"], "controls-unusable"),
        (&["iso"], "controls-catalogue-unknown"),
        (&["--control", "Z9"], "control-unknown"),
        (&["--project", "nobody"], "project-unknown"),
        (&["--as-of", "yesterday"], "as-of-unusable"),
        (&["--as-of", "2999-01-01"], "as-of-unusable"),
        (&["--as-of", "2026-03-01T00:00:00"], "as-of-unusable"),
        (&["--export", "pdf"], "output-missing"),
    ];
    for (arguments, code) in cases {
        let all = [&["controls", "--format", "json"], *arguments].concat();
        let answer = site.proofhouse(&all).expect(2);
        let error: Value = serde_json::from_str(answer.err.lines().last().unwrap()).unwrap();
        assert_eq!(error["error"]["code"], *code, "{arguments:?}");
        assert!(error["error"]["hint"].is_string(), "{arguments:?}");
    }
}

#[test]
fn what_closes_a_gap_is_a_command_that_exists() {
    let site = Site::new();
    let all = site.proofhouse(&["controls", "--rules", "--format", "json"]).expect(0).json();
    let mut commands = 0;
    for rule in all.as_array().unwrap() {
        let parts = rule["close"].as_str().unwrap().split('`').collect::<Vec<_>>();
        for command in parts.iter().filter_map(|part| part.strip_prefix("proofhouse ")) {
            let mut arguments: Vec<&str> = command.split(' ').collect();
            arguments.push("--help");
            site.proofhouse(&arguments).expect(0);
            commands += 1;
        }
    }
    assert!(commands > 20, "{commands}");
}
