//! What people decide about technologies: signatures under entries of the catalogue.

use serde::{Deserialize, Serialize};

use crate::{By, Digest, Predicate, Role, Timestamp};

/// A signature under one entry of the technology catalogue, or its refusal. Subjects: the text that is signed,
/// and the evidence that the entry names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TechnologyReview {
    /// Name of the entry.
    pub technology: String,
    /// Ring that the entry recommends.
    pub ring: String,
    /// The entry and the quorum it is under, as compact JSON; the first subject is its SHA-256.
    pub signed: String,
    /// The evidence that the entry names, a blob.
    pub evidence: Digest,
    /// Whether they agree.
    pub approve: bool,
    /// The role in which they sign.
    pub role: Role,
    /// Why; always there for a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who signs.
    pub by: By,
    /// Who entered it, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Predicate for TechnologyReview {
    const TYPE: &'static str = "urn:proofhouse:predicate:technology-review:v1";
}

/// What somebody thinks of a technology: a score for one criterion, or a vote for a ring. Subject: the
/// technology, by the SHA-256 of its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TechnologyAssessment {
    /// Name of the technology.
    pub technology: String,
    /// The criterion that is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<String>,
    /// 1 (poor) to 5 (very good).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// The ring that is voted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vote: Option<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who.
    pub by: By,
    /// Who entered it, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Predicate for TechnologyAssessment {
    const TYPE: &'static str = "urn:proofhouse:predicate:technology-assessment:v1";
}

/// A result of the OpenSSF Scorecard for a technology, as somebody brought it in. Subject: the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScorecardImport {
    /// Name of the technology.
    pub technology: String,
    /// The score in all, 0 to 10.
    pub score: f64,
    /// Repository that was looked at.
    pub repository: String,
    /// When, as the report says.
    pub date: String,
    /// The report as it is, a blob.
    pub report: Digest,
    /// Who brought it in.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

impl Predicate for ScorecardImport {
    const TYPE: &'static str = "urn:proofhouse:predicate:scorecard-import:v1";
}
