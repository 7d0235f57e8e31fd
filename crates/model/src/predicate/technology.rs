//! Technologies: what a source uses besides its packages, and what people think and decide about them.

use serde::{Deserialize, Serialize};

use crate::{By, Digest, Predicate, Role, RunId, Timestamp};

/// What a source uses besides the packages in its bill of materials. Subject: the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Technologies {
    /// Project.
    pub project: String,
    /// Run that looked; absent for a scan outside of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What was found.
    pub uses: Vec<TechnologyUse>,
    /// What could not be read or is decided elsewhere, one sentence each; bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
    /// When.
    pub at: Timestamp,
}

impl Predicate for Technologies {
    const TYPE: &'static str = "urn:proofhouse:predicate:technologies:v1";
}

/// One technology that a source uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TechnologyUse {
    /// `language`, `image`, `service`, `pipeline`, `action`, `provider`, `chart` or `platform`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Version, as it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Package URL without version, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Files that say so.
    pub files: u64,
    /// The first of them.
    pub places: Vec<String>,
    /// Of a language: percent of the files that are in any language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<u8>,
}

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
