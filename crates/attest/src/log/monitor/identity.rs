//! Who an entry says signed it.

use model::Sha256;
use serde::Serialize;

use crate::{
    log::{LeafVerifier, LogEntry},
    sigstore::certificate_names,
};

/// Who verifies the signature of an entry, as the entry says. A certificate is read, not judged: whether
/// its path leads to a root is for those who verify the statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// SHA-256 of the SubjectPublicKeyInfo of a plain key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Sha256>,
    /// Subject alternative names of the certificate: addresses and mail addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Who vouched for them (1.3.6.1.4.1.57264.1.8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Why there is nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// Reads identities; remembers the last certificate, since those of one run stand together.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    last: Option<(Vec<u8>, Identity)>,
}

impl Identities {
    /// The identity in an entry; one that cannot be read says why.
    pub fn of(&mut self, entry: &[u8]) -> Identity {
        let entry = match LogEntry::parse(entry) {
            Ok(entry) => entry,
            Err(error) => return Identity { unreadable: Some(error.to_string()), ..Identity::default() },
        };
        match entry.verifier {
            LeafVerifier::Key(key) => Identity { key: Some(key.fingerprint()), ..Identity::default() },
            LeafVerifier::Certificate(der, _) => self.certificate(der),
        }
    }

    fn certificate(&mut self, der: Vec<u8>) -> Identity {
        if let Some((known, identity)) = &self.last
            && *known == der
        {
            return identity.clone();
        }
        let identity = match certificate_names(&der) {
            Ok((names, issuer)) => Identity { names, issuer, ..Identity::default() },
            Err(error) => Identity { unreadable: Some(error.to_string()), ..Identity::default() },
        };
        self.last = Some((der, identity.clone()));
        identity
    }
}
