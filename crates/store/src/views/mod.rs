//! What queries return: plain serde structs, one file per aggregate. They are also what the JSON
//! API answers, so a field is added, never renamed.

mod assurance;
mod delivery;
mod finding;
mod ledger;
mod page;
mod people;
mod project;
mod review;
mod run;
mod technology;

pub use assurance::{
    DecisionFilter, DecisionView, ExceptionFilter, ExceptionView, FeedView, ScanView, StreamFilter,
    StreamView, TestView, TraceView,
};
pub use delivery::{DeploymentDetail, DeploymentFilter, DeploymentView, EnvironmentView, ReceiptView};
pub use finding::{
    FindingCounts, FindingDetail, FindingEvent, FindingEventKind, FindingFilter, FindingStatus, FindingView,
    ScanChanges, TrendPoint, TriageView,
};
pub use ledger::{ComponentView, SbomView, StatementView};
pub use page::{Page, PageRequest};
pub use people::{AccessView, OrganisationView};
pub use project::ProjectView;
pub use review::{ReleaseReviewView, ReviewAnswerView, ReviewView};
pub use run::{ArtifactView, RunDetail, RunFilter, RunStatus, RunView, StepView};
pub use technology::UsedView;
