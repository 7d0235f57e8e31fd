//! The leaf of the log: a Rekor v2 `hashedrekord` 0.0.2 as canonical JSON (RFC 8785).
//!
//! Fields are declared in the order of their names and the values need no escapes, so the compact
//! form of serde_json is the canonical one; reading insists on exactly these bytes.

use model::Sha256;
use serde::{Deserialize, Serialize};

use crate::{
    b64,
    keys::{Algorithm, PublicKey},
};

/// Largest leaf: what fits in an entry bundle.
const MAX_LEAF: usize = u16::MAX as usize;
const KIND: &str = "hashedrekord";
const VERSION: &str = "0.0.2";

/// Why the bytes of a leaf were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a canonical hashedrekord 0.0.2 entry: {0}")]
pub struct EntryError(&'static str);

/// Who verifies the signature of a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafVerifier {
    /// A plain key, as SubjectPublicKeyInfo.
    Key(PublicKey),
    /// An X.509 certificate (DER) and the algorithm of its key.
    Certificate(Vec<u8>, Algorithm),
}

/// What a leaf records: that a message of this digest was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// SHA-256 of the signed message (the DSSE pre-authentication encoding).
    pub digest: Sha256,
    /// The signature.
    pub signature: Vec<u8>,
    /// Who verifies it.
    pub verifier: LeafVerifier,
}

impl LogEntry {
    /// Entry kind in bundles.
    pub const KIND: &'static str = KIND;
    /// Entry version in bundles.
    pub const VERSION: &'static str = VERSION;

    /// The bytes of the leaf.
    pub fn to_bytes(&self) -> Vec<u8> {
        let wire = Wire {
            api_version: VERSION.to_owned(),
            kind: KIND.to_owned(),
            spec: Spec {
                record: Record {
                    data: Data { algorithm: "SHA2_256".to_owned(), digest: self.digest.0.to_vec() },
                    signature: Signature {
                        content: self.signature.clone(),
                        verifier: Verifier::of(&self.verifier),
                    },
                },
            },
        };
        // Strings only: writing them to memory cannot fail.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// Reads the bytes of a leaf.
    ///
    /// # Errors
    /// Not canonical, another kind, or a key of an unknown sort.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_LEAF {
            return Err(EntryError("too long"));
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(|_| EntryError("another shape"))?;
        let Record { data, signature } = wire.spec.record;
        if wire.api_version != VERSION || wire.kind != KIND || data.algorithm != "SHA2_256" {
            return Err(EntryError("another kind, version or digest algorithm"));
        }
        let digest = data.digest.try_into().map_err(|_| EntryError("the digest is not a SHA-256"))?;
        let verifier = signature.verifier.read()?;
        let entry = Self { digest: Sha256(digest), signature: signature.content, verifier };
        match entry.to_bytes() == bytes {
            true => Ok(entry),
            false => Err(EntryError("not in canonical form")),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    api_version: String,
    kind: String,
    spec: Spec,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    #[serde(rename = "hashedRekordV002")]
    record: Record,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    data: Data,
    signature: Signature,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    algorithm: String,
    #[serde(with = "b64")]
    digest: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    #[serde(with = "b64")]
    content: Vec<u8>,
    verifier: Verifier,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verifier {
    key_details: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<Raw>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x509_certificate: Option<Raw>,
}

impl Verifier {
    fn of(verifier: &LeafVerifier) -> Self {
        let (algorithm, public_key, x509_certificate) = match verifier {
            LeafVerifier::Key(key) => (key.algorithm(), Some(key.spki()), None),
            LeafVerifier::Certificate(der, algorithm) => (*algorithm, None, Some(der.clone())),
        };
        let raw = |bytes: Option<Vec<u8>>| bytes.map(|raw_bytes| Raw { raw_bytes });
        Self {
            key_details: algorithm.sigstore_name().to_owned(),
            public_key: raw(public_key),
            x509_certificate: raw(x509_certificate),
        }
    }

    fn read(self) -> Result<LeafVerifier, EntryError> {
        let algorithm = Algorithm::from_sigstore_name(&self.key_details);
        let algorithm = algorithm.ok_or(EntryError("the key details are of an unknown sort"))?;
        match (self.public_key, self.x509_certificate) {
            (Some(key), None) => {
                let key = PublicKey::from_spki(&key.raw_bytes);
                let key = key.map_err(|_| EntryError("the public key is of an unknown sort"))?;
                match key.algorithm() == algorithm {
                    true => Ok(LeafVerifier::Key(key)),
                    false => Err(EntryError("the key details do not fit the key")),
                }
            }
            (None, Some(certificate)) => Ok(LeafVerifier::Certificate(certificate.raw_bytes, algorithm)),
            _ => Err(EntryError("exactly one of publicKey and x509Certificate is expected")),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Raw {
    #[serde(with = "b64")]
    raw_bytes: Vec<u8>,
}
