//! Every rule finds its vulnerable example and leaves its safe one alone.

use super::*;
use crate::tree::MemoryTree;

/// A path at which the examples of a kind are recognised.
fn path_of(rule: &Rule) -> &'static str {
    match rule.id.split('-').next() {
        Some("docker") => "Dockerfile",
        Some("gha") => ".github/workflows/ci.yml",
        Some("gitlab") => ".gitlab-ci.yml",
        Some("compose") => "compose.yaml",
        _ => "deploy/app.yaml",
    }
}

fn found(path: &str, text: &str) -> Vec<String> {
    let report = scan(&MemoryTree::new([(path, text)]));
    assert_eq!(report.coverage.errors, [] as [String; 0], "{text}");
    assert!(report.coverage.is_complete());
    report.findings.into_iter().map(|f| f.rule).collect()
}

#[test]
fn every_rule_finds_its_vulnerable_example_only() {
    let mut ids = std::collections::BTreeSet::new();
    for rule in rules() {
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        let bad = found(path_of(rule), rule.vulnerable);
        assert!(bad.iter().any(|id| id == rule.id), "{}: found {bad:?}", rule.id);
        let good = found(path_of(rule), rule.safe);
        assert!(!good.iter().any(|id| id == rule.id), "{}: found in the safe example", rule.id);
    }
    assert!(ids.len() >= 50, "{}", ids.len());
}

#[test]
fn broken_files_are_errors_and_templates_are_skipped() {
    let report = scan(&MemoryTree::new([
        (".github/workflows/a.yml", "on: [push\njobs: }"),
        ("Dockerfile", "FROM a\nRUN <<EOF\n"),
        ("chart/templates/d.yaml", "apiVersion: v1\nkind: Pod\n{{- if .Values.x }}\nspec: {{ toYaml .x }}\n"),
        ("README.md", "nothing"),
    ]));
    assert_eq!(report.coverage.errors.len(), 2, "{:?}", report.coverage.errors);
    assert!(report.coverage.errors[0].starts_with(".github/workflows/a.yml: line "));
    assert_eq!(report.coverage.skipped[0].what, "chart/templates/d.yaml");
    let coverage = &report.coverage;
    assert_eq!((coverage.searched, coverage.seen, coverage.scanned), (Some(4), 3, 0));
    assert!(!coverage.is_complete());
}

#[test]
fn a_tree_without_configuration_is_searched_and_an_empty_one_is_not() {
    let plain = scan(&MemoryTree::new([("README.md", "hello"), ("src/a.py", "")])).coverage;
    assert_eq!((plain.searched, plain.seen), (Some(2), 0));
    assert!(plain.is_complete() && plain.nothing_of_its_kind());
    assert!(!scan(&MemoryTree::default()).coverage.is_complete());
}

#[test]
fn a_finding_keeps_its_identity_when_lines_move() {
    let text = "FROM scratch\nRUN curl https://files.example/i | sh\nUSER 1\n";
    let of = |text: &str| scan(&MemoryTree::new([("Dockerfile", text)])).findings.remove(0);
    let (before, after) = (of(text), of(&format!("# a comment\n\n{text}")));
    assert_eq!(before.id, after.id);
    assert_ne!(before.place.line(), after.place.line());
}

#[test]
fn a_file_of_many_documents_keeps_the_worst_findings_and_says_so() {
    let plain = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: x:1}]}\n---\n";
    let bad = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: x:1, securityContext: {privileged: true}}]}\n";
    let report = scan(&MemoryTree::new([("deploy/all.yaml", plain.repeat(30_000) + bad)]));
    assert_eq!(report.findings.len(), MOST_FINDINGS);
    assert!(report.findings.iter().any(|f| f.rule == "k8s-privileged"), "the worst is the last one");
    assert!(report.coverage.errors[0].contains("only the worst 10000"), "{:?}", report.coverage.errors);
}

#[test]
fn a_long_name_is_not_copied_for_everything_in_it() {
    let name = "n".repeat(1 << 20);
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n{}",
        "  - {image: x}\n".repeat(4_000)
    );
    let report = scan(&MemoryTree::new([("deploy/app.yaml", text)]));
    assert_eq!(report.findings.len(), 8_000);
    let longest = report.findings.iter().map(|f| f.place.label().len()).max();
    assert!(longest < Some(2_000), "{longest:?}");
}

proptest::proptest! {
    #[test]
    fn mutated_examples_never_panic(n: usize, cut: usize, junk in "[ -~\n]{0,12}") {
        let all: Vec<&Rule> = rules().collect();
        let rule = all[n % all.len()];
        let mut text = rule.vulnerable.to_owned();
        let at = (0..=text.len()).rev().find(|at| *at <= cut % (rule.vulnerable.len() + 1) && text.is_char_boundary(*at)).unwrap();
        text.insert_str(at, &junk);
        let _ = scan(&MemoryTree::new([(path_of(rule), text)]));
    }
}
