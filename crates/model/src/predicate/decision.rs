//! A gate's decision, written as a SLSA verification summary (VSA v1), and exceptions.

use serde::{Deserialize, Serialize};

use crate::{
    Predicate, RunId, Subject, Timestamp,
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
