//! in-toto statements (in-toto attestation framework, Statement v1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::Sha256;

/// `_type` of every statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// DSSE payload type of every statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// What all our own predicate types start with.
pub const OWN_PREFIX: &str = "urn:proofhouse:predicate:";

/// What a statement is about: a name and digests (in-toto ResourceDescriptor).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Name, unique inside one statement.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where it is, when that is meaningful.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// Algorithm to lower-case hex: `sha256`, `gitCommit`, `gitTree`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// Free further facts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}

impl Subject {
    /// A subject known by its SHA-256.
    pub fn sha256(name: impl Into<String>, digest: Sha256) -> Self {
        Self::named(name, "sha256", digest.hex())
    }

    /// A subject known by another digest, e.g. `gitCommit`.
    pub fn named(name: impl Into<String>, algorithm: &str, hex: impl Into<String>) -> Self {
        let digest = BTreeMap::from([(algorithm.to_owned(), hex.into())]);
        Self { name: name.into(), digest, ..Self::default() }
    }

    /// The SHA-256, when there is a well-formed one.
    pub fn sha256_digest(&self) -> Option<Sha256> {
        self.digest.get("sha256")?.parse().ok()
    }
}

/// A typed predicate and its type URI.
pub trait Predicate: Serialize + DeserializeOwned {
    /// `predicateType` of statements that carry it.
    const TYPE: &'static str;
}

/// An in-toto statement. Predicates that are not known here pass through unharmed as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it is about; never empty.
    pub subject: Vec<Subject>,
    /// URI of the predicate's type.
    pub predicate_type: String,
    /// The predicate.
    pub predicate: Value,
}

impl Statement {
    /// Makes a statement about `subject`.
    ///
    /// # Errors
    /// Only when the predicate cannot be written as JSON (a map with keys that are not strings).
    pub fn new<P: Predicate>(subject: Vec<Subject>, predicate: &P) -> serde_json::Result<Self> {
        Ok(Self {
            kind: STATEMENT_TYPE.to_owned(),
            subject,
            predicate_type: P::TYPE.to_owned(),
            predicate: serde_json::to_value(predicate)?,
        })
    }

    /// The typed predicate, `None` when this statement is of another type.
    pub fn decode<P: Predicate>(&self) -> Option<serde_json::Result<P>> {
        (self.predicate_type == P::TYPE).then(|| P::deserialize(&self.predicate))
    }
}
