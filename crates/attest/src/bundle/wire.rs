//! The bundle document and evidence files.

use model::{Sha256, Statement, Subject, UserError, predicate::FileSignature};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::parts::{MessageSignature, TlogEntry};
use crate::{
    b64,
    dsse::{DsseError, Envelope, MAX_ENVELOPE},
    json::{self, JsonProblem},
};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The same version in the spelling of those before it.
const OLD_SPELLING: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";
/// What media types of bundles begin with, whatever their version.
const FAMILY: &str = "application/vnd.dev.sigstore.bundle";
/// Largest bundle that is read, in bytes.
pub const MAX_BUNDLE: usize = MAX_ENVELOPE + (4 << 20);
/// Largest evidence file that is read, in bytes.
pub const MAX_EVIDENCE: usize = 512 << 20;
/// Most bundles in an evidence file.
const MAX_BUNDLES: usize = 100_000;

/// Why a bundle or evidence file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not bounded JSON of the expected shape.
    #[error("not a bundle: {0}")]
    Malformed(JsonProblem),
    /// Another kind of document.
    #[error("not a bundle: its media type is `{0}`")]
    MediaType(String),
    /// A bundle of another version. Those before v0.3 may be without proof of inclusion, or carry
    /// certificates that are for the trusted root to say.
    #[error("a bundle of another version than v0.3: `{0}`")]
    Version(String),
    /// The envelope inside is wrong.
    #[error(transparent)]
    Envelope(#[from] DsseError),
    /// Not exactly one of an envelope and a message signature, or of key and certificate.
    #[error("not a bundle: {0}")]
    Content(&'static str),
    /// A line of an evidence file.
    #[error("line {line}: {error}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        error: Box<BundleError>,
    },
    /// An evidence file without a bundle, or with more than are read.
    #[error("an evidence file holds 1 to {MAX_BUNDLES} bundles in at most 512 MiB")]
    Count,
}

impl UserError for BundleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Envelope(error) => error.code(),
            Self::Line { error, .. } => error.code(),
            Self::Malformed(JsonProblem::DuplicateKey(_)) => "bundle-duplicate-key",
            Self::Malformed(JsonProblem::TooLarge { .. } | JsonProblem::TooDeep) => "bundle-too-large",
            Self::MediaType(_) => "bundle-media-type",
            Self::Version(_) => "bundle-version",
            _ => "bundle-malformed",
        }
    }

    fn hint(&self) -> Option<String> {
        Some("expected is a Sigstore bundle v0.3, or one such bundle per line".into())
    }
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A DSSE envelope, and its JSON as it stood in the bundle but for blanks between its tokens: a tool
    /// that lays a bundle out anew does not change which envelope it is.
    Dsse(Envelope, Vec<u8>),
    /// A signature over the bytes of a file.
    Message(MessageSignature),
}

impl Content {
    /// Reads what the ledger stores of a signed thing: an envelope, or the signature of a file.
    ///
    /// # Errors
    /// It is neither.
    pub fn read(bytes: Vec<u8>) -> Result<Self, BundleError> {
        match Envelope::parse(&bytes) {
            Ok(envelope) => Ok(Self::Dsse(envelope, bytes)),
            Err(error) => match json::parse::<MessageSignature>(&bytes, MAX_ENVELOPE) {
                Ok(message) if message.sha256().is_some() => Ok(Self::Message(message)),
                _ => Err(error.into()),
            },
        }
    }

    /// What was said; for a file, that it was signed.
    ///
    /// # Errors
    /// The envelope holds no in-toto statement, or a file's digest is not SHA-256.
    pub fn statement(&self) -> Result<Statement, DsseError> {
        match self {
            Self::Dsse(envelope, _) => envelope.statement(),
            Self::Message(message) => {
                let shape = |text: &str| DsseError::Statement(JsonProblem::Shape(text.to_owned()));
                let digest = message.sha256().ok_or_else(|| shape("no SHA-256 of the file is there"))?;
                let subject = Subject::sha256("", digest);
                Statement::new(vec![subject], &FileSignature {}).map_err(|error| shape(&error.to_string()))
            }
        }
    }

    /// SHA-256 of the bytes that were signed.
    pub(crate) fn signed_digest(&self) -> Option<Sha256> {
        match self {
            Self::Dsse(envelope, _) => Some(Sha256::of(envelope.pae())),
            Self::Message(message) => message.sha256(),
        }
    }

    /// Every signature.
    pub(crate) fn signatures(&self) -> Vec<&[u8]> {
        match self {
            Self::Dsse(envelope, _) => envelope.signatures.iter().map(|one| one.sig.as_slice()).collect(),
            Self::Message(message) => vec![&message.signature],
        }
    }
}

/// How to find the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    /// A hint: base64 of the SHA-256 of the SubjectPublicKeyInfo.
    PublicKey(String),
    /// The leaf certificate, DER.
    Certificate(Vec<u8>),
}

