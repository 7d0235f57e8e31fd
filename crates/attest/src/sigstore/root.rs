//! `trusted_root.json` (`dev.sigstore.trustroot.v1.TrustedRoot` as JSON): whom to believe, and when.

use model::{Timestamp, UserError};
use serde::Deserialize;

use crate::{
    b64,
    json::{self, JsonProblem},
    keys::{Algorithm, Der, PublicKey},
    trust::{Trust, TrustedAuthority, TrustedKey, TrustedLog},
};

pub(super) const MEDIA_TYPES: [&str; 2] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
];
/// Largest trusted root that is read, in bytes.
const MAX_ROOT: usize = 4 << 20;
/// Most authorities and logs of one kind, and most certificates in a chain.
const MOST: usize = 100;

/// Why a trusted root was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// Not bounded JSON of the expected shape.
    #[error("not a trusted root: {0}")]
    Malformed(JsonProblem),
    /// Another kind of document.
    #[error("not a trusted root: its media type is `{0}`")]
    MediaType(String),
    /// Something in it cannot be used.
    #[error("not a usable trusted root: {0}")]
    Content(&'static str),
}

impl UserError for RootError {
    fn code(&self) -> &'static str {
        "trusted-root-malformed"
    }

    fn hint(&self) -> Option<String> {
        Some("expected is a Sigstore trusted_root.json, version 0.1".into())
    }
}

/// Authorities and logs that are believed.
#[derive(Clone, Debug)]
pub struct TrustedRoot {
    /// Logs of signatures; only those with Ed25519 checkpoints (Rekor v2) can be used and are kept.
    pub(super) logs: Trust,
    /// Who may issue signing certificates.
    pub(super) authorities: Vec<Authority>,
    /// Logs of certificates.
    pub(super) ct_logs: Vec<CtLog>,
    /// Who may stamp times.
    pub(super) time_stampers: Vec<Authority>,
}

/// A certificate authority: its chain from the issuing certificate to the root, DER.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub chain: Vec<Vec<u8>>,
    pub window: Window,
}

/// A certificate-transparency log.
#[derive(Clone, Debug)]
pub(super) struct CtLog {
    pub id: Vec<u8>,
    pub key: PublicKey,
    pub window: Window,
}

/// From when until when something is believed; the end is open where none is given.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Window {
    start: Timestamp,
    #[serde(default)]
    end: Option<Timestamp>,
}

impl Window {
    fn new(start: Option<Timestamp>, end: Option<Timestamp>) -> Self {
        // The end of a trust file is the first moment that no longer counts, here it is the last that does.
        let last = end.and_then(|end| end.checked_sub(jiff::SignedDuration::from_nanos(1)).ok());
        Self { start: start.unwrap_or(Timestamp::MIN), end: last }
    }

    pub fn holds(&self, at: Timestamp) -> bool {
        self.start <= at && self.end.is_none_or(|end| at <= end)
    }
}

impl Authority {
    /// An authority with these certificates, believed at any time.
    pub fn of(chain: &[Der]) -> Self {
        Self { chain: chain.iter().map(|der| der.0.clone()).collect(), window: Window::new(None, None) }
    }
}

impl TrustedRoot {
    /// Reads a trusted root of at most 4 MiB.
    ///
    /// # Errors
    /// Any [`RootError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RootError> {
        let wire: Wire = json::parse(bytes, MAX_ROOT).map_err(RootError::Malformed)?;
        if !MEDIA_TYPES.contains(&wire.media_type.as_str()) {
            return Err(RootError::MediaType(wire.media_type));
        }
        let chains = wire.certificate_authorities.iter().chain(&wire.timestamp_authorities);
        let lists = [wire.tlogs.len(), wire.certificate_authorities.len(), wire.ctlogs.len()];
        if lists.into_iter().chain([wire.timestamp_authorities.len()]).any(|count| count > MOST) {
            return Err(RootError::Content("more than 100 authorities or logs of a kind"));
        }
        for authority in chains {
            if !(1..=MOST).contains(&authority.cert_chain.certificates.len()) {
                return Err(RootError::Content("an authority needs 1 to 100 certificates"));
            }
        }
        let (mut logs, mut ct_logs) = (Vec::new(), Vec::new());
        for log in wire.tlogs {
            logs.extend(log.signature_log()?);
        }
        for log in wire.ctlogs {
            ct_logs.extend(log.ct_log()?);
        }
        Ok(Self {
            logs: Trust::new(Vec::new(), logs),
            authorities: wire.certificate_authorities.into_iter().map(Authority::from).collect(),
            ct_logs,
            time_stampers: wire.timestamp_authorities.into_iter().map(Authority::from).collect(),
        })
    }
}

