//! Who may do what, and who signed in.

use model::{By, Timestamp, predicate::AccessAction};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The organisation's file as it was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationView {
    /// Ledger index.
    pub index: u64,
    /// Name.
    pub name: String,
    /// The whole file.
    pub text: String,
    /// What it changed, in sentences.
    pub changes: Vec<String>,
    /// Who applied it.
    #[schema(value_type = Object)]
    pub by: By,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Something that happened at the door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessView {
    /// Ledger index.
    pub index: u64,
    /// What.
    #[schema(value_type = String)]
    pub action: AccessAction,
    /// The account, or the token's id.
    pub account: String,
    /// Who did it: name, roles, and how they proved who they are.
    #[schema(value_type = Object)]
    pub by: Option<Value>,
    /// Where it came from.
    pub address: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}
