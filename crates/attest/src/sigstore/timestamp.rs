//! Time-stamps (RFC 3161): a response, the CMS message in it, and the time that it vouches for.

use cms::{
    cert::CertificateChoices,
    content_info::{CmsVersion, ContentInfo},
    signed_data::{SignedData, SignerIdentifier, SignerInfo},
};
use der::{
    Any, Decode, Encode, Reader, Sequence, SliceReader, Tag,
    asn1::{GeneralizedTime, Int, ObjectIdentifier, OctetString},
};
use model::{Sha256, Timestamp};
use pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::{EndEntityCert, aws_lc_rs as algorithms};
use x509_cert::{Certificate, spki::AlgorithmIdentifierOwned};

use super::{
    Refusal,
    path::{Paths, TIME_STAMPING},
    root::Authority,
};

pub(crate) const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
pub(crate) const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
pub(crate) const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
pub(crate) const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
pub(crate) const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
pub(crate) const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
/// RSA with the digest that the signer names, as most authorities write it.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// Largest response that is read, in bytes.
const MAX_RESPONSE: usize = 256 << 10;

/// The digest that is stamped.
#[derive(Sequence)]
pub(crate) struct Imprint {
    pub algorithm: AlgorithmIdentifierOwned,
    pub digest: OctetString,
}

/// The moment at which `response` proves that `signature` was there.
pub(super) fn check(
    response: &[u8],
    signature: &[u8],
    authorities: &[Authority],
    paths: &Paths,
) -> Result<Timestamp, Refusal> {
    let malformed = |error: der::Error| Refusal::TimestampMalformed(error.to_string());
    let wrong = |why: &str| Refusal::TimestampMalformed(why.to_owned());
    if response.len() > MAX_RESPONSE {
        return Err(wrong("it is too large"));
    }
    let message = token(response).map_err(malformed)?.ok_or(wrong("it was not granted"))?;
    if message.content_type != SIGNED_DATA {
        return Err(wrong("it holds no signed data"));
    }
    let data: SignedData = message.content.decode_as().map_err(malformed)?;
    if data.encap_content_info.econtent_type != TST_INFO {
        return Err(wrong("it is about something else than a time"));
    }
    let content = data.encap_content_info.econtent.as_ref().ok_or(wrong("it holds no time"))?;
    let content: OctetString = content.decode_as().map_err(malformed)?;
    let (imprint, at) = information(content.as_bytes()).map_err(malformed)?;
    let digest = digest(&imprint.algorithm.oid, signature).ok_or(wrong("it uses an unknown digest"))?;
    if imprint.digest.as_bytes() != digest {
        return Err(Refusal::TimestampMismatch);
    }
    let at = Timestamp::new(at.to_unix_duration().as_secs().cast_signed(), 0);
    let at = at.map_err(|_| wrong("its time is out of range"))?;
    let [signer] = data.signer_infos.0.as_slice() else { return Err(wrong("it needs exactly one signer")) };
    if !consistent(&data, signer) {
        return Err(wrong("its versions or algorithms do not fit what it holds"));
    }
    if !ordered(signer, response) {
        return Err(wrong("its signed attributes are not in the order of DER"));
    }
    signed(signer, content.as_bytes(), &data, authorities, at, paths)?;
    Ok(at)
}

/// Whether the signed attributes stand in the response as they are signed: reading a set puts it in order.
fn ordered(signer: &SignerInfo, response: &[u8]) -> bool {
    let attributes = signer.signed_attrs.iter().flat_map(|attributes| attributes.iter());
    let encoded: der::Result<Vec<_>> = attributes.map(Encode::to_der).collect();
    let Ok(encoded) = encoded.map(|parts| parts.concat()) else { return false };
    !encoded.is_empty() && response.windows(encoded.len()).any(|window| window == encoded)
}

/// Whether what no signature covers says what it must (RFC 5652, 5.1 and 5.3): nothing in a time-stamp can
/// be changed unnoticed.
fn consistent(data: &SignedData, signer: &SignerInfo) -> bool {
    let version = match signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(_) => CmsVersion::V1,
        SignerIdentifier::SubjectKeyIdentifier(_) => CmsVersion::V3,
    };
    let plain = |algorithm: &AlgorithmIdentifierOwned| {
        algorithm.parameters.as_ref().is_none_or(|parameters| *parameters == Any::null())
    };
    let mut digests = data.digest_algorithms.iter();
    data.version == CmsVersion::V3
        && signer.version == version
        && digests.clone().any(|algorithm| algorithm.oid == signer.digest_alg.oid)
        && digests.all(plain)
        && plain(&signer.digest_alg)
        && plain(&signer.signature_algorithm)
}

