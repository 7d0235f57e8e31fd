//! Keys and what they sign besides statements.

use serde::{Deserialize, Serialize};

use crate::{Predicate, Timestamp};

/// Something was done to the installation's keys. Subjects: the keys concerned, by the SHA-256 of their
/// SubjectPublicKeyInfo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyEvent {
    /// What was done.
    pub action: KeyAction,
    /// Who did it, as the operating system knows them.
    pub actor: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Every key afterwards.
    pub keys: Vec<KeyEntry>,
    /// The trust file afterwards.
    pub trust: serde_json::Value,
}

/// What can be done to keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAction {
    /// All were made.
    Made,
    /// One was exchanged.
    Rotated,
    /// One was ended.
    Revoked,
    /// The signer has other keys than the last statement about them says.
    Noticed,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyEntry {
    /// `organisation`, `log`, `authority`, `transparency`, `time` or `root`.
    pub purpose: String,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub fingerprint: String,
    /// First moment at which it counts.
    pub valid_from: Timestamp,
    /// First moment at which it no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Why it ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
}

impl Predicate for KeyEvent {
    const TYPE: &'static str = "urn:proofhouse:predicate:key:v1";
}

/// Stands for a signature over a file, which is in the log by itself. Subject: the file, by SHA-256.
/// Nobody signs this statement: it is how readers of the ledger see such an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileSignature {}

impl Predicate for FileSignature {
    const TYPE: &'static str = "urn:proofhouse:predicate:file-signature:v1";
}
