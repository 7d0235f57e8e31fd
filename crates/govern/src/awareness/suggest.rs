//! What was fixed once should stay fixed: a fixed vulnerability that no requirement with a test covers is
//! proposed as a requirement of the project's own.
//!
//! Covered is what has its own requirement already (its id says so), and what a passing test of an ASVS
//! requirement of its class covers. Vulnerable components, secrets and configuration are left out: their
//! scanners are the test.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Place, Severity, Sha256, Technique,
    awareness::ObservedFinding,
    requirement::{Requirement, Requirements, Source},
};
use serde::Serialize;

use super::guidance::{self, Guidance};

/// A proposed requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// Its id: `FIX-CWE-89-1a2b3c4d`. The end comes from weakness and place, so it is the same next time.
    pub id: String,
    /// The entry.
    pub requirement: Requirement,
    /// Worst of the fixed findings that it comes from.
    pub severity: Severity,
    /// Those findings, by scanner and rule.
    pub because: Vec<String>,
    /// An idea for its test.
    pub test: String,
    /// Requirements of the ASVS that prevent the class.
    pub asvs: Vec<String>,
}

/// Proposals for fixed findings, worst first. `passing` are the ids of requirements whose tests ran and passed.
pub fn suggest(
    fixed: &[ObservedFinding],
    known: &Requirements,
    passing: &BTreeSet<String>,
) -> Vec<Suggestion> {
    let mut all: BTreeMap<String, Suggestion> = BTreeMap::new();
    for finding in fixed.iter().filter(|finding| is_tested_by_tests(finding.technique)) {
        let found = guidance::for_finding(&finding.cwe);
        let Some(found) = found.map(|found| found.guidance) else { continue };
        let id = id(found, &finding.place);
        if known.contains_key(&id)
            || found.asvs.iter().any(|one| passing.contains(one) && known.contains_key(one))
        {
            continue;
        }
        let because = format!("{} {}: {}", finding.scanner, finding.rule, finding.title);
        let entry = all.entry(id.clone()).or_insert_with(|| suggestion(id, found, finding));
        entry.severity = entry.severity.max(finding.severity);
        if !entry.because.contains(&because) && entry.because.len() < 10 {
            entry.because.push(because);
        }
    }
    let mut all: Vec<Suggestion> = all.into_values().collect();
    all.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    all
}

/// The proposals as entries of the requirements file.
pub fn entries(all: &[Suggestion]) -> Requirements {
    all.iter().map(|one| (one.id.clone(), one.requirement.clone())).collect()
}

fn is_tested_by_tests(technique: Technique) -> bool {
    matches!(technique, Technique::Sast | Technique::Dast | Technique::Iast | Technique::Manual)
}

/// The place without what moves: no line, no column.
fn anchor(place: &Place) -> String {
    match place {
        Place::Code { path, symbol: Some(symbol), .. } => format!("{path} ({symbol})"),
        Place::Code { path, .. } | Place::Secret { path, .. } => path.clone(),
        other => other.label(),
    }
}

fn id(guidance: &Guidance, place: &Place) -> String {
    let hash = Sha256::of(format!("{}\0{}", guidance.cwe, anchor(place)));
    format!("FIX-CWE-{}-{}", guidance.cwe, &hash.hex()[..8])
}

fn suggestion(id: String, guidance: &Guidance, finding: &ObservedFinding) -> Suggestion {
    let place: String = anchor(&finding.place).chars().filter(|c| !c.is_control()).take(200).collect();
    let requirement = Requirement {
        title: format!("{} at {place} was fixed and does not come back", guidance.title),
        source: Source::AbuseCase,
        chapter: None,
        section: None,
        level: None,
        severity: None,
        reference: None,
        mitigations: None,
        milestones: Vec::new(),
        waived: None,
        not_applicable: None,
    };
    Suggestion {
        id,
        requirement,
        severity: finding.severity,
        because: Vec::new(),
        test: guidance.test.clone(),
        asvs: guidance.asvs.clone(),
    }
}
