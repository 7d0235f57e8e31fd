//! The most common causes of a scope: which classes of weakness come again and again, fixed or not.

use std::collections::{BTreeMap, BTreeSet};

use model::{Severity, awareness::ClassFacts};
use serde::Serialize;

use super::guidance;

/// A class of weakness and how often it occurred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Number (CWE) of the class that there is guidance for.
    pub cwe: u32,
    /// Its name.
    pub title: String,
    /// Open now.
    pub open: u64,
    /// Fixed now.
    pub fixed: u64,
    /// Worst severity seen.
    pub worst: Severity,
    /// Projects that have or had it.
    pub projects: BTreeSet<String>,
    /// What orders causes: every finding counts, more when it is worse.
    pub weight: u64,
}

/// How much a finding of a severity counts. Hints count nothing: there can be thousands of them.
fn weight(severity: Severity) -> u64 {
    match severity {
        Severity::Critical => 10,
        Severity::High => 5,
        Severity::Medium => 2,
        Severity::Low => 1,
        Severity::Info => 0,
    }
}

/// The causes in the order of their weight, heaviest first, and the number of findings that belong to no class.
pub fn rank(classes: &[ClassFacts]) -> (Vec<Cause>, u64) {
    let (mut causes, mut without): (BTreeMap<u32, Cause>, u64) = (BTreeMap::new(), 0);
    for facts in classes {
        let Some(found) = guidance::for_finding(&facts.cwe) else {
            without += facts.open + facts.fixed;
            continue;
        };
        let cause = causes.entry(found.guidance.cwe).or_insert_with(|| Cause {
            cwe: found.guidance.cwe,
            title: found.guidance.title.clone(),
            open: 0,
            fixed: 0,
            worst: facts.severity,
            projects: BTreeSet::new(),
            weight: 0,
        });
        cause.open += facts.open;
        cause.fixed += facts.fixed;
        cause.worst = cause.worst.max(facts.severity);
        cause.weight += weight(facts.severity) * (facts.open + facts.fixed);
        cause.projects.insert(facts.project.clone());
    }
    let mut causes: Vec<Cause> = causes.into_values().collect();
    causes.sort_by(|a, b| {
        let count = |cause: &Cause| cause.open + cause.fixed;
        b.weight.cmp(&a.weight).then(count(b).cmp(&count(a))).then(a.cwe.cmp(&b.cwe))
    });
    (causes, without)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(project: &str, cwe: &[u32], severity: Severity, open: u64, fixed: u64) -> ClassFacts {
        let first_seen = model::Timestamp::UNIX_EPOCH;
        ClassFacts {
            project: project.into(),
            cwe: cwe.to_vec(),
            severity,
            open,
            fixed,
            first_seen,
            first_fixed: None,
        }
    }

    #[test]
    fn kinds_of_one_weakness_are_one_cause_and_the_heaviest_comes_first() {
        let (causes, without) = rank(&[
            facts("a", &[79], Severity::Medium, 3, 0),
            facts("a", &[564], Severity::High, 1, 1),
            facts("b", &[89], Severity::Critical, 0, 2),
            facts("b", &[], Severity::Low, 4, 1),
        ]);
        assert_eq!(without, 5);
        let told: Vec<_> =
            causes.iter().map(|c| (c.cwe, c.open, c.fixed, c.worst, c.projects.len(), c.weight)).collect();
        assert_eq!(told, [(89, 1, 3, Severity::Critical, 2, 30), (79, 3, 0, Severity::Medium, 1, 6)]);
    }
}
