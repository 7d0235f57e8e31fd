//! Where a new key comes from: made here, made or found elsewhere, brought along with its certificates.

use std::path::PathBuf;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Der, KeyRecord, Place, Private, Purpose};
use x509_cert::ext::pkix::ExtendedKeyUsage;

use crate::{
    issue::{Issuer, Leaf, TIME_STAMPING, TimeStamper, Transparency},
    keys::{
        Algorithm, KeyError,
        files::read_private,
        sealed::Secret,
        signers::{self, KeyPlace, Pkcs11, StampService, foreign, software},
    },
    sigstore::{Authority, Paths, check_stamp, code_signing},
};

/// A new key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewKey {
    /// Where it comes from.
    pub source: Source,
    /// Its certificate and those above it up to the root, DER. Empty: our own root certifies it.
    #[serde(default)]
    pub chain: Vec<Der>,
}

/// Where a key comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Made here, kept in the vault.
    #[default]
    Made,
    /// Read from a private PEM file (PKCS#8), kept in the vault.
    File(PathBuf),
    /// Found elsewhere, stays there.
    Place(KeyPlace),
    /// Made on a token, stays there.
    MadeOn(Pkcs11),
    /// Nobody's key here: a service stamps times.
    Service(StampService),
}

/// A key that was taken up.
pub(super) struct Taken {
    pub place: Place,
    pub private: Private,
    pub public: crate::PublicKey,
}

impl Source {
    /// Makes, reads or opens it.
    pub(super) fn take(&self, purpose: Purpose, chain: &[Der]) -> Result<Taken, KeyError> {
        let algorithm = purpose.algorithm();
        let here = |secret: Secret| -> Result<Taken, KeyError> {
            let signer = (software(algorithm).ok_or(KeyError::Crypto)?.open)(&secret)?;
            let (place, public) = (Place::Key(KeyPlace::File), signer.public_key().clone());
            Ok(Taken { place, private: Private::here(secret, signer), public })
        };
        let elsewhere = |place: KeyPlace| -> Result<Taken, KeyError> {
            let signer = signers::open(&place, None)?;
            let public = signer.public_key().clone();
            Ok(Taken { private: Private::opened(place.clone(), signer), place: Place::Key(place), public })
        };
        match self {
            Self::Made => here((software(algorithm).ok_or(KeyError::Crypto)?.generate)()?),
            Self::File(path) => {
                let unusable = || KeyError::Setting {
                    what: "the key file",
                    given: path.display().to_string(),
                    why: "expected is a private key as PEM that begins with BEGIN PRIVATE KEY",
                };
                let text = read_private(path)?.ok_or_else(unusable)?;
                here(pem(&text).ok_or_else(unusable)?).map_err(|_| unusable())
            }
            Self::Place(place) => elsewhere(place.clone()),
            Self::MadeOn(token) => {
                let (token, _) = signers::generate(token, algorithm)?;
                elsewhere(KeyPlace::Pkcs11(token))
            }
            Self::Service(service) => {
                let leaf = chain.first().filter(|der| purpose == Purpose::Time && stamps_times(&der.0));
                let public = leaf.and_then(|der| public_key(&der.0)).ok_or(KeyError::Setting {
                    what: "the time-stamping service",
                    given: service.address().to_owned(),
                    why: "its certificates are needed as `chain`: its own for time-stamping first, with a P-256 or Ed25519 key",
                })?;
                let private = Private::Service(service.clone());
                Ok(Taken { place: Place::Stamper(service.clone()), private, public })
            }
        }
    }
}

/// Tries certificates that were brought along: what they would certify must verify.
pub(super) fn try_chain(record: &KeyRecord, private: &Private, now: Timestamp) -> Result<(), KeyError> {
    let refuse = |why| {
        Err(KeyError::Setting { what: "the certificate chain", given: record.purpose.to_string(), why })
    };
    let Some(first) = record.chain.first() else { return Ok(()) };
    if public_key(&first.0).as_ref() != Some(&record.public_key) {
        return refuse("its first certificate is of another key");
    }
    let authority = Authority::of(&record.chain);
    let paths = Paths::default();
    match (record.purpose, private) {
        (Purpose::Authority, private) => {
            let signer = private.signer(&record.public_key)?;
            let by = Issuer { signer, certificate: Some(&first.0) };
            let leaf = Leaf::issue("urn:proofhouse:probe", "", &by, &Transparency(signer), now)?;
            match code_signing(&paths, leaf.certificate(), &authority, now) {
                Ok(()) => Ok(()),
                Err(_) => refuse("what it certifies does not verify: it must allow issuing for code signing"),
            }
        }
        (Purpose::Time, private) => {
            let signature = b"a probe";
            let stamp = stamp(record, private, signature, now)?;
            match check_stamp(&stamp, signature, &authority, &paths) {
                Ok(_) => Ok(()),
                Err(_) => refuse("a time-stamp under it does not verify"),
            }
        }
        _ => refuse("only authorities and time-stampers have certificates"),
    }
}

/// A time-stamp by this key, or by the service in its place.
pub(in crate::keys) fn stamp(
    record: &KeyRecord,
    private: &Private,
    signature: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>, KeyError> {
    if let Private::Service(service) = private {
        let stamp = service.ask(signature)?;
        let authority = Authority::of(&record.chain);
        return match check_stamp(&stamp, signature, &authority, &Paths::default()) {
            Ok(_) => Ok(stamp),
            Err(refusal) => Err(foreign(service, &refusal.to_string())),
        };
    }
    let certificate = record.chain.first().ok_or(KeyError::NoKey(Purpose::Time, now))?;
    TimeStamper::new(&certificate.0)?.stamp(private.signer(&record.public_key)?, signature, now)
}

/// Whether a certificate is for stamping times.
fn stamps_times(certificate: &[u8]) -> bool {
    use der::Decode;
    let certificate = x509_cert::Certificate::from_der(certificate);
    let usages = certificate.ok().and_then(|c| c.tbs_certificate.get::<ExtendedKeyUsage>().ok().flatten());
    usages.is_some_and(|(_, usages)| usages.0.contains(&TIME_STAMPING))
}

fn public_key(certificate: &[u8]) -> Option<crate::PublicKey> {
    use der::{Decode, Encode};
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    crate::PublicKey::from_spki(&certificate.tbs_certificate.subject_public_key_info.to_der().ok()?).ok()
}

fn pem(text: &[u8]) -> Option<Secret> {
    let text = str::from_utf8(text).ok()?.trim();
    let inner =
        text.strip_prefix("-----BEGIN PRIVATE KEY-----")?.strip_suffix("-----END PRIVATE KEY-----")?;
    let folded: zeroize::Zeroizing<String> = zeroize::Zeroizing::new(inner.split_whitespace().collect());
    crate::b64::decode(&folded).map(Secret::new)
}

impl Purpose {
    /// Algorithm of keys for it.
    pub(super) fn algorithm(self) -> Algorithm {
        if self == Self::Log { Algorithm::Ed25519 } else { Algorithm::EcdsaP256 }
    }
}
