//! Reviews that people sign: of a release before it is deployed, and of how things are done, by schedule.
//!
//! What was reviewed is a document in the blob store; what people say about it are statements of their own,
//! so that nobody's word can be changed with another's.

use serde::{Deserialize, Serialize};

use crate::{
    By, Digest, FindingId, Predicate, Role, RunId, Severity, Sha256, Subject, Timestamp, requirement::Date,
};

/// A release that is put before people. Subject: the artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReview {
    /// Project.
    pub project: String,
    /// Environment that it wants to enter.
    pub environment: String,
    /// Run that made it.
    pub run: RunId,
    /// SHA-256 of the artifact.
    pub artifact: Sha256,
    /// What people read: a JSON document, a blob.
    pub document: Digest,
    /// What it stands on.
    pub basis: ReviewBasis,
    /// Roles that are asked to sign, sorted, at least one.
    pub roles: Vec<Role>,
    /// Who took part in the change, as far as is known: who started the run, and names and addresses of the
    /// commits' authors. They cannot sign alone.
    pub authors: Vec<String>,
    /// Who put it together.
    pub by: By,
    /// When.
    pub at: Timestamp,
    /// From then on it counts for nothing.
    pub expires: Timestamp,
}

impl Predicate for ReleaseReview {
    const TYPE: &'static str = "urn:proofhouse:predicate:release-review:v1";
}

/// The evidence as it was when a release review was made: whatever differs later makes it void.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewBasis {
    /// Ledger index of the run's first statement.
    pub from: u64,
    /// Number of ledger entries that there were.
    pub through: u64,
    /// The statements that the gate relies on, by envelope digest.
    pub inputs: Vec<Subject>,
    /// What decides: the built-in rules, the configuration and the project's own rules and requirements.
    pub policy: Sha256,
    /// Findings at or above this severity deny; absent: they never do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Severity>,
    /// Open findings at or above it, sorted.
    pub findings: Vec<FindingId>,
    /// Accepted risks in force.
    pub exceptions: Vec<AcceptedUntil>,
    /// Security requirements that were met.
    pub requirements: Vec<MetRequirement>,
}

/// An accepted risk that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedUntil {
    /// Ledger index of the exception.
    pub index: u64,
    /// When it ends.
    pub expires: Timestamp,
}

/// A security requirement that was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetRequirement {
    /// Its id.
    pub id: String,
    /// Last day (UTC) of its waiver, where it was met by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// What somebody says about a review, or about one point of it. Subject: the review's envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewAnswer {
    /// Envelope digest of the review's statement.
    pub review: Sha256,
    /// Project, where the review is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Id of the point it answers; absent: the review as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<String>,
    /// What they decided.
    pub verdict: ReviewVerdict,
    /// Role that they answer for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// In words; a rejection has at least ten characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Who.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

impl Predicate for ReviewAnswer {
    const TYPE: &'static str = "urn:proofhouse:predicate:review-answer:v1";
}

/// What somebody decided about a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewVerdict {
    /// They stand for it.
    Sign,
    /// They do not.
    Reject,
    /// They only say something.
    Comment,
    /// A point: it will be done.
    Accept,
    /// A point: it will not be done.
    Decline,
    /// A point: it was done.
    Done,
    /// Somebody else shall answer the review; `text` is their name.
    Assign,
}

impl ReviewVerdict {
    /// All.
    pub const ALL: [Self; 7] =
        [Self::Sign, Self::Reject, Self::Comment, Self::Accept, Self::Decline, Self::Done, Self::Assign];

    /// As written in statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Reject => "reject",
            Self::Comment => "comment",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Done => "done",
            Self::Assign => "assign",
        }
    }

    /// By its word.
    pub fn from_name(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == word)
    }
}

/// What is looked at again and again, by schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewKind {
    /// How software is built: slow, flaky, with what secrets.
    BuildProcess,
    /// How it is deployed: roll-backs, gates that are always overridden, accepted risks.
    DeploymentPractice,
    /// What scanners find, miss, and say wrongly.
    Scanners,
    /// Tools: pinned, current.
    Tools,
    /// The technology catalogue.
    Catalogue,
    /// Who may do what, and who does.
    AccessRights,
}

impl ReviewKind {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::BuildProcess,
        Self::DeploymentPractice,
        Self::Scanners,
        Self::Tools,
        Self::Catalogue,
        Self::AccessRights,
    ];

    /// As written in statements and in the organisation's file.
    pub fn name(self) -> &'static str {
        match self {
            Self::BuildProcess => "build-process",
            Self::DeploymentPractice => "deployment-practice",
            Self::Scanners => "scanners",
            Self::Tools => "tools",
            Self::Catalogue => "catalogue",
            Self::AccessRights => "access-rights",
        }
    }

    /// By its word.
    pub fn from_name(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

/// A periodic review as it was generated from data. Subject: the state of the ledger, by the SHA-256 of the
/// envelope of its last entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// What is reviewed.
    pub kind: ReviewKind,
    /// Beginning of the time that it looks at.
    pub from: Timestamp,
    /// When it was generated; the end of that time.
    pub at: Timestamp,
    /// Number of ledger entries that there were.
    pub through: u64,
    /// Concrete suggestions, the most important first.
    pub points: Vec<ReviewPoint>,
    /// Figures that describe the time, e.g. of DORA.
    pub figures: Vec<ReviewFigure>,
    /// What could not be looked at, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Who shall answer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<String>,
    /// By when.
    pub due: Timestamp,
    /// Who generated it.
    pub by: By,
}

impl Predicate for Review {
    const TYPE: &'static str = "urn:proofhouse:predicate:review:v1";
}

/// One suggestion of a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPoint {
    /// Id, unique in the review and the same when the same is suggested again: `noisy-rule:bandit/B101`.
    pub id: String,
    /// The rule that suggests it, e.g. `noisy-rule`.
    pub rule: String,
    /// Project, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What was seen, with its numbers.
    pub seen: String,
    /// What to do.
    pub suggestion: String,
    /// Ledger indices of statements that show it, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<u64>,
}

/// A figure of a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFigure {
    /// What it is.
    pub name: String,
    /// With its unit, or why it is not known.
    pub value: String,
}
