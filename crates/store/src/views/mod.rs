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

pub use assurance::{DecisionView, ExceptionView, FeedView, ScanView, TestView, TraceView};
pub use delivery::{DeploymentDetail, DeploymentView, EnvironmentView, ReceiptView};
pub use finding::{
    FindingCounts, FindingDetail, FindingEvent, FindingEventKind, FindingFilter, FindingStatus, FindingView,
    ScanChanges, TrendPoint,
};
pub use ledger::{ComponentView, SbomView, StatementView};
pub use page::{Page, PageRequest};
pub use people::{AccessView, OrganisationView};
pub use project::ProjectView;
pub use review::{ReleaseReviewView, ReviewAnswerView, ReviewView};
pub use run::{ArtifactView, RunDetail, RunFilter, RunStatus, RunView, StepView};
