//! What was checked and what was decided.

use model::{
    BySeverity, Coverage, DeploymentId, Digest, FindingId, RunId, Sha256, Subject, Technique, Timestamp,
    ToolRef,
    evidence::{Outcome, Verdict},
    predicate::{Assessment, CodeCoverage, Origin},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::ScanChanges;

/// A scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Project.
    pub project: String,
    /// Run.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// Deployment.
    #[schema(value_type = Option<String>)]
    pub deployment: Option<DeploymentId>,
    /// Tool.
    #[schema(value_type = Object)]
    pub tool: ToolRef,
    /// Family of testing.
    #[schema(value_type = String)]
    pub technique: Technique,
    /// Stream name of the target, e.g. `source`.
    pub target: String,
    /// Stream it belongs to (ledger index of the first scan of it).
    pub stream: u64,
    /// Git commit.
    pub commit: Option<String>,
    /// Findings in the report.
    pub findings: u64,
    /// Of these, by severity.
    #[schema(value_type = Object)]
    pub by_severity: BySeverity,
    /// Blob of the findings.
    #[schema(value_type = Object)]
    pub blob: Digest,
    /// How much was looked at.
    #[schema(value_type = Object)]
    pub coverage: Coverage,
    /// Whether the coverage is stated, not empty and without errors.
    pub complete: bool,
    /// Where the report came from.
    #[schema(value_type = Object)]
    pub origin: Origin,
    /// Start.
    #[schema(value_type = String)]
    pub started: Timestamp,
    /// End.
    #[schema(value_type = String)]
    pub ended: Timestamp,
    /// What it changed.
    pub changes: ScanChanges,
    /// Open findings of the stream after it.
    #[schema(value_type = Object)]
    pub open: BySeverity,
    /// Who tested, when and with which files, for a scan by people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub manual: Option<Assessment>,
}

/// The result of a test step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Project.
    pub project: String,
    /// Run.
    #[schema(value_type = String)]
    pub run: RunId,
    /// Step.
    pub step: Option<String>,
    /// `PASSED`, `WARNED` or `FAILED`.
    pub result: String,
    /// Number of passed tests.
    pub passed: u64,
    /// Number of tests with a warning.
    pub warned: u64,
    /// Number of failed tests.
    pub failed: u64,
    /// Names of failed tests, at most 1,000.
    pub failed_tests: Vec<String>,
    /// When they ended.
    #[schema(value_type = String)]
    pub finished: Timestamp,
    /// How much of the code they run; absent where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub coverage: Option<CodeCoverage>,
}

/// What a step did, as seen from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Project.
    pub project: String,
    /// Run.
    #[schema(value_type = String)]
    pub run: RunId,
    /// Step.
    pub step: Option<String>,
    /// Programs executed.
    pub processes: u64,
    /// Destinations, at most 1,000, as the monitor wrote them.
    #[schema(value_type = Vec<Object>)]
    pub network: Vec<Value>,
    /// Files opened.
    pub files: u64,
    /// Events that were lost.
    pub dropped: u64,
}

/// A gate's decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// Run that made the artifact.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// `pass`, `warn` or `deny`.
    #[schema(value_type = String)]
    pub outcome: Outcome,
    /// What it is about.
    #[schema(value_type = Vec<Object>)]
    pub subjects: Vec<Subject>,
    /// Levels that were verified.
    pub levels: Vec<String>,
    /// Statements it relied on, by envelope digest.
    #[schema(value_type = Vec<Object>)]
    pub inputs: Vec<Subject>,
    /// Every rule with its reasons.
    #[schema(value_type = Object)]
    pub verdict: Verdict,
}

/// Which decisions are wanted; absent fields do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// Project.
    pub project: Option<String>,
    /// Only these projects (those that somebody may see).
    pub projects: Option<Vec<String>>,
    /// Environment.
    pub environment: Option<String>,
    /// What was decided.
    pub outcome: Option<Outcome>,
    /// At this moment or later.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

/// Which streams of scans are wanted; absent fields do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamFilter {
    /// Project.
    pub project: Option<String>,
    /// Only these projects (those that somebody may see).
    pub projects: Option<Vec<String>>,
    /// Scanner.
    pub tool: Option<String>,
    /// Technique.
    pub technique: Option<Technique>,
    /// Only those whose newest scan was not complete.
    pub failing: bool,
}

/// What one scanner looks at in one project, as its newest scan says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamView {
    /// Ledger index of the newest scan.
    pub index: u64,
    /// Stream: ledger index of the first scan.
    pub stream: u64,
    /// Project.
    pub project: String,
    /// Technique.
    pub technique: Technique,
    /// Scanner.
    pub tool: String,
    /// Version of it.
    pub version: String,
    /// Tree digest that it is pinned as.
    pub digest: Option<Sha256>,
    /// What is scanned.
    pub target: String,
    /// End of the newest scan.
    pub ended: Timestamp,
    /// Whether it was complete.
    pub complete: bool,
    /// End of the newest complete scan.
    pub complete_ended: Option<Timestamp>,
    /// Scans there were.
    pub scans: u64,
    /// Of these, how many were not complete.
    pub incomplete: u64,
    /// Open findings.
    pub open: BySeverity,
}

impl StreamView {
    /// `complete` or `incomplete`.
    pub fn state(&self) -> &'static str {
        if self.complete { "complete" } else { "incomplete" }
    }
}

/// Which exceptions are wanted; absent fields do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// Project.
    pub project: Option<String>,
    /// Only these projects (those that somebody may see).
    pub projects: Option<Vec<String>>,
    /// That end after this moment.
    pub after: Option<Timestamp>,
    /// That end at this moment or before.
    pub until: Option<Timestamp>,
}

/// An accepted risk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Project.
    pub project: String,
    /// Finding it covers, or
    #[schema(value_type = Option<String>)]
    pub finding: Option<FindingId>,
    /// rule it covers.
    pub rule: Option<String>,
    /// Environment it is limited to.
    pub environment: Option<String>,
    /// Written reason.
    pub reason: String,
    /// Who accepted.
    pub by: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// When it ends.
    #[schema(value_type = String)]
    pub expires: Timestamp,
}

/// Advisory data that was brought in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedView {
    /// Ledger index of the newest import.
    pub index: u64,
    /// Feed name.
    pub feed: String,
    /// Moment of the newest record.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
    /// When it was imported.
    #[schema(value_type = String)]
    pub imported: Timestamp,
    /// Advisories accepted.
    pub advisories: u64,
    /// Records refused (as far as listed).
    pub refused: u64,
    /// Who brought it.
    pub actor: String,
    /// Digest of the content.
    #[schema(value_type = Option<String>)]
    pub digest: Option<Sha256>,
}
