//! Given requirements that were chosen first, when tests of them are written, then the gate opens; and it
//! closes again when one breaks, unless somebody accepts that for a while.

use std::fs;

use serde_json::{Value, json};

use crate::support::Site;

const FILE: &str = "security-requirements.yaml";

/// Runs the functions below it as tests and writes a JUnit report. It ends well whatever they say, so that
/// the gate and not the run decides.
const RUNNER: &str = r#"import xml.etree.ElementTree as xml
suite = xml.Element("testsuite", name="security")
for name, (check, requirements) in CHECKS.items():
    case = xml.SubElement(suite, "testcase", classname="security", name=name)
    properties = xml.SubElement(case, "properties")
    for requirement in requirements:
        xml.SubElement(properties, "property", name="requirement", value=requirement)
    try:
        check()
    except Exception as wrong:
        xml.SubElement(case, "failure", message=repr(wrong))
xml.ElementTree(suite).write("security.xml")
"#;

/// The example with a step of security tests, and an environment that demands the first level.
fn site(tests: &str) -> Site {
    let site = Site::bookshelf();
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let config = config
        .replacen(
            "steps:\n",
            "steps:\n  security:\n    kind: test\n    run: [python3, security.py]\n    \
             inputs: [security.py, \"bookshelf/**\"]\n    tools: [python]\n    \
             report: { format: junit, path: security.xml }\n\n",
            1,
        )
        .replacen("require-clean-source: false }", "require-clean-source: false, requirements: level-1 }", 1);
    site.write("proofhouse.yaml", config);
    self::tests(&site, tests);
    // In the shape of the published file; the texts are ours.
    let entry = |id: &str, level: &str| {
        let (section, chapter) = (&id[..4], &id[..2]);
        json!({"chapter_id": chapter, "chapter_name": "n", "section_id": section, "section_name": "n",
            "req_id": id, "req_description": format!("Verify what {id} says."), "L": level})
    };
    let standard = json!({"requirements": [
        entry("V1.1.1", "1"), entry("V1.1.2", "1"), entry("V1.2.1", "2"), entry("V2.1.1", "1"),
    ]});
    fs::write(site.path().join("asvs.json"), standard.to_string()).unwrap();
    site
}

fn tests(site: &Site, tests: &str) {
    site.write("security.py", format!("from bookshelf import pages\n\n{tests}\n{RUNNER}"));
    site.commit("Tests");
}

/// State of each requirement, by the newest run.
fn states(site: &Site) -> Vec<(String, String)> {
    let status = site.proofhouse(&["requirements", "status", "--format", "json"]).expect(0).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = status["requirements"].as_array().unwrap();
    all.iter().map(|one| (text(&one["id"]), text(&one["state"]))).collect()
}

fn are(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(id, state)| ((*id).to_owned(), (*state).to_owned())).collect()
}

/// Runs, and asks to deploy; everything that was said.
#[track_caller]
fn deploy(site: &Site, code: i32) -> String {
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(code).text()
}

const PASSING: &str = r#"def escapes():
    assert 1 + 1 == 2

CHECKS = {
    "input is escaped [V1.1.1]": (escapes, []),
    "nothing is trusted": (escapes, ["V1.1.2", "SHOP-1"]),
}
"#;

