//! What happened to the findings of some projects, as facts: how often each class of weakness occurred, what is
//! new, what was fixed, what is still open and for how long, what was accepted.
//!
//! A finding that two scanners report is two findings here.

use serde::{Deserialize, Serialize};

use crate::{
    BySeverity, FindingId, Place, Severity, Technique, Timestamp, portfolio::RuleQuality,
    predicate::TriageState,
};

/// Facts about some projects up to a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AwarenessFacts {
    /// Every combination of weaknesses with its numbers, over all time.
    pub classes: Vec<ClassFacts>,
    /// Found for the first time in the window; worst first, at most [`Self::MOST_LISTED`].
    pub appeared: Vec<ObservedFinding>,
    /// Fixed in the window and still so; worst first, at most [`Self::MOST_LISTED`].
    pub fixed: Vec<ObservedFinding>,
    /// How many appeared.
    pub appeared_count: BySeverity,
    /// How many were fixed.
    pub fixed_count: BySeverity,
    /// How many are open.
    pub open_count: BySeverity,
    /// Open for the longest time; of each severity at most [`Self::MOST_LISTED`].
    pub oldest: Vec<ObservedFinding>,
    /// Accepted for a while in the window, at most [`Self::MOST_LISTED`].
    pub accepted: Vec<Acceptance>,
    /// Judged in the window to be none, or real and left, and still so; at most [`Self::MOST_LISTED`].
    #[serde(default)]
    pub judged: Vec<Judgement>,
    /// How good the rules are whose findings were judged, over all time; most false positives first, at most
    /// [`Self::MOST_LISTED`].
    #[serde(default)]
    pub rules: Vec<RuleQuality>,
}

impl AwarenessFacts {
    /// Most entries of each list.
    pub const MOST_LISTED: usize = 500;
}

/// How often findings with exactly these weaknesses occurred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassFacts {
    /// Project.
    pub project: String,
    /// Numbers (CWE) as the findings have them; may be empty.
    pub cwe: Vec<u32>,
    /// Severity.
    pub severity: Severity,
    /// Open now.
    pub open: u64,
    /// Fixed now.
    pub fixed: u64,
    /// When the first of them was seen.
    pub first_seen: Timestamp,
    /// When the first of those that are fixed was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_fixed: Option<Timestamp>,
}

/// A finding and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedFinding {
    /// Identity.
    pub id: FindingId,
    /// Project.
    pub project: String,
    /// Family of testing.
    pub technique: Technique,
    /// Scanner.
    pub scanner: String,
    /// The scanner's rule.
    pub rule: String,
    /// Severity.
    pub severity: Severity,
    /// One short line.
    pub title: String,
    /// Numbers (CWE).
    pub cwe: Vec<u32>,
    /// Where.
    pub place: Place,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was fixed; absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Timestamp>,
}

/// Somebody judged a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// Project.
    pub project: String,
    /// The finding.
    pub finding: FindingId,
    /// Its title; its id where it is not known here any more.
    pub title: String,
    /// The scanner and its rule, where they are known.
    pub rule: Option<(String, String)>,
    /// What it is.
    pub state: TriageState,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
}

/// Something was accepted for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Project.
    pub project: String,
    /// The finding or the rule.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// Until when.
    pub expires: Timestamp,
}
