//! Somebody else's time-stamping authority, asked over HTTP (RFC 3161, section 3.4).

use std::path::PathBuf;

use der::{
    Encode, Sequence,
    asn1::{ObjectIdentifier, OctetString},
};
use model::Sha256;
use serde::{Deserialize, Serialize};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{
    PlaceError,
    https::{Service, nonsense},
};
use crate::{
    keys::KeyError,
    sigstore::stamp::{Imprint, SHA256},
};

/// A time-stamping service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum StampService {
    /// Speaks RFC 3161.
    #[serde(rename = "rfc3161")]
    Rfc3161 {
        /// Its address, path and all.
        url: String,
        /// File with the authorities that its TLS certificate must come from; the system's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<PathBuf>,
    },
}

#[derive(Sequence)]
struct Query {
    version: u8,
    imprint: Imprint,
    certificates: bool,
}

impl StampService {
    /// Its address, as it was given.
    pub fn address(&self) -> &str {
        let Self::Rfc3161 { url, .. } = self;
        url
    }

    /// Asks for a time-stamp over `signature`. What comes back is not looked at here.
    ///
    /// # Errors
    /// The service cannot be reached, or answers something else.
    pub fn ask(&self, signature: &[u8]) -> Result<Vec<u8>, KeyError> {
        let Self::Rfc3161 { url, ca } = self;
        let service = Service::new(url, ca.as_deref(), None)?;
        let media =
            [("content-type", "application/timestamp-query"), ("accept", "application/timestamp-reply")];
        let answer = service.call("POST", "", &media, &query(signature)?)?;
        match answer.status {
            // Sigstore's own authority answers that it created one.
            200 | 201 => Ok(answer.body),
            status => Err(nonsense(service.authority(), &format!("HTTP status {status}")).into()),
        }
    }
}

fn query(signature: &[u8]) -> Result<Vec<u8>, KeyError> {
    let oid: ObjectIdentifier = SHA256;
    let digest = OctetString::new(Sha256::of(signature).0).map_err(|_| KeyError::Crypto)?;
    let imprint = Imprint { algorithm: AlgorithmIdentifierOwned { oid, parameters: None }, digest };
    Query { version: 1, imprint, certificates: true }.to_der().map_err(|_| KeyError::Crypto)
}

/// Something that is not a time-stamp of the expected authority.
pub(crate) fn foreign(service: &StampService, why: &str) -> KeyError {
    let StampService::Rfc3161 { url, .. } = service;
    PlaceError::Answer { service: url.clone(), why: why.to_owned() }.into()
}