#[test]
fn requirements_are_chosen_pending_then_proven_broken_and_waived() {
    let site = site("CHECKS = {\"names nothing V1.1.1\": (dir, [])}\n");
    let asvs = site.path().join("asvs.json");
    let choose =
        ["requirements", "choose", "--asvs", asvs.to_str().unwrap(), "--level", "1", "--chapter", "V1"];
    let chosen = site.proofhouse(&[&choose[..], &["--format", "json"]].concat()).expect(0).json();
    assert_eq!(chosen["added"], json!(["V1.1.1", "V1.1.2"]));

    // What people write stays, and choosing again changes nothing.
    let path = site.project().join(FILE);
    let text = fs::read_to_string(&path).unwrap().replace("    title:", "    # ours\n    title:");
    fs::write(&path, &text).unwrap();
    site.proofhouse(&choose).expect(0);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let own = ["requirements", "add", "SHOP-1", "--title", "Nobody borrows for others", "--level", "1"];
    site.proofhouse(&own).expect(0);
    assert!(fs::read_to_string(&path).unwrap().starts_with(&text));
    assert!(site.proofhouse(&own).expect(2).err.contains("requirement-exists"));
    site.commit("Requirements");

    // Tests ran and passed, but none of them names a requirement: nothing passes by absence.
    let told = deploy(&site, 1);
    assert!(told.contains("milestone level-1: 3 pending: SHOP-1, V1.1.1, V1.1.2"), "{told}");
    assert_eq!(states(&site), are(&[("V1.1.1", "pending"), ("V1.1.2", "pending"), ("SHOP-1", "pending")]));
    site.proofhouse(&["requirements", "status", "--milestone", "level-1", "--fail"]).expect(1);

    tests(&site, PASSING);
    deploy(&site, 0);
    assert_eq!(states(&site), are(&[("V1.1.1", "passing"), ("V1.1.2", "passing"), ("SHOP-1", "passing")]));
    site.proofhouse(&["requirements", "status", "--milestone", "level-1", "--fail"]).expect(0);

    // One breaks: the application changes, not the requirement.
    tests(&site, &PASSING.replace("[V1.1.1]\": (escapes", "@V1.1.1\": (lambda: 1 / 0"));
    let told = deploy(&site, 1);
    assert!(told.contains("milestone level-1: 1 failing: V1.1.1"), "{told}");
    assert_eq!(states(&site)[0], ("V1.1.1".to_owned(), "failing".to_owned()));

    // Somebody accepts that there is no such test for a while.
    tests(&site, &PASSING.replace(" [V1.1.1]", ""));
    let waive = |days: i64| {
        let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        let until = until.to_zoned(jiff::tz::TimeZone::UTC).date();
        let waived = format!("waived: {{ reason: the page moves next month, until: {until}, by: Ada }}");
        let text = fs::read_to_string(&path).unwrap();
        let kept: Vec<&str> = text.lines().filter(|line| !line.contains("waived:")).collect();
        let text = kept.join("\n").replacen("V1.1.1:\n", &format!("V1.1.1:\n    {waived}\n"), 1);
        fs::write(&path, text + "\n").unwrap();
    };
    site.proofhouse(&["run"]).expect(0);
    waive(30);
    let edited = site.proofhouse(&["deploy", "staging"]).expect(2).err;
    assert!(
        edited.contains("config-changed"),
        "a waiver counts only as a part of the run's commit: {edited}"
    );
    site.commit("Waived");
    deploy(&site, 0);
    assert_eq!(states(&site)[0], ("V1.1.1".to_owned(), "waived".to_owned()));
    let why = site.proofhouse(&["gate", "explain", "staging"]).expect(0).out;
    assert!(why.contains("V1.1.1 waived: until") && why.contains("the page moves next month (Ada)"), "{why}");

    // It ended, or never ends: both count for nothing.
    for days in [-1, 1000] {
        waive(days);
        site.commit("Waived otherwise");
        let told = deploy(&site, 1);
        assert!(told.contains("milestone level-1: 1 pending: V1.1.1"), "{told}");
    }
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn a_milestone_without_requirements_is_not_reached_and_a_wrong_file_is_told_at_its_place() {
    let site = site("CHECKS = {\"a slip of the pen\": (dir, [\"V9.9.9\"])}\n");
    let told = deploy(&site, 1);
    assert!(told.contains("no security requirement belongs to the milestone level-1"), "{told}");
    site.write(FILE, "version: 1\nrequirements:\n  V1.1.1: { title: t, source: own, levle: 1 }\n");
    let told = site.proofhouse(&["requirements", "list"]).expect(2).err;
    assert!(
        told.contains("config-unknown-key") && told.contains("security-requirements.yaml:3:36"),
        "{told}"
    );
    // Nothing is added to a file that is not understood.
    let before = fs::read(site.project().join(FILE)).unwrap();
    site.proofhouse(&["requirements", "add", "A-1", "--title", "t"]).expect(2);
    assert_eq!(fs::read(site.project().join(FILE)).unwrap(), before);
    fs::remove_file(site.project().join(FILE)).unwrap();
    for (id, title) in [("1", "t"), ("A-1", ""), ("A-1", "a\nb")] {
        let told = site.proofhouse(&["requirements", "add", id, "--title", title]).expect(2).err;
        assert!(told.contains("requirement-unusable"), "{told}");
    }
    std::os::unix::fs::symlink(site.path().join("asvs.json"), site.project().join(FILE)).unwrap();
    site.proofhouse(&["requirements", "add", "A-1", "--title", "t"]).expect(2);
    assert!(site.project().join(FILE).is_symlink(), "a link is neither followed nor replaced");
    let hostile = site.path().join("asvs.json");
    fs::write(&hostile, "[".repeat(100_000)).unwrap();
    fs::remove_file(site.project().join(FILE)).unwrap();
    let choose = ["requirements", "choose", "--asvs", hostile.to_str().unwrap(), "--level", "1"];
    assert!(site.proofhouse(&choose).expect(2).err.contains("asvs-unreadable"));
    assert!(!site.project().join(FILE).exists());
}

#[test]
fn a_test_by_hand_counts_for_its_commit_and_keeps_its_evidence() {
    let site = site("CHECKS = {\"names nothing\": (dir, [])}\n");
    site.proofhouse(&[
        "requirements",
        "add",
        "SHOP-1",
        "--title",
        "Nobody borrows for others",
        "--level",
        "1",
    ])
    .expect(0);
    site.commit("Requirement");
    let picture = site.path().join("picture.txt");
    fs::write(&picture, "refused: not yours").unwrap();
    let attest = |id: &str, result: &str, code: i32| {
        let evidence = ["--evidence", picture.to_str().unwrap(), "--reason", "tried it as another reader"];
        site.proofhouse(&[&["requirements", "attest", id, result][..], &evidence[..]].concat()).expect(code)
    };
    let explain = |code: i32| site.proofhouse(&["gate", "explain", "staging"]).expect(code).out;
    site.proofhouse(&["run"]).expect(0);
    explain(1);
    attest("SHOP-1", "--passed", 0);
    assert_eq!(states(&site), are(&[("SHOP-1", "passing")]));
    explain(0);
    assert!(attest("SHOP-2", "--passed", 2).err.contains("requirement-unknown"));
    attest("SHOP-1", "--failed", 0);
    assert!(explain(1).contains("1 failing: SHOP-1"));
    attest("SHOP-1", "--passed", 0);
    explain(0);

    // Another commit was not tested by anybody.
    site.commit("Something else");
    site.proofhouse(&["run"]).expect(0);
    assert!(explain(1).contains("1 pending: SHOP-1"));

    // The evidence is kept, and looked after.
    fs::remove_file(&picture).unwrap();
    site.proofhouse(&["ledger", "verify"]).expect(0);
    let digest = model::Sha256::of("refused: not yours").hex();
    let blob = find(&site.home().join("blobs"), &digest).unwrap();
    fs::remove_file(blob).unwrap();
    let told = site.proofhouse(&["ledger", "verify"]).expect(4).text();
    assert!(told.contains("picture.txt"), "{told}");
}

/// A threat model as pytm writes it; made by it beside that file.
const PYTM: &str = include_str!("../../../govern/tests/data/threats/pytm.json");

#[test]
fn threats_and_abuse_cases_become_pending_requirements_and_stay_theirs() {
    let site = site("CHECKS = {\"names nothing\": (dir, [])}\n");
    let model = site.path().join("model.json");
    fs::write(&model, PYTM).unwrap();
    let import = |file: &std::path::Path| {
        let arguments =
            ["requirements", "import", file.to_str().unwrap(), "--level", "1", "--format", "json"];
        site.proofhouse(&arguments).expect(0).json()
    };
    let first = import(&model);
    assert_eq!(first["added"].as_array().unwrap().len(), 4);
    let cases = site.path().join("cases.md");
    fs::write(
        &cases,
        "# Abuse cases\n- AC-1: Somebody borrows for others (high)\n  - mitigation: Ask who it is\n",
    )
    .unwrap();
    assert_eq!(import(&cases)["added"], json!(["AC-1"]));
    site.commit("Threats");
    let told = deploy(&site, 1);
    assert!(told.contains("5 pending: AC-1, TM-"), "{told}");

    // A test names one of them, and people write beside it.
    tests(&site, "CHECKS = {\"it is asked [AC-1]\": (dir, [])}\n");
    site.proofhouse(&["run"]).expect(0);
    assert_eq!(states(&site).iter().find(|(id, _)| id == "AC-1").unwrap().1, "passing");
    let path = site.project().join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("  AC-1:\n", "  # ours\n  AC-1:\n    milestones: [release-1]\n")).unwrap();

    // The list changes: its words are told, severity and mitigation follow, nothing is lost.
    fs::write(
        &cases,
        "- AC-1: Somebody borrows in others' names (critical)\n  - mitigation: Ask twice\n- AC-2: New\n",
    )
    .unwrap();
    let again = import(&cases);
    assert_eq!((&again["added"], &again["updated"]), (&json!(["AC-2"]), &json!(["AC-1"])));
    assert_eq!(again["reworded"]["AC-1"], "Somebody borrows in others' names");
    let text = fs::read_to_string(&path).unwrap();
    for kept in [
        "# ours",
        "milestones: [release-1]",
        "Somebody borrows for others",
        "severity: critical",
        "Ask twice",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    fs::write(&cases, "- AC-2: New\n").unwrap();
    assert_eq!(import(&cases)["vanished"], json!(["AC-1"]));
    assert!(fs::read_to_string(&path).unwrap().contains("AC-1:"));
    let same = fs::read(&path).unwrap();
    assert_eq!(import(&model)["added"], json!([]));
    assert_eq!(fs::read(&path).unwrap(), same, "the same model again changes nothing");
    site.proofhouse(&["requirements", "list", "--milestone", "release-1"]).expect(0);

    fs::write(&model, "{\"diagrams\": \u{7}").unwrap();
    let told = site.proofhouse(&["requirements", "import", model.to_str().unwrap()]).expect(2).err;
    assert!(told.contains("threats-unreadable"), "{told}");
    assert_eq!(fs::read(&path).unwrap(), same);
}

/// The file below `folder` whose path ends in these hexadecimal digits, however they are divided.
fn find(folder: &std::path::Path, digits: &str) -> Option<std::path::PathBuf> {
    fs::read_dir(folder).unwrap().flatten().find_map(|entry| match entry.path() {
        path if path.is_dir() => find(&path, digits),
        path => path.to_string_lossy().replace('/', "").ends_with(digits).then_some(path),
    })
}
