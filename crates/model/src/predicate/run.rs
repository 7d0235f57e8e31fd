//! A run: written once when it starts and once when it ends.

use serde::{Deserialize, Serialize};

use crate::{Digest, Predicate, RunId, Sha256, Subject, Timestamp, ToolRef};

/// Start or end of a run. Subject: the source tree (and commit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Project name.
    pub project: String,
    /// Run id.
    pub run: RunId,
    /// Started or finished.
    pub phase: RunPhase,
    /// When this phase was reached.
    pub at: Timestamp,
    /// When the run started.
    pub started: Timestamp,
    /// Git commit, absent outside git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Git branch, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Input root digest of the snapshot.
    pub tree: Sha256,
    /// Snapshot differs from the commit.
    pub dirty: bool,
    /// What started it: `command-line`, `demo`, …
    pub trigger: String,
    /// Operating-system user, or machine identity, that asked for it.
    pub actor: String,
    /// Digest of `proofhouse.yaml`.
    pub config: Sha256,
    /// Digests of the project's own gate rules and of its security requirements, by path.
    #[serde(default)]
    pub rules: std::collections::BTreeMap<String, Sha256>,
    /// Steps in the order of the plan.
    pub plan: Vec<PlannedStep>,
    /// What happened to each step; empty in the `started` phase.
    #[serde(default)]
    pub steps: Vec<StepRecord>,
    /// Result; absent in the `started` phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
}

impl Predicate for Run {
    const TYPE: &'static str = "urn:proofhouse:predicate:run:v1";
}

impl Run {
    /// The source as a subject.
    pub fn source(&self) -> Subject {
        source(self.tree, self.commit.as_deref(), self.dirty)
    }
}

/// A source as a subject: tree digest, and commit where it is exactly that.
pub fn source(tree: Sha256, commit: Option<&str>, dirty: bool) -> Subject {
    let mut subject = Subject::sha256("source", tree);
    if let Some(commit) = commit.filter(|_| !dirty) {
        subject.digest.insert("gitCommit".to_owned(), commit.to_owned());
    }
    subject
}

/// Phase of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunPhase {
    /// The plan is fixed, no step has run.
    Started,
    /// Nothing more will happen.
    Finished,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// Every step passed.
    Passed,
    /// A step failed.
    Failed,
    /// The process died; a later command recorded it.
    Interrupted,
}

impl RunResult {
    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A step as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Name.
    pub name: String,
    /// `build`, `test`, `scan` or `package`.
    pub kind: String,
    /// Names of steps it waits for.
    #[serde(default)]
    pub needs: Vec<String>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepResult {
    /// Exit status zero, all outputs there.
    Passed,
    /// Anything else; see `message`.
    Failed,
    /// Not run because a needed step failed.
    Skipped,
}

impl StepResult {
    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What happened to a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: String,
    /// Result.
    pub result: StepResult,
    /// Came from the action cache.
    pub cached: bool,
    /// Action digest (Remote Execution API `Action`), absent when skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Digest>,
    /// Exit status of the command, absent when it was killed or never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Start.
    pub started: Timestamp,
    /// End.
    pub ended: Timestamp,
    /// `root`, `rootless`, `none`.
    pub isolation: String,
    /// Outputs.
    #[serde(default)]
    pub outputs: Vec<OutputRecord>,
    /// Log blob (stdout and stderr as they came).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Digest>,
    /// Tools it used.
    #[serde(default)]
    pub tools: Vec<ToolRef>,
    /// Attempts it needed (1 without retries).
    pub attempts: u32,
    /// Names of the secrets that it was given, never their values; empty when it did not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// A declared output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRecord {
    /// Path relative to the root of the tree.
    pub path: String,
    /// Content digest: file bytes, or the REAPI `Tree` root directory for a directory.
    pub digest: Digest,
    /// Whether it is a directory.
    pub directory: bool,
}
