//! Runs, their steps and what they made.

use model::{Digest, RunId, Sha256, Timestamp, ToolRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DecisionView, DeploymentView, SbomView, ScanView, StatementView, TestView, TraceView};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Started, not yet finished.
    Running,
    /// Every step passed.
    Passed,
    /// A step failed.
    Failed,
    /// The process died; a later command recorded it.
    Interrupted,
}

impl RunStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Running, Self::Passed, Self::Failed, Self::Interrupted];

    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["running", "passed", "failed", "interrupted"][self as usize]
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Which runs are wanted; absent fields do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFilter {
    /// Project name.
    #[serde(default)]
    pub project: Option<String>,
    /// Status.
    #[serde(default)]
    pub status: Option<RunStatus>,
    /// Git branch.
    #[serde(default)]
    pub branch: Option<String>,
    /// Git commit, or its beginning.
    #[serde(default)]
    pub commit: Option<String>,
    /// Not those that this started.
    #[serde(default)]
    pub trigger_not: Option<String>,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// Run id.
    #[schema(value_type = String)]
    pub run: RunId,
    /// Project name.
    pub project: String,
    /// How far it is.
    pub status: RunStatus,
    /// When it started.
    #[schema(value_type = String)]
    pub started: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>)]
    pub ended: Option<Timestamp>,
    /// Git commit.
    pub commit: Option<String>,
    /// Git branch.
    pub branch: Option<String>,
    /// Input root digest of the source snapshot.
    #[schema(value_type = String)]
    pub tree: Sha256,
    /// The snapshot differs from the commit.
    pub dirty: bool,
    /// What started it.
    pub trigger: String,
    /// Who asked for it.
    pub actor: String,
    /// Digest of its configuration file.
    #[schema(value_type = String)]
    pub config: Sha256,
    /// Planned steps.
    pub steps: u64,
    /// Steps that passed.
    pub passed: u64,
    /// Steps that failed.
    pub failed: u64,
    /// Steps that came from the cache.
    pub cached: u64,
    /// Ledger index of its `started` statement (of the first one seen).
    pub started_index: u64,
    /// Ledger index of its `finished` statement.
    pub finished_index: Option<u64>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// Position in the plan, from 0.
    pub position: u64,
    /// Name.
    pub name: String,
    /// `build`, `test`, `scan` or `package`.
    pub kind: String,
    /// Names of steps it waits for.
    pub needs: Vec<String>,
    /// `planned`, `passed`, `failed` or `skipped`.
    pub result: String,
    /// Came from the action cache.
    pub cached: bool,
    /// Action digest.
    #[schema(value_type = Option<Object>)]
    pub action: Option<Digest>,
    /// Exit status.
    pub exit_code: Option<i32>,
    /// Why it failed or was skipped.
    pub message: Option<String>,
    /// Start.
    #[schema(value_type = Option<String>)]
    pub started: Option<Timestamp>,
    /// End.
    #[schema(value_type = Option<String>)]
    pub ended: Option<Timestamp>,
    /// `root`, `rootless`, `none`; absent while planned.
    pub isolation: Option<String>,
    /// Log blob.
    #[schema(value_type = Option<Object>)]
    pub log: Option<Digest>,
    /// Tools it used.
    #[schema(value_type = Vec<Object>)]
    pub tools: Vec<ToolRef>,
    /// Attempts it needed.
    pub attempts: u32,
    /// Ledger index of the statement this row comes from.
    pub index: u64,
}

/// A declared output of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactView {
    /// SHA-256 of the bytes (file) or of the canonical tree (directory).
    #[schema(value_type = String)]
    pub digest: Sha256,
    /// Size in bytes.
    pub size: u64,
    /// Path relative to the root of the tree.
    pub path: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// Project.
    pub project: String,
    /// Run that made it.
    #[schema(value_type = String)]
    pub run: RunId,
    /// Step that made it.
    pub step: String,
    /// Ledger index of the statement this row comes from.
    pub index: u64,
}

/// One run with everything that hangs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunDetail {
    /// The run.
    pub run: RunView,
    /// Steps in the order of the plan.
    pub steps: Vec<StepView>,
    /// What it made.
    pub artifacts: Vec<ArtifactView>,
    /// Statements that name it, oldest first; at most 1,000.
    pub statements: Vec<StatementView>,
    /// Scans, oldest first.
    pub scans: Vec<ScanView>,
    /// SBOMs.
    pub sboms: Vec<SbomView>,
    /// Test results.
    pub tests: Vec<TestView>,
    /// Traces.
    pub traces: Vec<TraceView>,
    /// Gate decisions about what it made.
    pub decisions: Vec<DecisionView>,
    /// Deployments of what it made.
    pub deployments: Vec<DeploymentView>,
}