/// One bundle. Fields that are not known here are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// What was signed.
    pub content: Content,
    /// By whom.
    pub material: Material,
    /// Where it is logged.
    pub tlog: Vec<TlogEntry>,
    /// Time-stamps of the signature (RFC 3161 responses, DER).
    pub timestamps: Vec<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    media_type: String,
    verification_material: WireMaterial,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dsse_envelope: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_signature: Option<MessageSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMaterial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<Hint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<Bytes>,
    #[serde(default, skip_serializing)]
    x509_certificate_chain: Option<Value>,
    #[serde(default)]
    tlog_entries: Vec<TlogEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<Timestamps>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bytes {
    #[serde(with = "b64")]
    raw_bytes: Vec<u8>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timestamps {
    #[serde(default)]
    rfc3161_timestamps: Vec<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timestamp {
    #[serde(with = "b64")]
    signed_timestamp: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Hint {
    #[serde(default)]
    hint: String,
}

impl Bundle {
    /// Reads a bundle of at most [`MAX_BUNDLE`] bytes.
    ///
    /// # Errors
    /// Any [`BundleError`] but those of evidence files.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let wire: Wire = json::parse(bytes, MAX_BUNDLE).map_err(BundleError::Malformed)?;
        match wire.media_type.as_str() {
            MEDIA_TYPE | OLD_SPELLING => {}
            other if other.starts_with(FAMILY) => return Err(BundleError::Version(wire.media_type)),
            _ => return Err(BundleError::MediaType(wire.media_type)),
        }
        let content = match (wire.dsse_envelope, wire.message_signature) {
            (Some(raw), None) => {
                let bytes = json::compact(raw.get());
                Content::Dsse(Envelope::parse(&bytes)?, bytes)
            }
            (None, Some(message)) => Content::Message(message),
            _ => {
                return Err(BundleError::Content(
                    "exactly one of dsseEnvelope and messageSignature is expected",
                ));
            }
        };
        let given = wire.verification_material;
        if given.x509_certificate_chain.is_some() {
            return Err(BundleError::Content("a certificate chain belongs to bundles before v0.3"));
        }
        let material = match (given.public_key, given.certificate) {
            (Some(Hint { hint }), None) => Material::PublicKey(hint),
            (None, Some(leaf)) => Material::Certificate(leaf.raw_bytes),
            _ => return Err(BundleError::Content("exactly one of publicKey and certificate is expected")),
        };
        let stamps = given.timestamp_verification_data.unwrap_or_default().rfc3161_timestamps;
        let timestamps = stamps.into_iter().map(|stamp| stamp.signed_timestamp).collect();
        Ok(Self { content, material, tlog: given.tlog_entries, timestamps })
    }

    /// Compact JSON, one line.
    ///
    /// # Errors
    /// [`BundleError::Malformed`] for an envelope that was changed into something else than JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        let shape = |error: serde_json::Error| BundleError::Malformed(JsonProblem::Shape(error.to_string()));
        let (public_key, certificate) = match &self.material {
            Material::PublicKey(hint) => (Some(Hint { hint: hint.clone() }), None),
            Material::Certificate(leaf) => (None, Some(Bytes { raw_bytes: leaf.clone() })),
        };
        let (dsse_envelope, message_signature) = match &self.content {
            Content::Dsse(_, envelope) => (Some(serde_json::from_slice(envelope).map_err(shape)?), None),
            Content::Message(signature) => (None, Some(signature.clone())),
        };
        let stamp = |stamp: &Vec<u8>| Timestamp { signed_timestamp: stamp.clone() };
        let stamps = Timestamps { rfc3161_timestamps: self.timestamps.iter().map(stamp).collect() };
        let wire = Wire {
            media_type: MEDIA_TYPE.to_owned(),
            verification_material: WireMaterial {
                public_key,
                certificate,
                x509_certificate_chain: None,
                tlog_entries: self.tlog.clone(),
                timestamp_verification_data: Some(stamps).filter(|_| !self.timestamps.is_empty()),
            },
            dsse_envelope,
            message_signature,
        };
        serde_json::to_vec(&wire).map_err(shape)
    }

    /// The envelope, when there is one.
    pub fn envelope(&self) -> Option<&Envelope> {
        match &self.content {
            Content::Dsse(envelope, _) => Some(envelope),
            Content::Message(_) => None,
        }
    }
}

/// Reads an evidence file: one bundle per line, or a single bundle written over several lines.
///
/// # Errors
/// Any [`BundleError`]; lines are counted from 1.
pub fn parse_evidence(bytes: &[u8]) -> Result<Vec<Bundle>, BundleError> {
    if bytes.len() > MAX_EVIDENCE {
        return Err(BundleError::Count);
    }
    if let Ok(bundle) = Bundle::parse(bytes) {
        return Ok(vec![bundle]);
    }
    let mut bundles = Vec::new();
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let located = |error| BundleError::Line { line, error: Box::new(error) };
        bundles.push(Bundle::parse(text).map_err(located)?);
        if bundles.len() > MAX_BUNDLES {
            return Err(BundleError::Count);
        }
    }
    if bundles.is_empty() { Err(BundleError::Count) } else { Ok(bundles) }
}

/// Writes an evidence file: one bundle per line.
///
/// # Errors
/// As [`Bundle::to_json`].
pub fn write_evidence(bundles: &[Bundle]) -> Result<Vec<u8>, BundleError> {
    let mut out = Vec::new();
    for bundle in bundles {
        out.extend(bundle.to_json()?);
        out.push(b'\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse_evidence(&bytes);
        }
    }
}
