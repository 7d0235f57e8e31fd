//! Reading and writing the trust file: keys, logs and authorities that are believed, each from when until
//! when.
//!
//! Where a time-stamp proves when something was signed, validity is judged at that moment. Where there is
//! none (bundles of the first version), it is judged at the time of verification.

use model::{Timestamp, UserError};
use serde::{Deserialize, Serialize};

use crate::{
    json::{self, JsonProblem},
    keys::{Algorithm, Der, PublicKey},
    log::{NoteKey, SignedCheckpoint},
};

const MEDIA_TYPE: &str = "application/vnd.proofhouse.trust+json;version=2";
/// Keys and logs only.
const FIRST_MEDIA_TYPE: &str = "application/vnd.proofhouse.trust+json;version=1";
/// Largest trust file that is read, in bytes.
const MAX_TRUST: usize = 1 << 20;
/// Most keys and most logs.
const MAX_KEYS: usize = 1000;
/// Most certificates of an authority.
const MAX_CHAIN: usize = 10;

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
    /// Counts the changes of the keys it speaks for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub serial: u64,
    /// Who may sign statements.
    pub keys: Vec<TrustedKey>,
    /// Which logs may include them.
    pub logs: Vec<TrustedLog>,
    /// Who may issue signing certificates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<TrustedAuthority>,
    /// Whose promise a certificate needs (certificate transparency).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificate_logs: Vec<TrustedKey>,
    /// Who may stamp times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_stampers: Vec<TrustedAuthority>,
    /// Who must vouch for the identities in certificates: `https://HOST`, which they begin with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<String>,
}

/// An authority: of signing certificates or of time-stamps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedAuthority {
    /// For people.
    pub name: String,
    /// Certificates from its own to the root, DER.
    pub chain: Vec<Der>,
    /// First moment at which it is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// First moment at which it is no longer believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
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
        Self {
            media_type: MEDIA_TYPE.to_owned(),
            serial: 0,
            keys,
            logs,
            authorities: Vec::new(),
            certificate_logs: Vec::new(),
            time_stampers: Vec::new(),
            issuers: Vec::new(),
        }
    }

    /// Reads a trust file of at most 1 MiB.
    ///
    /// # Errors
    /// Any [`TrustError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        Self::checked(json::parse(bytes, MAX_TRUST).map_err(TrustError::Malformed)?)
    }

    /// The usable trust file in a statement about keys, or why it is none.
    pub(crate) fn from_value(value: serde_json::Value) -> Result<Self, TrustError> {
        let parsed = serde_json::from_value(value);
        Self::checked(parsed.map_err(|e| TrustError::Malformed(JsonProblem::Shape(e.to_string())))?)
    }

    fn checked(trust: Self) -> Result<Self, TrustError> {
        if ![MEDIA_TYPE, FIRST_MEDIA_TYPE].contains(&trust.media_type.as_str()) {
            return Err(TrustError::MediaType(trust.media_type));
        }
        let signers = trust.keys.len() + trust.authorities.len();
        if !(1..=MAX_KEYS).contains(&signers) || !(1..=MAX_KEYS).contains(&trust.logs.len()) {
            return Err(TrustError::Content("1 to 1000 keys and logs are expected"));
        }
        let others = trust.certificate_logs.len().max(trust.time_stampers.len()).max(trust.issuers.len());
        let mut chains = trust.authorities.iter().chain(&trust.time_stampers).map(|one| one.chain.len());
        if others > MAX_KEYS || !chains.all(|length| (1..=MAX_CHAIN).contains(&length)) {
            return Err(TrustError::Content("an authority has 1 to 10 certificates, and lists 1000 entries"));
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

fn is_zero(serial: &u64) -> bool {
    *serial == 0
}

fn within(from: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> bool {
    from.is_none_or(|from| from <= now) && until.is_none_or(|until| now < until)
}
