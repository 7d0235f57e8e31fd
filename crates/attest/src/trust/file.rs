//! Reading and writing the trust file.
//!
//! Validity is judged at the time of verification: bundles of this version carry no trusted time of
//! signing, so a key whose `validUntil` has passed no longer verifies anything, also not what it
//! signed before.

use model::{Timestamp, UserError};
use serde::{Deserialize, Serialize};

use crate::{
    json::{self, JsonProblem},
    keys::{Algorithm, PublicKey},
    log::{NoteKey, SignedCheckpoint},
};

const MEDIA_TYPE: &str = "application/vnd.proofhouse.trust+json;version=1";
/// Largest trust file that is read, in bytes.
const MAX_TRUST: usize = 1 << 20;
/// Most keys and most logs.
const MAX_KEYS: usize = 1000;

/// Why a trust file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not bounded JSON of the expected shape.
    #[error("not a trust file: {0}")]
    Malformed(JsonProblem),
    /// Another kind of document.
    #[error("not a trust file: its media type is `{0}`")]
    MediaType(String),
    /// A list is empty or too long, or a key does not fit its purpose.
    #[error("not a usable trust file: {0}")]
    Content(&'static str),
}

impl UserError for TrustError {
    fn code(&self) -> &'static str {
        "trust-malformed"
    }

    fn hint(&self) -> Option<String> {
        Some("export it again with `proofhouse ledger trust`".into())
    }
}

/// Keys and logs that are believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trust {
    /// Kind and version of the document.
    media_type: String,
    /// Who may sign statements.
    pub keys: Vec<TrustedKey>,
    /// Which logs may include them.
    pub logs: Vec<TrustedLog>,
}

/// A key that may sign statements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedKey {
    /// For people, e.g. `organisation`.
    pub name: String,
    /// SubjectPublicKeyInfo in base64, or PEM.
    pub public_key: PublicKey,
    /// First moment at which it is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// First moment at which it is no longer believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

/// A log that may include statements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedLog {
    /// Origin line of its checkpoints.
    pub origin: String,
    /// Its Ed25519 key.
    pub public_key: PublicKey,
    /// First moment at which it is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// First moment at which it is no longer believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl Trust {
    /// Trust in these keys and logs.
    pub fn new(keys: Vec<TrustedKey>, logs: Vec<TrustedLog>) -> Self {
        Self { media_type: MEDIA_TYPE.to_owned(), keys, logs }
    }

    /// Reads a trust file of at most 1 MiB.
    ///
    /// # Errors
    /// Any [`TrustError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        let trust: Self = json::parse(bytes, MAX_TRUST).map_err(TrustError::Malformed)?;
        if trust.media_type != MEDIA_TYPE {
            return Err(TrustError::MediaType(trust.media_type));
        }
        if !(1..=MAX_KEYS).contains(&trust.keys.len()) || !(1..=MAX_KEYS).contains(&trust.logs.len()) {
            return Err(TrustError::Content("1 to 1000 keys and logs are expected"));
        }
        match trust.logs.iter().all(|log| log.note_key().is_some()) {
            true => Ok(trust),
            false => Err(TrustError::Content("a log needs an Ed25519 key and an origin without blanks")),
        }
    }

    /// The file, indented for people.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings only: writing them to memory cannot fail.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// The log that `checkpoint` says it is of.
    pub fn log_of(&self, checkpoint: &SignedCheckpoint) -> Option<&TrustedLog> {
        self.logs.iter().find(|log| {
            log.origin == checkpoint.checkpoint.origin
                && log
                    .note_key()
                    .is_some_and(|key| checkpoint.note.signatures.iter().any(|s| s.id == key.id()))
        })
    }
}

impl TrustedKey {
    /// Whether it is believed at `now`.
    pub fn valid_at(&self, now: Timestamp) -> bool {
        within(self.valid_from, self.valid_until, now)
    }
}

impl TrustedLog {
    /// Verifier of its checkpoints; `None` unless the key is Ed25519 and the origin usable.
    pub fn note_key(&self) -> Option<NoteKey> {
        let fits = self.public_key.algorithm() == Algorithm::Ed25519 && crate::log::is_key_name(&self.origin);
        let key = self.public_key.raw().try_into().ok().filter(|_| fits)?;
        Some(NoteKey { name: self.origin.clone(), key })
    }

    /// Whether it is believed at `now`.
    pub fn valid_at(&self, now: Timestamp) -> bool {
        within(self.valid_from, self.valid_until, now)
    }
}

fn within(from: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> bool {
    from.is_none_or(|from| from <= now) && until.is_none_or(|until| now < until)
}
