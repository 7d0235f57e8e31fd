//! A gate's decision, written as a SLSA verification summary (VSA v1), and exceptions.

use serde::{Deserialize, Serialize};

use crate::{
    FindingId, Predicate, RunId, Subject, Timestamp,
    evidence::{Outcome, Verdict},
};

/// SLSA Verification Summary v1. Subject: the artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vsa {
    /// Who decided (`id` and component versions).
    pub verifier: super::Builder,
    /// When.
    pub time_verified: Timestamp,
    /// `urn:proofhouse:environment:PROJECT/ENVIRONMENT`.
    pub resource_uri: String,
    /// The rules, by digest.
    pub policy: Subject,
    /// The statements it relied on, by envelope digest.
    pub input_attestations: Vec<Subject>,
    /// `PASSED` or `FAILED`.
    pub verification_result: String,
    /// Levels that were verified, e.g. `SLSA_BUILD_LEVEL_2`, at most one per track, and properties;
    /// `FAILED` when the result is.
    pub verified_levels: Vec<String>,
    /// SLSA version.
    pub slsa_version: String,
    /// The whole verdict.
    pub proofhouse: DecisionContext,
}

impl Predicate for Vsa {
    const TYPE: &'static str = "https://slsa.dev/verification_summary/v1";
}

impl Vsa {
    /// What was decided. Result and verdict must agree; when they do not, the stricter one counts.
    pub fn outcome(&self) -> Outcome {
        match self.verification_result.as_str() {
            "PASSED" => self.proofhouse.verdict.outcome,
            _ => Outcome::Deny,
        }
    }
}

/// What Proofhouse adds to a VSA.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionContext {
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// Run that made the artifact.
    pub run: Option<RunId>,
    /// Every rule with its reasons. The evidence document is the blob `verdict.evidence`.
    pub verdict: Verdict,
    /// Why the levels are what they are, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels_because: Vec<String>,
}

/// An accepted risk with an end. Subject: the project's source tree or the artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// Project.
    pub project: String,
    /// Finding it covers, or
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingId>,
    /// rule id it covers. Exactly one of the two is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Environment it is limited to; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Written reason, at least 10 characters.
    pub reason: String,
    /// Who accepted.
    pub by: String,
    /// When it was made.
    pub at: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

impl Predicate for Exception {
    const TYPE: &'static str = "urn:proofhouse:predicate:exception:v1";
}
