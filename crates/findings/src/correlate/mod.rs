//! Findings of different scanners that are one vulnerability.
//!
//! Only joins that are certain, each with its reason and grade, so that a person can see and undo
//! them. Groups are the connected parts; a finding that joins nothing is a group of its own.
//!
//! | grade | joins |
//! |---|---|
//! | exact | same package and a common advisory id; same credential (fingerprint) |
//! | place | credentials at the same line, or a credential and code with a hard-coded-credential weakness; code of two scanners with the same CWE at overlapping lines or in the same function |
//! | related | the same, where one CWE is the parent of the other |

mod code;
mod union;

use std::collections::HashMap;

use model::{Finding, FindingId, Place, Sha256, identity::unversioned};
use serde::{Deserialize, Serialize};

use self::union::Union;
use crate::normalise::{cwe::IS_CREDENTIAL, purl};

/// How sure a join is. Orders from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Same place, related weaknesses.
    Related,
    /// Same place, same weakness.
    Place,
    /// The thing itself is the same.
    Exact,
}

/// Why two findings are in one group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Join {
    /// One finding.
    pub a: FindingId,
    /// The other.
    pub b: FindingId,
    /// How sure.
    pub grade: Grade,
    /// One phrase for people, e.g. `same package and advisory CVE-2023-30861`.
    pub reason: String,
}

/// One vulnerability: every finding that witnesses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Ids, sorted; at least one.
    pub members: Vec<FindingId>,
    /// A chain of joins that connects all members; one fewer than members.
    pub reasons: Vec<Join>,
}

/// Groups `findings`. Every finding is in exactly one group; groups are sorted by their first
/// member. The order of the input does not matter.
pub fn correlate(findings: &[Finding]) -> Vec<Group> {
    let mut order: Vec<&Finding> = findings.iter().collect();
    order.sort_by_key(|finding| finding.id);
    order.dedup_by_key(|finding| finding.id);
    let mut joins = Joins { findings: order, union: Union::default(), made: Vec::new() };
    joins.union.grow(joins.findings.len());
    joins.packages();
    joins.credentials();
    joins.credentials_by_line();
    code::join(&mut joins);
    joins.groups()
}

/// The findings and what joins them so far. Surer joins are tried first, so the chain that is kept
/// is of the surest.
struct Joins<'f> {
    findings: Vec<&'f Finding>,
    union: Union,
    made: Vec<(usize, Join)>,
}

impl<'f> Joins<'f> {
    fn join(&mut self, a: usize, b: usize, grade: Grade, reason: impl FnOnce() -> String) {
        if self.union.join(a, b) {
            let (first, second) = (self.findings[a.min(b)].id, self.findings[a.max(b)].id);
            self.made.push((a, Join { a: first, b: second, grade, reason: reason() }));
        }
    }

    fn packages(&mut self) {
        let mut first: HashMap<(String, String), usize> = HashMap::new();
        for n in 0..self.findings.len() {
            let Place::Package { purl: text, .. } = &self.findings[n].place else { continue };
            let package = purl::clean(unversioned(text)).unwrap_or_else(|| unversioned(text).to_owned());
            for alias in &self.findings[n].aliases {
                let alias = alias.to_ascii_uppercase();
                let other = *first.entry((package.clone(), alias.clone())).or_insert(n);
                self.join(other, n, Grade::Exact, || format!("same package and advisory {alias}"));
            }
        }
    }

    fn credentials(&mut self) {
        let mut first: HashMap<Sha256, usize> = HashMap::new();
        for n in 0..self.findings.len() {
            let Place::Secret { fingerprint, .. } = &self.findings[n].place else { continue };
            let other = *first.entry(*fingerprint).or_insert(n);
            self.join(other, n, Grade::Exact, || "same credential".into());
        }
    }

    fn credentials_by_line(&mut self) {
        let mut first: HashMap<(&'f str, u32), usize> = HashMap::new();
        let is_secret = |f: &Finding| matches!(f.place, Place::Secret { .. });
        // Secrets first: code joins a credential, not other code.
        let (secrets, others): (Vec<usize>, Vec<usize>) =
            (0..self.findings.len()).partition(|n| is_secret(self.findings[*n]));
        for n in secrets.into_iter().chain(others) {
            let finding: &'f Finding = self.findings[n];
            let Some(at) = finding.place.path().zip(finding.place.line()) else { continue };
            if is_secret(finding) {
                let other = *first.entry(at).or_insert(n);
                self.join(other, n, Grade::Place, || "credentials at the same line".into());
            } else if finding.cwe.iter().any(|cwe| IS_CREDENTIAL.contains(cwe))
                && let Some(other) = first.get(&at)
            {
                self.join(*other, n, Grade::Place, || "a hard-coded credential at the same line".into());
            }
        }
    }

    fn groups(mut self) -> Vec<Group> {
        let mut groups: HashMap<usize, Group> = HashMap::new();
        for (n, finding) in self.findings.iter().enumerate() {
            let root = self.union.root(n);
            let group =
                groups.entry(root).or_insert_with(|| Group { members: Vec::new(), reasons: Vec::new() });
            group.members.push(finding.id);
        }
        for (n, join) in self.made {
            let root = self.union.root(n);
            groups.entry(root).and_modify(|group| group.reasons.push(join));
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by_key(|group| group.members[0]);
        groups
    }
}

#[cfg(test)]
mod tests;
