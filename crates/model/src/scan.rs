//! What a scan did, not only what it found: coverage is evidence too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Finding, Severity, Sha256, Technique, Timestamp};

/// A tool as evidence names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ToolRef {
    /// Name, e.g. `bandit`, `proofhouse-sast`.
    pub name: String,
    /// Version as the tool prints it.
    pub version: String,
    /// Tree digest from `proofhouse.lock`; absent when the tool is not pinned (an imported report).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
}

/// A file or route that a scan left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Path or route.
    pub what: String,
    /// Why, as one phrase: `too large`, `binary`, `syntax error at line 3`.
    pub why: String,
}

/// How much of its target a scan really looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Files (or routes, or packages) that were candidates.
    pub seen: u64,
    /// Files whose names were looked at to find the candidates, when that was the whole tree. Only a
    /// scan for which a tree without candidates is a result says so (lock files, configuration): a
    /// static analysis that knows none of the languages has not looked at the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<u64>,
    /// Of these, how many were examined to the end.
    pub scanned: u64,
    /// Left out, with reason; at most 1,000 are listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// Errors the tool reported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Rules or advisories the scan applied, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<u64>,
    /// Whether the report itself says what it covered. A report that is silent is not complete.
    pub stated: bool,
    /// Moment of the advisory data used (SCA), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_as_of: Option<Timestamp>,
    /// Security requirements that rules or results are tagged with, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requirements: BTreeMap<String, TaggedRules>,
}

/// What a scan says about a security requirement; the first few of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaggedRules {
    /// Rules with its tag that were applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Findings with its tag or of such a rule: rule and place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
    /// The same, withdrawn by the report itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<String>,
}

impl TaggedRules {
    /// Names kept in each list.
    pub const MOST: usize = 20;

    /// Keeps a name that is new in one of the lists, while there is room.
    pub fn keep(list: &mut Vec<String>, name: String) {
        if list.len() < Self::MOST && !list.contains(&name) {
            list.push(name);
        }
    }
}

impl Coverage {
    /// Most entries kept in each list.
    pub const MOST_LISTED: usize = 1000;
    /// Most requirements that a scan speaks of: as many as a project can have.
    pub const MOST_REQUIREMENTS: usize = 5000;

    /// What is said of a requirement, to be added to. Beyond the most it is an error of the scan, which then is
    /// not complete.
    pub fn tagged(&mut self, requirement: &str) -> Option<&mut TaggedRules> {
        if !self.requirements.contains_key(requirement) && self.requirements.len() >= Self::MOST_REQUIREMENTS
        {
            let message = format!("it names more than {} requirements", Self::MOST_REQUIREMENTS);
            if !self.errors.contains(&message) {
                self.error(message);
            }
            return None;
        }
        Some(self.requirements.entry(requirement.to_owned()).or_default())
    }

    /// Complete: it says what it saw, has no errors, and either examined something or searched the whole
    /// tree and [found nothing of its kind](Self::nothing_of_its_kind).
    pub fn is_complete(&self) -> bool {
        let looked = self.seen > 0 && self.scanned > 0;
        self.stated && self.errors.is_empty() && (looked || self.nothing_of_its_kind())
    }

    /// It searched a whole tree that is not empty, without an error, and says that there is nothing for it
    /// to examine.
    pub fn nothing_of_its_kind(&self) -> bool {
        self.stated
            && self.errors.is_empty()
            && self.seen == 0
            && self.searched.is_some_and(|files| files > 0)
    }

    /// Records a left-out item, keeping the list bounded.
    pub fn skip(&mut self, what: impl Into<String>, why: impl Into<String>) {
        if self.skipped.len() < Self::MOST_LISTED {
            self.skipped.push(Skipped { what: what.into(), why: why.into() });
        }
    }

    /// Records an error, keeping the list bounded.
    pub fn error(&mut self, error: impl Into<String>) {
        if self.errors.len() < Self::MOST_LISTED {
            self.errors.push(error.into());
        }
    }
}

/// Counts by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BySeverity {
    /// Critical.
    pub critical: u64,
    /// High.
    pub high: u64,
    /// Medium.
    pub medium: u64,
    /// Low.
    pub low: u64,
    /// Info.
    pub info: u64,
}

impl BySeverity {
    /// Counts one more.
    pub fn add(&mut self, severity: Severity) {
        *match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Info => &mut self.info,
        } += 1;
    }

    /// The count of one severity.
    pub fn get(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
        }
    }

    /// Sum of all.
    pub fn total(&self) -> u64 {
        self.critical + self.high + self.medium + self.low + self.info
    }
}

/// What a scan, built in or imported, hands over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanReport {
    /// The tool.
    pub tool: ToolRef,
    /// Family of testing.
    pub technique: Technique,
    /// Findings with their identity set.
    pub findings: Vec<Finding>,
    /// How much was looked at.
    pub coverage: Coverage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_found_by_a_search_of_everything_is_a_result_and_nothing_looked_at_is_not() {
        let searched = Coverage { stated: true, searched: Some(7), ..Coverage::default() };
        assert!(searched.is_complete() && searched.nothing_of_its_kind());
        let silent = Coverage { searched: None, ..searched.clone() };
        let empty = Coverage { searched: Some(0), ..searched.clone() };
        let unstated = Coverage { stated: false, ..searched.clone() };
        let unread = Coverage { seen: 2, ..searched.clone() };
        let mut broken = searched;
        broken.error("Cargo.lock: line 1");
        for coverage in [silent, empty, unstated, unread, broken] {
            assert!(!coverage.is_complete(), "{coverage:?}");
        }
    }

    #[test]
    fn a_statement_from_before_has_searched_nothing() {
        let old = r#"{"seen":0,"scanned":0,"stated":true}"#;
        let coverage: Coverage = serde_json::from_str(old).unwrap();
        assert!(!coverage.is_complete());
        assert_eq!(serde_json::to_string(&coverage).unwrap(), old);
    }
}
