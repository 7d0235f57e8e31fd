//! Deployments, and the receipts that the target side writes.

use serde::{Deserialize, Serialize};

use crate::{DeploymentId, Predicate, RunId, Sha256, Timestamp};

/// One attempt to bring an artifact into an environment. Subject: the artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Project.
    pub project: String,
    /// Deployment id.
    pub deployment: DeploymentId,
    /// Environment.
    pub environment: String,
    /// Driver, e.g. `host`.
    pub driver: String,
    /// Run that made the artifact.
    pub run: Option<RunId>,
    /// Output name of the artifact.
    pub artifact: String,
    /// Digest of the artifact.
    pub digest: Sha256,
    /// Envelope digest of the decision that let it in (or refused it).
    pub decision: Sha256,
    /// Artifact digest that was active before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Sha256>,
    /// Who asked.
    pub actor: String,
    /// Start.
    pub started: Timestamp,
    /// End.
    pub ended: Timestamp,
    /// Stages in order.
    pub stages: Vec<DeploymentStage>,
    /// Result.
    pub result: DeploymentResult,
    /// Health as last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthRecord>,
    /// Base address that was deployed to, e.g. `http://127.0.0.1:8080`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Names of deploy-specific variables with the digest of each value.
    #[serde(default)]
    pub variables: std::collections::BTreeMap<String, Sha256>,
}

impl Predicate for Deployment {
    const TYPE: &'static str = "urn:proofhouse:predicate:deployment:v1";
}

/// A stage: `gate`, `transfer`, `verify`, `activate`, `health`, `reverify`, `dast`, `rollback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentStage {
    /// Name.
    pub name: String,
    /// Whether it went well.
    pub ok: bool,
    /// One sentence.
    pub detail: String,
    /// End.
    pub at: Timestamp,
}

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentResult {
    /// The artifact is active.
    Deployed,
    /// The gate refused it; nothing was touched.
    Denied,
    /// It never became active; the previous release stayed.
    Failed,
    /// It was active, failed its health check or re-verification, and the previous release is back.
    RolledBack,
    /// It was active, a check against it was critical, and the previous release is back.
    Reversed,
    /// The process died; a later command recorded it and what is active now.
    Interrupted,
}

impl DeploymentResult {
    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
            Self::Reversed => "reversed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Health of a deployed application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthRecord {
    /// Whether it answered as expected.
    pub healthy: bool,
    /// Attempts made.
    pub attempts: u32,
    /// Milliseconds until the first good answer.
    pub after_ms: u64,
    /// Last answer or error.
    pub detail: String,
}

/// What the target side checked by itself. Subject: the artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Project.
    pub project: String,
    /// Deployment.
    pub deployment: DeploymentId,
    /// Environment.
    pub environment: String,
    /// Before or after activation.
    pub phase: ReceiptPhase,
    /// Every check with its result.
    pub checks: Vec<Check>,
    /// When.
    pub at: Timestamp,
}

impl Predicate for Receipt {
    const TYPE: &'static str = "urn:proofhouse:predicate:receipt:v1";
}

/// When the target side looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptPhase {
    /// Before the link was switched.
    BeforeActivation,
    /// After the application was up.
    AfterActivation,
}

impl ReceiptPhase {
    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeActivation => "before-activation",
            Self::AfterActivation => "after-activation",
        }
    }
}

/// One check: `signature`, `inclusion`, `decision`, `digest`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Name.
    pub name: String,
    /// Result.
    pub ok: bool,
    /// One sentence.
    pub detail: String,
}
