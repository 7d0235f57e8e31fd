//! Deployments, what the target side wrote, and what is active where.

use std::collections::BTreeMap;

use model::{
    DeploymentId, RunId, Sha256, Timestamp,
    predicate::{Check, DeploymentResult, DeploymentStage, HealthRecord, ReceiptPhase},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DecisionView, ScanView};

/// Which deployments are wanted; absent fields do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentFilter {
    /// Project.
    pub project: Option<String>,
    /// Only these projects (those that somebody may see).
    pub projects: Option<Vec<String>>,
    /// Environment.
    pub environment: Option<String>,
    /// Any of these results; empty: all.
    pub results: Vec<DeploymentResult>,
    /// Ended at this moment or later.
    pub from: Option<Timestamp>,
    /// Ended before this moment.
    pub before: Option<Timestamp>,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentView {
    /// Deployment id.
    #[schema(value_type = String)]
    pub deployment: DeploymentId,
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// Driver.
    pub driver: String,
    /// Run that made the artifact.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// Output name of the artifact.
    pub artifact: String,
    /// Digest of the artifact.
    #[schema(value_type = String)]
    pub digest: Sha256,
    /// Envelope digest of the decision.
    #[schema(value_type = String)]
    pub decision: Sha256,
    /// Artifact that was active before.
    #[schema(value_type = Option<String>)]
    pub previous: Option<Sha256>,
    /// Who asked.
    pub actor: String,
    /// Start.
    #[schema(value_type = String)]
    pub started: Timestamp,
    /// End.
    #[schema(value_type = String)]
    pub ended: Timestamp,
    /// Result.
    #[schema(value_type = String)]
    pub result: DeploymentResult,
    /// Stages in order.
    #[schema(value_type = Vec<Object>)]
    pub stages: Vec<DeploymentStage>,
    /// Health as last seen.
    #[schema(value_type = Option<Object>)]
    pub health: Option<HealthRecord>,
    /// Base address.
    pub address: Option<String>,
    /// Names of variables with the digest of each value.
    #[schema(value_type = Object)]
    pub variables: BTreeMap<String, Sha256>,
}

/// What the target side checked by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Deployment.
    #[schema(value_type = String)]
    pub deployment: DeploymentId,
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// Before or after activation.
    #[schema(value_type = String)]
    pub phase: ReceiptPhase,
    /// Every check.
    #[schema(value_type = Vec<Object>)]
    pub checks: Vec<Check>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// One deployment with its decision, receipts and scans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentDetail {
    /// The deployment.
    pub deployment: DeploymentView,
    /// The decision that let it in or refused it.
    pub decision: Option<DecisionView>,
    /// What the target side wrote.
    pub receipts: Vec<ReceiptView>,
    /// Scans of the deployed application.
    pub scans: Vec<ScanView>,
}

/// An environment of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentView {
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// The deployment whose artifact is active; absent when nothing ever was.
    pub current: Option<DeploymentView>,
    /// The newest attempt, whatever became of it.
    pub last: DeploymentView,
}
