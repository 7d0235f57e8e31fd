//! How an organisation works, as figures over a span of time: what periodic reviews are made from.
//!
//! Filled by the store (or by whoever knows), judged by `govern`. What nobody can tell is `None`, never zero.

use serde::{Deserialize, Serialize};

use crate::{FindingId, Technique, Timestamp, ToolRef, predicate::DeploymentResult};

/// Everything that reviews look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Practice {
    /// Steps of pipelines.
    pub steps: Vec<StepPractice>,
    /// Actions (the same command on the same inputs) that passed and failed.
    pub differing: Vec<DifferingAction>,
    /// What people said of findings, by rule of a scanner; absent where nobody records it.
    pub triage: Option<Vec<TriagePractice>>,
    /// Secrets that are kept; absent where that is not known.
    pub secrets: Option<Vec<SecretPractice>>,
    /// Exceptions.
    pub exceptions: Vec<ExceptionPractice>,
    /// Who may administer; absent without an organisation.
    pub administrators: Option<Vec<AdministratorPractice>>,
    /// Scanners over all projects.
    pub scanners: Vec<ScannerPractice>,
    /// Scans of each project that has runs.
    pub coverage: Vec<CoveragePractice>,
    /// Gates and why they let through.
    pub gates: Vec<GatePractice>,
    /// What the technology catalogue objects to, by the newest decision of each environment.
    pub technologies: Vec<TechnologyPractice>,
    /// Deployments.
    pub deployments: Vec<DeploymentPractice>,
    /// Tools as the newest run of each project used them.
    pub tools: Vec<ToolPractice>,
}

/// How long a step takes and how steady it is. Results from the cache are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepPractice {
    /// Project.
    pub project: String,
    /// Step.
    pub step: String,
    /// Executions in the newer half of the time.
    pub recent: u64,
    /// Their milliseconds, added up.
    pub recent_ms: u64,
    /// Executions in the older half.
    pub earlier: u64,
    /// Their milliseconds.
    pub earlier_ms: u64,
    /// Executions that needed more than one attempt.
    pub retried: u64,
    /// Ledger index of the newest one.
    pub index: u64,
}

/// An action that gave different results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferingAction {
    /// Project.
    pub project: String,
    /// Step.
    pub step: String,
    /// Executions that passed.
    pub passed: u64,
    /// Executions that failed.
    pub failed: u64,
    /// Ledger index of the newest one.
    pub index: u64,
}

/// What people said of the findings of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TriagePractice {
    /// Scanner.
    pub scanner: String,
    /// Rule.
    pub rule: String,
    /// Findings that somebody decided about.
    pub decided: u64,
    /// Those that were none.
    pub false_positives: u64,
    /// Ledger indices of some of the decisions.
    pub evidence: Vec<u64>,
}

/// A secret that is kept for steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretPractice {
    /// Project.
    pub project: String,
    /// Its name.
    pub name: String,
    /// When a step was last given it.
    pub last_used: Option<Timestamp>,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionPractice {
    /// Ledger index.
    pub index: u64,
    /// Project.
    pub project: String,
    /// Finding it covers.
    pub finding: Option<FindingId>,
    /// Rule it covers.
    pub rule: Option<String>,
    /// Environment it is limited to.
    pub environment: Option<String>,
    /// Who accepted.
    pub by: String,
    /// When it was made.
    pub at: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether the finding is still open, or the newest decision of an environment still denies by the rule.
    pub remains: bool,
}

/// Somebody who may administer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdministratorPractice {
    /// Name.
    pub name: String,
    /// When they last signed in, where the ledger knows.
    pub last_signed_in: Option<Timestamp>,
    /// Ledger index of the organisation's file that made them one.
    pub index: u64,
}

/// A scanner over all projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScannerPractice {
    /// Name.
    pub tool: String,
    /// Technique.
    pub technique: Technique,
    /// Scans in the last year.
    pub scans: u64,
    /// Findings that they told of, added up.
    pub findings: u64,
    /// Its first scan ever.
    pub first: Timestamp,
    /// Ledger index of its newest scan.
    pub index: u64,
}

/// Which techniques looked at a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoveragePractice {
    /// Project.
    pub project: String,
    /// Ledger index of its newest run.
    pub index: u64,
    /// Techniques with a complete scan in the time, sorted.
    pub techniques: Vec<Technique>,
}

/// How often a rule of a gate would have denied and was overridden by an exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatePractice {
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// Rule.
    pub rule: String,
    /// Decisions in which it had something to deny.
    pub objected: u64,
    /// Those in which exceptions made that harmless.
    pub overridden: u64,
    /// Ledger indices of some of them.
    pub evidence: Vec<u64>,
}

/// Something that the technology catalogue objects to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TechnologyPractice {
    /// Project.
    pub project: String,
    /// Code of the reason.
    pub code: String,
    /// Its sentence.
    pub message: String,
    /// Ledger index of the decision.
    pub index: u64,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentPractice {
    /// Ledger index.
    pub index: u64,
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// When the run that made it started, where it is known.
    pub built: Option<Timestamp>,
    /// When it ended.
    pub ended: Timestamp,
    /// Result.
    pub result: DeploymentResult,
}

/// A tool of a project's newest run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolPractice {
    /// Project.
    pub project: String,
    /// The tool.
    pub tool: ToolRef,
    /// Ledger index of the run.
    pub index: u64,
}
