//! What was sent to people.

use serde::{Deserialize, Serialize};

use crate::{By, Digest, Predicate, Sha256, Timestamp};

/// A message was handed to a mail server, or could not be. Subjects: the content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// What kind of message, e.g. `digest`.
    pub kind: String,
    /// What it is about, by stable names such as `release-review:7`; of each only one reminder a day goes to one
    /// address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// Projects it is about; empty for all of the installation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<String>,
    /// How: `mail`.
    pub channel: String,
    /// To whom: SHA-256 of each address in lower case. The ledger is read by many and keeps for ever; whoever
    /// knows an address can check that it was meant.
    pub recipients: Vec<Sha256>,
    /// The plain text that was sent, a blob.
    pub content: Digest,
    /// Whether the server took it.
    pub delivered: bool,
    /// What the server answered, or why it did not come to that; one line, at most 300 characters.
    pub answer: String,
    /// Who sent it.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

impl Predicate for Notification {
    const TYPE: &'static str = "urn:proofhouse:predicate:notification:v1";
}