/// The moment at which `response` proves, by this authority, that `signature` was there.
pub(crate) fn check_one(
    response: &[u8],
    signature: &[u8],
    authority: &Authority,
    paths: &Paths,
) -> Result<Timestamp, Refusal> {
    check(response, signature, std::slice::from_ref(authority), paths)
}

/// The signed message of a response whose status is granted. With modifications is not enough: the status
/// is signed by nobody, and other verifiers refuse it too.
fn token(response: &[u8]) -> der::Result<Option<ContentInfo>> {
    let mut reader = SliceReader::new(response)?;
    let token = reader.sequence(|body| {
        let granted = body.sequence(|status| {
            let granted = matches!(status.decode::<Int>()?.as_bytes(), [0]);
            skip(status)?;
            Ok(granted)
        })?;
        let token = if body.is_finished() { None } else { Some(ContentInfo::decode(body)?) };
        Ok(token.filter(|_| granted))
    })?;
    reader.finish(token)
}

/// Imprint and time of a `TSTInfo`; the rest of it decides nothing here.
fn information(bytes: &[u8]) -> der::Result<(Imprint, GeneralizedTime)> {
    let mut reader = SliceReader::new(bytes)?;
    let found = reader.sequence(|body| {
        let version: u8 = body.decode()?;
        if version != 1 {
            return Err(Tag::Integer.value_error());
        }
        let _policy: ObjectIdentifier = body.decode()?;
        let imprint: Imprint = body.decode()?;
        let _serial: Int = body.decode()?;
        let at = GeneralizedTime::decode(body)?;
        skip(body)?;
        Ok((imprint, at))
    })?;
    reader.finish(found)
}

fn digest(algorithm: &ObjectIdentifier, bytes: &[u8]) -> Option<Vec<u8>> {
    use aws_lc_rs::digest;
    let algorithm = match *algorithm {
        SHA256 => return Some(Sha256::of(bytes).0.to_vec()),
        SHA384 => &digest::SHA384,
        SHA512 => &digest::SHA512,
        _ => return None,
    };
    Some(digest::digest(algorithm, bytes).as_ref().to_vec())
}

/// Checks that the signed attributes are about `content`, and that a trusted authority signed them.
fn signed(
    signer: &SignerInfo,
    content: &[u8],
    data: &SignedData,
    authorities: &[Authority],
    at: Timestamp,
    paths: &Paths,
) -> Result<(), Refusal> {
    let wrong = |why: &str| Refusal::TimestampMalformed(why.to_owned());
    let attributes = signer.signed_attrs.as_ref().ok_or(wrong("its signature has no attributes"))?;
    let one = |id: ObjectIdentifier| {
        let mut found = attributes.iter().filter(|attribute| attribute.oid == id);
        match (found.next(), found.next()) {
            (Some(attribute), None) if attribute.values.len() == 1 => attribute.values.get(0).cloned(),
            _ => None,
        }
    };
    let kind = one(CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    if kind != Some(TST_INFO) {
        return Err(wrong("its signature is about another kind of content"));
    }
    let expected = digest(&signer.digest_alg.oid, content).ok_or(wrong("it uses an unknown digest"))?;
    let found = one(MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetString>().ok());
    if found.is_none_or(|found| found.as_bytes() != expected) {
        return Err(Refusal::TimestampSignature);
    }
    let named = one(SIGNING_CERTIFICATE).and_then(|value| signing_certificate(&value).ok());
    let (by, hash) = named.ok_or(wrong("it does not name its signing certificate"))?;
    // Signed is the set itself, not the implicitly tagged form in which it travels (RFC 5652, 5.4).
    let message = attributes.to_der().map_err(|error| Refusal::TimestampMalformed(error.to_string()))?;
    let mut reason = Refusal::TimestampAuthority("none stamped it".into());
    for authority in authorities {
        let Some((certificate, above)) = stamper(authority, data) else { continue };
        if digest(&by, &certificate).is_none_or(|digest| digest != hash) {
            continue;
        }
        let Ok(()) = verifies(&certificate, signer, &message) else {
            reason = Refusal::TimestampSignature;
            continue;
        };
        match paths.issuer(&certificate, &above, TIME_STAMPING, at) {
            Ok(_) => return Ok(()),
            Err(why) => reason = Refusal::TimestampAuthority(why),
        }
    }
    Err(reason)
}

/// Digest algorithm and digest of the signing certificate (`SigningCertificateV2`, RFC 5816).
fn signing_certificate(value: &Any) -> der::Result<(ObjectIdentifier, Vec<u8>)> {
    let bytes = value.to_der()?;
    let mut reader = SliceReader::new(&bytes)?;
    reader.sequence(|list| {
        let found = list.sequence(|certificates| {
            certificates.sequence(|first| {
                let plain = first.peek_header()?.tag == Tag::OctetString;
                let algorithm = if plain { SHA256 } else { AlgorithmIdentifierOwned::decode(first)?.oid };
                let digest = OctetString::decode(first)?;
                skip(first)?;
                Ok((algorithm, digest.into_bytes()))
            })
        })?;
        skip(list)?;
        Ok(found)
    })
}

/// Passes over what decides nothing.
fn skip<'a>(reader: &mut impl Reader<'a>) -> der::Result<()> {
    while !reader.is_finished() {
        Any::decode(reader)?;
    }
    Ok(())
}

