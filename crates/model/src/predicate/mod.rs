//! Predicates of the statements that Proofhouse writes, one file per family.

pub mod accept;
pub mod checks;
pub mod ci;
pub mod decision;
pub mod deployment;
pub mod foreign;
pub mod hardening;
pub mod keys;
pub mod manual;
pub mod notification;
pub mod openvex;
pub mod people;
pub mod provenance;
pub mod release;
pub mod removal;
pub mod reproduction;
pub mod review;
pub mod run;
pub mod standards;
pub mod technology;
pub mod triage;

pub use accept::{Decided, Exception, RequirementDecision};
pub use checks::{
    CodeCoverage, CoverageFigures, FeedImport, FindingsBlob, Monitor, MonitorLog, MonitoredProcess, Origin,
    Portion, RequirementTests, RuntimeTrace, Sbom, Scan, ScanTarget, TestContext, TestResult, TraceContext,
};
pub use ci::{CiClaims, Confirmed};
pub use decision::{DecisionContext, Vsa};
pub use deployment::{
    Check, Deployment, DeploymentResult, DeploymentStage, HealthRecord, Receipt, ReceiptPhase,
};
pub use foreign::{ForeignAttestation, ForeignLog, ForeignRoot, ForeignSigner};
pub use hardening::{Binary, BinaryKind, Language, Relro};
pub use keys::{FileSignature, KeyAction, KeyEntry, KeyEvent};
pub use manual::{Assessment, Attachment, ManualTest};
pub use notification::Notification;
pub use openvex::OpenVex;
pub use people::{Access, AccessAction, Organisation};
pub use provenance::{
    BuildDefinition, BuildMetadata, Builder, ExternalParameters, InternalParameters, Provenance, RunDetails,
};
pub use release::{ReleaseBundle, ReleaseImport, ReleaseMember};
pub use removal::{Removal, Removed, RemovedEntry};
pub use reproduction::{Differing, Rebuilder, Reproduction};
pub use review::{
    AcceptedUntil, MetRequirement, ReleaseReview, Review, ReviewAnswer, ReviewBasis, ReviewFigure,
    ReviewKind, ReviewPoint, ReviewVerdict,
};
pub use run::{OutputRecord, PlannedStep, Run, RunPhase, RunResult, StepRecord, StepResult};
pub use standards::{AttributeReport, Release, Spdx, VerificationResult, Vulns};
pub use technology::{ScorecardImport, Technologies, TechnologyAssessment, TechnologyReview, TechnologyUse};
pub use triage::{Triage, TriageState};

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

/// Predicate types of others that are written on demand, each with its short word.
pub const STANDARDS: [(&str, &str); 6] = [
    (<Vulns as crate::Predicate>::TYPE, "vulns"),
    (<Release as crate::Predicate>::TYPE, "release"),
    (<VerificationResult as crate::Predicate>::TYPE, "svr"),
    (<AttributeReport as crate::Predicate>::TYPE, "scai"),
    (<Spdx as crate::Predicate>::TYPE, "spdx"),
    (<OpenVex as crate::Predicate>::TYPE, "openvex"),
];

/// Short word for a predicate type of [`STANDARDS`].
pub fn standard(predicate_type: &str) -> Option<&'static str> {
    STANDARDS.iter().find(|(known, _)| *known == predicate_type).map(|(_, word)| *word)
}
