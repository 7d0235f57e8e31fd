//! Ledger entries and bills of materials.

use model::{RunId, Sha256, Subject, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One ledger entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementView {
    /// Position in the log, from 0.
    pub index: u64,
    /// Envelope digest, the blob key.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Predicate type URI.
    pub predicate_type: String,
    /// Short word for it: `run`, `provenance`, `sbom`, `scan`, `test`, `trace`, `decision`,
    /// `exception`, `deployment`, `receipt`, `feed`, `other`.
    pub kind: String,
    /// When the ledger accepted it.
    #[schema(value_type = String)]
    pub logged_at: Timestamp,
    /// Project.
    pub project: Option<String>,
    /// Run.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// Step.
    pub step: Option<String>,
    /// What it is about.
    #[schema(value_type = Vec<Object>)]
    pub subjects: Vec<Subject>,
    /// Why it could not be understood.
    pub error: Option<String>,
}

/// A bill of materials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SbomView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Project.
    pub project: Option<String>,
    /// Run.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// What it describes.
    #[schema(value_type = Vec<Object>)]
    pub subjects: Vec<Subject>,
    /// CycloneDX version.
    pub spec_version: String,
    /// Number of components.
    pub components: u64,
    /// When the ledger accepted it.
    #[schema(value_type = String)]
    pub logged_at: Timestamp,
}

/// A component of a bill of materials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentView {
    /// Ledger index of the SBOM.
    pub sbom: u64,
    /// Position in the SBOM, from 0.
    pub position: u64,
    /// Package URL, when there is one.
    pub purl: Option<String>,
    /// Name, with its group where it has one.
    pub name: String,
    /// Version.
    pub version: Option<String>,
    /// CycloneDX type, e.g. `library`.
    pub kind: String,
    /// Licences, as ids, names or expressions.
    pub licenses: Vec<String>,
}