/// The certificate that may have signed and what is above it: the first of the authority's chain, and that
/// alone. Another that the same root issued is for another entry of the trusted root to name, and ends with
/// that one; what a message carries names no authority. `None` when the message carries others only.
fn stamper(authority: &Authority, data: &SignedData) -> Option<(Vec<u8>, Authority)> {
    let (first, above) = authority.chain.split_first()?;
    let carried = data.certificates.iter().flat_map(|carried| carried.0.iter()).take(8);
    let encoded = carried.filter_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => certificate.to_der().ok(),
        CertificateChoices::Other(_) => None,
    });
    // Some authorities send no certificate; what is sent must be the one.
    let mut encoded = encoded.peekable();
    let named = encoded.peek().is_none() || encoded.any(|der| der == *first);
    named.then(|| (first.clone(), Authority { chain: above.to_vec(), window: authority.window }))
}

fn verifies(certificate: &[u8], signer: &SignerInfo, message: &[u8]) -> Result<(), ()> {
    let same = Certificate::from_der(certificate).is_ok_and(|found| is_named(&found, signer));
    if !same {
        return Err(());
    }
    let der = CertificateDer::from(certificate);
    let certificate = EndEntityCert::try_from(&der).map_err(drop)?;
    let signature = signer.signature.as_bytes();
    let fits = |algorithm: &&dyn SignatureVerificationAlgorithm| {
        certificate.verify_signature(*algorithm, message, signature).is_ok()
    };
    usable(signer).iter().any(fits).then_some(()).ok_or(())
}

fn is_named(certificate: &Certificate, signer: &SignerInfo) -> bool {
    use x509_cert::ext::pkix::SubjectKeyIdentifier;
    let body = &certificate.tbs_certificate;
    match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(name) => {
            name.issuer == body.issuer && name.serial_number == body.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(id) => {
            let own = body.get::<SubjectKeyIdentifier>().ok().flatten();
            own.is_some_and(|(_, own)| own == *id)
        }
    }
}

/// What the signature may be made with, by the digest and the algorithm that the signer names.
fn usable(signer: &SignerInfo) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    use algorithms as a;
    match (signer.digest_alg.oid, signer.signature_algorithm.oid) {
        (SHA256, ECDSA_SHA256) => vec![a::ECDSA_P256_SHA256, a::ECDSA_P384_SHA256],
        (SHA384, ECDSA_SHA384) => vec![a::ECDSA_P256_SHA384, a::ECDSA_P384_SHA384],
        (SHA512, ECDSA_SHA512) => vec![a::ECDSA_P256_SHA512, a::ECDSA_P384_SHA512],
        (SHA256, RSA | RSA_SHA256) => vec![a::RSA_PKCS1_2048_8192_SHA256],
        (SHA384, RSA | RSA_SHA384) => vec![a::RSA_PKCS1_2048_8192_SHA384],
        (SHA512, RSA | RSA_SHA512) => vec![a::RSA_PKCS1_2048_8192_SHA512],
        (SHA512, ED25519) => vec![a::ED25519],
        _ => Vec::new(),
    }
}
