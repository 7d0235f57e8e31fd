//! A gate's decision, written as a SLSA verification summary (VSA v1), and exceptions.

use serde::{Deserialize, Serialize};

use crate::{FindingId, Predicate, RunId, Subject, Timestamp, evidence::Verdict};

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

/// A VSA without anything of ours, for verifiers that want nothing else. It is no decision of a gate: whoever
/// looks for one does not take this for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlainVsa {
    /// Who decided.
    pub verifier: super::Builder,
    /// When.
    pub time_verified: Timestamp,
    /// What for.
    pub resource_uri: String,
    /// The rules.
    pub policy: Subject,
    /// The statements that were relied on.
    pub input_attestations: Vec<Subject>,
    /// `PASSED` or `FAILED`.
    pub verification_result: String,
    /// Levels and properties.
    pub verified_levels: Vec<String>,
    /// SLSA version.
    pub slsa_version: String,
}

impl Predicate for PlainVsa {
    const TYPE: &'static str = Vsa::TYPE;
}

impl From<Vsa> for PlainVsa {
    fn from(vsa: Vsa) -> Self {
        Self {
            verifier: vsa.verifier,
            time_verified: vsa.time_verified,
            resource_uri: vsa.resource_uri,
            policy: vsa.policy,
            input_attestations: vsa.input_attestations,
            verification_result: vsa.verification_result,
            verified_levels: vsa.verified_levels,
            slsa_version: vsa.slsa_version,
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
