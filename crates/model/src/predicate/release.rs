//! Releases that travel as one file.

use serde::{Deserialize, Serialize};

use crate::{Predicate, RunId, Sha256, Timestamp};

/// What a release file holds. Subjects: the artifacts, by path and SHA-256. A release file is this
/// statement's bundle, then exactly the members that it lists, in that order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseBundle {
    /// Project name.
    pub project: String,
    /// The run that made the artifacts.
    pub run: RunId,
    /// Who exported it, as the operating system knows them.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Whether every blob that the statements name is there, not only the artifacts.
    pub complete: bool,
    /// Every member, sorted by name, no name twice.
    pub members: Vec<ReleaseMember>,
}

/// One member of a release file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseMember {
    /// `blobs/HEX` (its SHA-256), `evidence.jsonl` or `trust.json`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: Sha256,
}

impl Predicate for ReleaseBundle {
    const TYPE: &'static str = "urn:proofhouse:predicate:release-bundle:v1";
}

/// A release of another installation was taken in: verified, its blobs stored, its statements kept as
/// foreign evidence. Subjects: the artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseImport {
    /// Project name, as the release says.
    pub project: String,
    /// Run of the other installation.
    pub run: RunId,
    /// Origin of the log that the release is in.
    pub log: String,
    /// Who signed the release.
    pub signer: String,
    /// SHA-256 of the trust file under which everything was verified.
    pub trust: Sha256,
    /// Blob with the bundle of the release's own statement.
    pub manifest: Sha256,
    /// Blob with the bundles, one a line.
    pub evidence: Sha256,
    /// How many bundles.
    pub statements: u64,
    /// Blobs that came with it.
    pub blobs: u64,
    /// Who imported it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

impl Predicate for ReleaseImport {
    const TYPE: &'static str = "urn:proofhouse:predicate:release-import:v1";
}
