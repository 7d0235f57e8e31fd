//! Certificates (RFC 5280): root, issuing authority, time-stamping authority; P-256 with SHA-256.

use std::time::Duration;

use der::{
    Decode, Encode,
    asn1::{BitString, GeneralizedTime, OctetString, SetOfVec, UtcTime, Utf8StringRef},
    oid::{AssociatedOid, ObjectIdentifier},
};
use model::{Sha256, Timestamp};
use x509_cert::{
    Certificate, TbsCertificate, Version,
    attr::AttributeTypeAndValue,
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
            SubjectKeyIdentifier,
        },
    },
    name::{Name, RdnSequence, RelativeDistinguishedName},
    serial_number::SerialNumber,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
    time::{Time, Validity},
};

use super::encoding;
use crate::keys::{KeyError, PublicKey, Signer, random};

const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
pub(super) const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
pub(crate) const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// Longest name of an organisation, in characters (RFC 5280, upper bound 64).
pub const MAX_NAME: usize = 40;
/// Certificates are believed this long before they were made, as clocks differ.
const BACKDATED: i64 = 300;

/// Who issues: a key and its certificate.
pub struct Issuer<'a> {
    /// The private key.
    pub signer: &'a dyn Signer,
    /// Its certificate, DER; a root has none yet.
    pub certificate: Option<&'a [u8]>,
}

/// From when until when.
#[derive(Clone, Copy)]
pub struct Life {
    /// First moment.
    pub from: Timestamp,
    /// Last moment.
    pub until: Timestamp,
}

impl Life {
    /// From a little before `now`, for `seconds`.
    pub fn starting(now: Timestamp, seconds: i64) -> Self {
        let shift =
            |by: i64| Timestamp::from_second(now.as_second().saturating_add(by).max(0)).unwrap_or(now);
        Self { from: shift(-BACKDATED), until: shift(seconds) }
    }
}

/// Whether `name` can stand in a certificate: 1 to [`MAX_NAME`] printable characters.
pub fn valid_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control)
}

/// A root that vouches for itself. `seconds`: how long it lives.
///
/// # Errors
/// The key cannot be used.
pub fn root(organisation: &str, key: &dyn Signer, now: Timestamp, seconds: i64) -> Result<Vec<u8>, KeyError> {
    let extensions = vec![ca(Some(1))?, usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?];
    let subject = name(organisation, "root")?;
    let issuer = Issuer { signer: key, certificate: None };
    issue(&issuer, subject, key.public_key(), Life::starting(now, seconds), extensions)
}

/// An authority beneath a root that issues signing certificates and nothing else.
///
/// # Errors
/// As [`root`].
pub fn authority(
    organisation: &str,
    key: &PublicKey,
    by: &Issuer<'_>,
    now: Timestamp,
    seconds: i64,
) -> Result<Vec<u8>, KeyError> {
    let usages = usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?;
    let extensions = vec![ca(Some(0))?, usages, purpose(CODE_SIGNING, false)?];
    issue(by, name(organisation, "signing authority")?, key, Life::starting(now, seconds), extensions)
}

/// The certificate of a time-stamping authority (RFC 3161, section 2.3).
///
/// # Errors
/// As [`root`].
pub fn time_stamper(
    organisation: &str,
    key: &PublicKey,
    by: &Issuer<'_>,
    now: Timestamp,
    seconds: i64,
) -> Result<Vec<u8>, KeyError> {
    let extensions = vec![usage(KeyUsages::DigitalSignature.into())?, purpose(TIME_STAMPING, true)?];
    issue(by, name(organisation, "time-stamping")?, key, Life::starting(now, seconds), extensions)
}

/// Issues one certificate with the given extensions and the identifiers of both keys.
pub(super) fn issue(
    by: &Issuer<'_>,
    subject: Name,
    key: &PublicKey,
    life: Life,
    extensions: Vec<Extension>,
) -> Result<Vec<u8>, KeyError> {
    signed(by.signer, body(by, subject, key, life, extensions)?)
}

