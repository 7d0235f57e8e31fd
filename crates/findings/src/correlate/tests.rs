//! What joins, what must not, and that grouping is a partition whatever the order.

use model::{Confidence, Severity, Technique, identity};
use proptest::prelude::*;

use super::*;

fn finding(scanner: &str, rule: &str, cwe: &[u32], aliases: &[&str], place: Place) -> Finding {
    let mut finding = Finding {
        id: FindingId(Sha256([0; 32])),
        scanner: scanner.into(),
        rule: rule.into(),
        technique: Technique::Sast,
        severity: Severity::High,
        confidence: Confidence::Medium,
        title: rule.into(),
        message: String::new(),
        cwe: cwe.to_vec(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        place,
        fix: None,
        help: None,
        cvss: None,
    };
    identity::Identifier::default().assign(&mut finding);
    finding
}

fn code(scanner: &str, cwe: u32, path: &str, lines: (u32, u32)) -> Finding {
    let place = Place::Code {
        path: path.into(),
        line: Some(lines.0),
        column: None,
        end_line: Some(lines.1),
        symbol: None,
        context: None,
    };
    finding(scanner, &format!("rule-{cwe}-{}", lines.0), &[cwe], &[], place)
}

fn package(scanner: &str, purl: &str, aliases: &[&str]) -> Finding {
    finding(scanner, aliases[0], &[], aliases, Place::Package { purl: purl.into(), manifest: None })
}

fn secret(scanner: &str, path: &str, line: u32, value: &str) -> Finding {
    let fingerprint = Sha256::of(value);
    finding(scanner, "key", &[798], &[], Place::Secret { path: path.into(), line: Some(line), fingerprint })
}

/// Grades of the joins of two findings; nothing when they are two vulnerabilities.
fn joined(a: &Finding, b: &Finding) -> Option<Grade> {
    let groups = correlate(&[a.clone(), b.clone()]);
    groups.first().filter(|_| groups.len() == 1).map(|group| group.reasons[0].grade)
}

#[test]
fn packages_join_by_advisory() {
    let flask = package("pip-audit", "pkg:pypi/flask@2.2.2", &["PYSEC-2023-62", "CVE-2023-30861"]);
    assert_eq!(
        joined(&flask, &package("trivy", "pkg:pypi/Flask@2.2.2", &["CVE-2023-30861"])),
        Some(Grade::Exact)
    );
    assert_eq!(joined(&flask, &package("trivy", "pkg:pypi/flask@2.2.2", &["CVE-2020-1"])), None);
    assert_eq!(joined(&flask, &package("trivy", "pkg:npm/flask@2.2.2", &["CVE-2023-30861"])), None);
}

#[test]
fn credentials_join_by_value_or_line() {
    let leak = secret("gitleaks", ".env", 3, "v");
    assert_eq!(joined(&leak, &secret("kingfisher", "copy/.env", 9, "v")), Some(Grade::Exact));
    assert_eq!(joined(&leak, &secret("trivy", ".env", 3, "hidden")), Some(Grade::Place));
    assert_eq!(joined(&leak, &code("bandit", 259, ".env", (3, 3))), Some(Grade::Place));
    assert_eq!(joined(&leak, &code("bandit", 89, ".env", (3, 3))), None);
}

#[test]
fn code_joins_by_weakness_and_place() {
    let bandit = code("bandit", 89, "a.py", (10, 12));
    assert_eq!(joined(&bandit, &code("semgrep", 89, "a.py", (12, 12))), Some(Grade::Place));
    assert_eq!(joined(&bandit, &code("semgrep", 564, "a.py", (11, 11))), Some(Grade::Related));
    assert_eq!(joined(&bandit, &code("semgrep", 89, "a.py", (13, 13))), None);
    assert_eq!(joined(&bandit, &code("semgrep", 79, "a.py", (10, 12))), None);
    assert_eq!(joined(&bandit, &code("semgrep", 89, "b.py", (10, 12))), None);
    assert_eq!(
        joined(&bandit, &code("bandit", 89, "a.py", (12, 12))),
        None,
        "one scanner said it twice on purpose"
    );
    let (os, argument) = (code("bandit", 78, "a.py", (1, 1)), code("semgrep", 88, "a.py", (1, 1)));
    assert_eq!(joined(&os, &argument), None, "two kinds of command injection");
}

proptest! {
    #[test]
    fn groups_are_a_partition_and_do_not_depend_on_order(
        parts in prop::collection::vec((0..3_usize, 0..4_usize, 1..6_u32, 0..3_u8), 0..25),
        rotate in 0..25_usize,
    ) {
        let scanners = ["bandit", "semgrep", "codeql"];
        let mut all: Vec<Finding> = parts.iter().map(|(scanner, what, line, kind)| match kind {
            0 => code(scanners[*scanner], [89, 564, 798, 78][*what], "a.py", (*line, *line + 1)),
            1 => package(scanners[*scanner], "pkg:pypi/a@1", &[["CVE-1", "CVE-2", "CVE-3", "CVE-4"][*what]]),
            _ => secret(scanners[*scanner], "a.py", *line, ["a", "b", "c", "d"][*what]),
        }).collect();
        all.sort_by_key(|f| f.id);
        all.dedup_by_key(|f| f.id);
        let groups = correlate(&all);
        let mut members: Vec<FindingId> = groups.iter().flat_map(|g| g.members.clone()).collect();
        members.sort();
        let mut ids: Vec<FindingId> = all.iter().map(|f| f.id).collect();
        ids.sort();
        prop_assert_eq!(members, ids);
        prop_assert!(groups.iter().all(|g| g.reasons.len() + 1 == g.members.len()));
        let middle = rotate.min(all.len());
        all.rotate_left(middle);
        prop_assert_eq!(correlate(&all), groups);
    }
}
