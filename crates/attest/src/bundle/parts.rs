//! The transparency-log part of a bundle (`dev.sigstore.rekor.v1.TransparencyLogEntry` as JSON).

use model::Sha256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{
    b64,
    ledger::Proof,
    log::{LogEntry, NoteKey},
};

/// An entry of a log with the proof that it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TlogEntry {
    /// Position in the log.
    #[serde(with = "int64")]
    pub log_index: u64,
    /// Which log.
    pub log_id: LogId,
    /// Kind and version of the leaf.
    pub kind_version: KindVersion,
    /// The proof; required since bundle v0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inclusion_proof: Option<InclusionProof>,
    /// The bytes of the leaf.
    #[serde(with = "b64")]
    pub canonicalized_body: Vec<u8>,
}

impl TlogEntry {
    /// The entry of a leaf with its proof, in the log with this key.
    pub fn new(leaf: Vec<u8>, proof: &Proof, log: &NoteKey) -> Self {
        Self {
            log_index: proof.index,
            log_id: LogId { key_id: log.log_id().0.to_vec() },
            kind_version: KindVersion { kind: LogEntry::KIND.into(), version: LogEntry::VERSION.into() },
            inclusion_proof: Some(InclusionProof {
                log_index: proof.index,
                root_hash: proof.checkpoint.checkpoint.root.0.to_vec(),
                tree_size: proof.checkpoint.checkpoint.size,
                hashes: proof.hashes.iter().map(|hash| Raw(hash.0.to_vec())).collect(),
                checkpoint: CheckpointText { envelope: proof.checkpoint.to_text() },
            }),
            canonicalized_body: leaf,
        }
    }
}

/// SHA-256 identifier of a log's key and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogId {
    /// 32 bytes.
    #[serde(with = "b64")]
    pub key_id: Vec<u8>,
}

/// Kind and version of a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindVersion {
    /// `hashedrekord`.
    pub kind: String,
    /// `0.0.2`.
    pub version: String,
}

/// A Merkle inclusion proof with the checkpoint it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InclusionProof {
    /// Position in the tree.
    #[serde(with = "int64")]
    pub log_index: u64,
    /// Root of the tree.
    #[serde(with = "b64")]
    pub root_hash: Vec<u8>,
    /// Leaves of the tree.
    #[serde(with = "int64")]
    pub tree_size: u64,
    /// Siblings from the leaf upwards. Absent for a tree of one leaf.
    #[serde(default)]
    pub hashes: Vec<Raw>,
    /// The signed note.
    pub checkpoint: CheckpointText,
}

/// A signed checkpoint as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointText {
    /// C2SP signed note.
    pub envelope: String,
}

/// Bytes that stand as a base64 string in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(#[serde(with = "b64")] pub Vec<u8>);

/// A signature over the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageSignature {
    /// Digest of the file: a hint, the signature decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_digest: Option<MessageDigest>,
    /// The signature.
    #[serde(with = "b64")]
    pub signature: Vec<u8>,
}

impl MessageSignature {
    /// A signature over a file of this digest.
    pub fn new(digest: Sha256, signature: Vec<u8>) -> Self {
        let message_digest =
            Some(MessageDigest { algorithm: "SHA2_256".to_owned(), digest: digest.0.to_vec() });
        Self { message_digest, signature }
    }

    /// SHA-256 of the file, where that is said.
    pub fn sha256(&self) -> Option<Sha256> {
        let claim = self.message_digest.as_ref().filter(|claim| claim.algorithm == "SHA2_256")?;
        claim.digest.as_slice().try_into().ok().map(Sha256)
    }
}

/// A digest and its algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDigest {
    /// `SHA2_256`.
    pub algorithm: String,
    /// The digest.
    #[serde(with = "b64")]
    pub digest: Vec<u8>,
}

/// 64-bit integers are strings in the JSON form of Protocol Buffers; a number is read as well.
mod int64 {
    use super::{Deserialize, Deserializer, Error, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
    }

    pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        match Either::deserialize(deserializer)? {
            Either::Text(text) => text.parse().map_err(D::Error::custom),
            Either::Number(number) => Ok(number),
        }
    }
}
