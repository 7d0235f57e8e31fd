//! Public keys as SubjectPublicKeyInfo (RFC 5280): ECDSA P-256 (RFC 5480) and Ed25519 (RFC 8410).

use aws_lc_rs::{
    digest::{Digest, SHA256},
    signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey},
};
use model::Sha256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::b64;

/// DER before the 65 bytes of an uncompressed P-256 point.
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// DER before the 32 bytes of an Ed25519 key.
const ED25519_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The bytes are not a public key that is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 or Ed25519 public key")]
pub struct BadKey;

/// Signature algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256; signatures in ASN.1 DER.
    EcdsaP256,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 2] = [Self::EcdsaP256, Self::Ed25519];

    /// Name in our own documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-p256-sha256",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Name in Sigstore documents (`PublicKeyDetails`).
    pub fn sigstore_name(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "PKIX_ECDSA_P256_SHA_256",
            Self::Ed25519 => "PKIX_ED25519",
        }
    }

    /// The reverse of [`Self::sigstore_name`].
    pub fn from_sigstore_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.sigstore_name() == name)
    }
}

/// A public key. In JSON: base64 of its SubjectPublicKeyInfo, or PEM.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey {
    algorithm: Algorithm,
    raw: Vec<u8>,
}

impl PublicKey {
    /// From the raw form: an uncompressed point of 65 bytes, or 32 bytes.
    ///
    /// # Errors
    /// The length does not fit the algorithm.
    pub fn from_raw(algorithm: Algorithm, raw: &[u8]) -> Result<Self, BadKey> {
        let fits = match algorithm {
            Algorithm::EcdsaP256 => raw.len() == 65 && raw[0] == 4,
            Algorithm::Ed25519 => raw.len() == 32,
        };
        if fits { Ok(Self { algorithm, raw: raw.to_vec() }) } else { Err(BadKey) }
    }

    /// From DER.
    ///
    /// # Errors
    /// Another algorithm or form.
    pub fn from_spki(der: &[u8]) -> Result<Self, BadKey> {
        if let Some(raw) = der.strip_prefix(&P256_PREFIX) {
            return Self::from_raw(Algorithm::EcdsaP256, raw);
        }
        let raw = der.strip_prefix(&ED25519_PREFIX).ok_or(BadKey)?;
        Self::from_raw(Algorithm::Ed25519, raw)
    }

    /// From base64 of DER, or from PEM (RFC 7468).
    ///
    /// # Errors
    /// As [`Self::from_spki`].
    pub fn from_text(text: &str) -> Result<Self, BadKey> {
        let inner = text.trim().strip_prefix("-----BEGIN PUBLIC KEY-----");
        let inner = inner.and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----")).unwrap_or(text);
        let folded: String = inner.split_whitespace().collect();
        Self::from_spki(&b64::decode(&folded).ok_or(BadKey)?)
    }

    /// Which algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw form.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// DER.
    pub fn spki(&self) -> Vec<u8> {
        match self.algorithm {
            Algorithm::EcdsaP256 => [P256_PREFIX.as_slice(), &self.raw].concat(),
            Algorithm::Ed25519 => [ED25519_PREFIX.as_slice(), &self.raw].concat(),
        }
    }

    /// PEM.
    pub fn pem(&self) -> String {
        let encoded = b64::encode(&self.spki());
        let lines: Vec<&str> = encoded.as_bytes().chunks(64).filter_map(|l| str::from_utf8(l).ok()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// SHA-256 of the DER form.
    pub fn fingerprint(&self) -> Sha256 {
        Sha256::of(self.spki())
    }

    /// Base64 of [`Self::fingerprint`]: key id in envelopes and hint in bundles.
    pub fn hint(&self) -> String {
        b64::encode(self.fingerprint().as_bytes())
    }

    /// Whether `signature` over `message` was made by this key.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::EcdsaP256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.raw),
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.raw),
        }
        .verify(message, signature)
        .is_ok()
    }
}

impl PublicKey {
    /// Whether `signature` over a message of this digest was made by this key. Ed25519 signs messages,
    /// not digests, so there it never holds.
    pub fn verify_digest(&self, digest: &Sha256, signature: &[u8]) -> bool {
        let Ok(digest) = Digest::import_less_safe(digest.as_bytes(), &SHA256) else { return false };
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.raw);
        self.algorithm == Algorithm::EcdsaP256 && verifier.verify_digest(&digest, signature).is_ok()
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        b64::serialize(&self.spki(), serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_text(&text).map_err(D::Error::custom)
    }
}
