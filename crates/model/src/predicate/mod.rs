//! Predicates of the statements that Proofhouse writes, one file per family.

pub mod checks;
pub mod ci;
pub mod decision;
pub mod deployment;
pub mod foreign;
pub mod keys;
pub mod provenance;
pub mod run;

pub use checks::{
    FeedImport, FindingsBlob, Monitor, MonitorLog, Origin, RuntimeTrace, Sbom, Scan, ScanTarget, TestResult,
    TraceContext,
};
pub use ci::{CiClaims, Confirmed};
pub use decision::{DecisionContext, Exception, Vsa};
pub use deployment::{
    Check, Deployment, DeploymentResult, DeploymentStage, HealthRecord, Receipt, ReceiptPhase,
};
pub use foreign::{ForeignAttestation, ForeignLog, ForeignRoot, ForeignSigner};
pub use keys::{FileSignature, KeyAction, KeyEntry, KeyEvent};
pub use provenance::{BuildDefinition, BuildMetadata, Builder, Provenance, RunDetails};
pub use run::{OutputRecord, PlannedStep, Run, RunPhase, RunResult, StepRecord, StepResult};

/// Links a predicate of a foreign type to our run; carried as the extension field `proofhouse`,
/// which in-toto's parsing rules let others ignore.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Context {
    /// Project name.
    pub project: String,
    /// Run.
    pub run: crate::RunId,
    /// Step, where one caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}
