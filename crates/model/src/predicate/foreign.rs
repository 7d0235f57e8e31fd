//! A statement of others that was verified under their own root, and taken in as it was.

use serde::{Deserialize, Serialize};

use crate::{Digest, Predicate, Sha256, Timestamp};

/// That a foreign attestation was verified here. Subjects: those of the foreign statement. What it says is
/// in the document, untouched; this statement vouches only for the verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeignAttestation {
    /// Project it was brought to.
    pub project: String,
    /// The bundle or envelope, byte for byte; a blob.
    pub document: Digest,
    /// `sigstore-bundle` (v0.3) or `dsse-envelope`.
    pub form: String,
    /// SHA-256 of the DSSE envelope.
    pub envelope: Sha256,
    /// `predicateType` of the foreign statement.
    pub predicate_type: String,
    /// What it was verified under.
    pub root: ForeignRoot,
    /// Who signed it.
    pub signer: ForeignSigner,
    /// When it was signed, as a trusted time-stamp proves; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// The log it is in; absent for a bare envelope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<ForeignLog>,
    /// When it was verified.
    pub verified_at: Timestamp,
    /// What verified it: component to version.
    pub verifier: std::collections::BTreeMap<String, String>,
    /// Who brought it.
    pub actor: String,
}

impl Predicate for ForeignAttestation {
    const TYPE: &'static str = "urn:proofhouse:predicate:foreign-attestation:v1";
}

/// What a foreign attestation was verified under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignRoot {
    /// `trusted-root` (Sigstore), `trust-file` (ours) or `key`.
    pub kind: String,
    /// SHA-256 of the file, or of the key's SubjectPublicKeyInfo.
    pub sha256: Sha256,
}

/// Who signed a foreign attestation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignSigner {
    /// Identity in the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Who vouches for the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Name of the key in the trust file, or the hint of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Where a foreign attestation is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignLog {
    /// Origin of the log.
    pub origin: String,
    /// Position in it.
    pub index: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 0.1 writes it.
    const FIRST: &str = r#"{"project":"app","document":{
        "hash":"0000000000000000000000000000000000000000000000000000000000000000","size":3},
        "form":"sigstore-bundle",
        "envelope":"0000000000000000000000000000000000000000000000000000000000000000",
        "predicateType":"https://example.com/any","root":{"kind":"trusted-root",
        "sha256":"0000000000000000000000000000000000000000000000000000000000000000"},
        "signer":{"identity":"https://who","issuer":"https://says"},"signedAt":"2026-01-02T03:04:05Z",
        "log":{"origin":"log.example","index":7},"verifiedAt":"2026-01-02T03:04:06Z",
        "verifier":{"proofhouse":"0.1.0"},"actor":"ci"}"#;

    #[test]
    fn the_first_form_stays_readable_and_is_written_back_the_same() {
        let read: ForeignAttestation = serde_json::from_str(FIRST).unwrap();
        let value: serde_json::Value = serde_json::from_str(FIRST).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), value);
    }
}
