//! Projects, each with what a portfolio page says about it.

use model::BySeverity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EnvironmentView, RunView};

/// A project and its summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectView {
    /// Name.
    pub name: String,
    /// Ledger index of the first statement about it.
    pub first_index: u64,
    /// Number of runs.
    pub runs: u64,
    /// The newest run.
    pub last_run: Option<RunView>,
    /// Open findings of all streams.
    #[schema(value_type = Object)]
    pub open: BySeverity,
    /// Its environments with what is active in each.
    pub environments: Vec<EnvironmentView>,
}
