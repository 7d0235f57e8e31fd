//! What projects use.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that a project used at some time, by its newest bill of materials and its newest look at the source
/// before then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsedView {
    /// Project.
    pub project: String,
    /// Package URL without version, where it has one.
    pub package: Option<String>,
    /// Name.
    pub name: String,
    /// Version, as it is written.
    pub version: Option<String>,
}