/// What a trust file says about certificates, for the same judgement.
impl From<&Trust> for TrustedRoot {
    fn from(trust: &Trust) -> Self {
        let authority = |one: &TrustedAuthority| Authority {
            chain: one.chain.iter().map(|der| der.0.clone()).collect(),
            window: Window::new(one.valid_from, one.valid_until),
        };
        let ct_log = |log: &TrustedKey| CtLog {
            id: log.public_key.fingerprint().as_bytes().to_vec(),
            key: log.public_key.clone(),
            window: Window::new(log.valid_from, log.valid_until),
        };
        Self {
            logs: Trust::new(Vec::new(), trust.logs.clone()),
            authorities: trust.authorities.iter().map(authority).collect(),
            ct_logs: trust.certificate_logs.iter().map(ct_log).collect(),
            time_stampers: trust.time_stampers.iter().map(authority).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    media_type: String,
    #[serde(default)]
    tlogs: Vec<WireLog>,
    #[serde(default)]
    certificate_authorities: Vec<WireAuthority>,
    #[serde(default)]
    ctlogs: Vec<WireLog>,
    #[serde(default)]
    timestamp_authorities: Vec<WireAuthority>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLog {
    base_url: String,
    hash_algorithm: String,
    public_key: WireKey,
    log_id: WireLogId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireKey {
    #[serde(with = "b64")]
    raw_bytes: Vec<u8>,
    key_details: String,
    valid_for: Window,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLogId {
    #[serde(with = "b64")]
    key_id: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAuthority {
    cert_chain: WireChain,
    valid_for: Window,
}

#[derive(Deserialize)]
struct WireChain {
    certificates: Vec<WireCertificate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCertificate {
    #[serde(with = "b64")]
    raw_bytes: Vec<u8>,
}

impl WireLog {
    /// A log whose checkpoints are signed notes; nothing for logs of another sort.
    fn signature_log(self) -> Result<Option<TrustedLog>, RootError> {
        if self.hash_algorithm != "SHA2_256" {
            return Err(RootError::Content("a log's hash algorithm must be SHA2_256"));
        }
        if Algorithm::from_sigstore_name(&self.public_key.key_details) != Some(Algorithm::Ed25519) {
            return Ok(None);
        }
        let public_key = PublicKey::from_spki(&self.public_key.raw_bytes)
            .map_err(|_| RootError::Content("a log's key does not fit its details"))?;
        let origin = self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, host)| host);
        let Window { start, end } = self.public_key.valid_for;
        let log = TrustedLog {
            origin: origin.trim_end_matches('/').to_owned(),
            public_key,
            valid_from: Some(start),
            valid_until: end,
        };
        let note_key = log.note_key().ok_or(RootError::Content("a log's address names no host"))?;
        // Either all 32 bytes, or the four that stand on signature lines.
        match note_key.log_id().0.starts_with(&self.log_id.key_id) && self.log_id.key_id.len() >= 4 {
            true => Ok(Some(log)),
            false => Err(RootError::Content("a log's id does not fit its key and address")),
        }
    }

    /// A log of certificates; nothing for logs with other keys, whose stamps cannot be checked here.
    fn ct_log(self) -> Result<Option<CtLog>, RootError> {
        if Algorithm::from_sigstore_name(&self.public_key.key_details).is_none() {
            return Ok(None);
        }
        let key = PublicKey::from_spki(&self.public_key.raw_bytes)
            .map_err(|_| RootError::Content("the key of a certificate log does not fit its details"))?;
        if self.log_id.key_id != key.fingerprint().as_bytes() {
            return Err(RootError::Content("the id of a certificate log does not fit its key"));
        }
        Ok(Some(CtLog { id: self.log_id.key_id, key, window: self.public_key.valid_for }))
    }
}

impl From<WireAuthority> for Authority {
    fn from(wire: WireAuthority) -> Self {
        let chain = wire.cert_chain.certificates.into_iter().map(|c| c.raw_bytes).collect();
        Self { chain, window: wire.valid_for }
    }
}
