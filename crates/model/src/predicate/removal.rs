//! What was taken out of the ledger, and what stands in its place.

use serde::{Deserialize, Serialize};

use crate::{Predicate, Sha256, Timestamp};

/// The content of entries is removed; their leaves stay in the tree. Recorded before anything is removed.
/// Subjects: the entries, by the SHA-256 of their envelopes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    /// Why.
    pub reason: String,
    /// Who asked for it, as the operating system knows them.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Entries recorded at this moment or later stay.
    pub before: Timestamp,
    /// The entries.
    pub entries: Vec<RemovedEntry>,
    /// Blobs that nothing else names, and which go with them.
    #[serde(default)]
    pub blobs: Vec<Sha256>,
}

/// One entry of a removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovedEntry {
    /// Position in the log.
    pub index: u64,
    /// SHA-256 of its envelope.
    pub envelope: Sha256,
    /// What it was.
    pub predicate_type: String,
}

impl Predicate for Removal {
    const TYPE: &'static str = "urn:proofhouse:predicate:removal:v1";
}

/// Stands for an entry whose content was removed. Nobody signs this statement: it is how readers of the
/// ledger see such an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Entry with the [`Removal`].
    pub by: u64,
}

impl Predicate for Removed {
    const TYPE: &'static str = "urn:proofhouse:predicate:removed:v1";
}