/// What is signed. The first byte of the serial number keeps it positive and not zero.
pub(super) fn body(
    by: &Issuer<'_>,
    subject: Name,
    key: &PublicKey,
    life: Life,
    mut extensions: Vec<Extension>,
) -> Result<TbsCertificate, KeyError> {
    let issuer = match by.certificate {
        None => subject.clone(),
        Some(der) => Certificate::from_der(der).map_err(encoding)?.tbs_certificate.subject,
    };
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(key_id(by.signer.public_key())?),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    extensions.push(extension(&SubjectKeyIdentifier(key_id(key)?), false)?);
    extensions.push(extension(&authority, false)?);
    let mut serial = random::<16>()?;
    serial[0] = serial[0] & 0x3f | 0x40;
    Ok(TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&serial).map_err(encoding)?,
        signature: ecdsa_sha256(),
        issuer,
        validity: Validity { not_before: time(life.from)?, not_after: time(life.until)? },
        subject,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(&key.spki()).map_err(encoding)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions),
    })
}

/// Body and signature.
pub(super) fn signed(signer: &dyn Signer, body: TbsCertificate) -> Result<Vec<u8>, KeyError> {
    let signature = signer.sign(&body.to_der().map_err(encoding)?)?;
    let certificate = Certificate {
        tbs_certificate: body,
        signature_algorithm: ecdsa_sha256(),
        signature: BitString::from_bytes(&signature).map_err(encoding)?,
    };
    certificate.to_der().map_err(encoding)
}

pub(crate) fn ecdsa_sha256() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: ECDSA_SHA256, parameters: None }
}

pub(super) fn extension<T: AssociatedOid + Encode>(value: &T, critical: bool) -> Result<Extension, KeyError> {
    raw_extension(T::OID, value.to_der().map_err(encoding)?, critical)
}

pub(super) fn raw_extension(
    id: ObjectIdentifier,
    value: Vec<u8>,
    critical: bool,
) -> Result<Extension, KeyError> {
    let extn_value = OctetString::new(value).map_err(encoding)?;
    Ok(Extension { extn_id: id, critical, extn_value })
}

fn ca(path_len_constraint: Option<u8>) -> Result<Extension, KeyError> {
    extension(&BasicConstraints { ca: true, path_len_constraint }, true)
}

pub(super) fn usage(usages: der::flagset::FlagSet<KeyUsages>) -> Result<Extension, KeyError> {
    extension(&KeyUsage(usages), true)
}

pub(super) fn purpose(id: ObjectIdentifier, critical: bool) -> Result<Extension, KeyError> {
    extension(&ExtendedKeyUsage(vec![id]), critical)
}

/// Leftmost 160 bits of the SHA-256 of the key (RFC 7093, method 1).
fn key_id(key: &PublicKey) -> Result<OctetString, KeyError> {
    OctetString::new(&Sha256::of(key.raw()).0[..20]).map_err(encoding)
}

fn time(at: Timestamp) -> Result<Time, KeyError> {
    let seconds = Duration::from_secs(u64::try_from(at.as_second()).map_err(|_| KeyError::Crypto)?);
    // Until 2049 the one form, afterwards the other (RFC 5280, section 4.1.2.5).
    match UtcTime::from_unix_duration(seconds) {
        Ok(time) => Ok(Time::UtcTime(time)),
        Err(_) => Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(seconds).map_err(encoding)?)),
    }
}

fn name(organisation: &str, role: &str) -> Result<Name, KeyError> {
    let part = |oid, text: &str| -> Result<RelativeDistinguishedName, KeyError> {
        let value = Utf8StringRef::new(text).map_err(encoding)?.into();
        let pairs = SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(encoding)?;
        Ok(RelativeDistinguishedName(pairs))
    };
    let common = format!("{organisation} {role}");
    Ok(RdnSequence(vec![part(ORGANISATION, organisation)?, part(COMMON_NAME, &common)?]))
}
