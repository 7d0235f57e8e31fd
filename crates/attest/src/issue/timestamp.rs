//! Time-stamps (RFC 3161) over signatures. The token carries the stamping certificate alone; what is above
//! it is for the trusted root to say.

use std::time::Duration;

use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
    },
};
use der::{
    Any, Decode, Encode, Sequence, Tag,
    asn1::{GeneralizedTime, Int, ObjectIdentifier, OctetString, SetOfVec},
};
use model::{Sha256, Timestamp};
use x509_cert::{Certificate, attr::Attribute, spki::AlgorithmIdentifierOwned};

use super::{certificate::ecdsa_sha256, encoding};
use crate::{
    keys::{KeyError, Signer, random},
    sigstore::stamp::{
        CONTENT_TYPE, Imprint, MESSAGE_DIGEST, SHA256, SIGNED_DATA, SIGNING_CERTIFICATE, TST_INFO,
    },
};

/// Policy under which times are stamped: that of Sigstore's time-stamping service.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.2");

/// Stamps times with one key.
pub struct TimeStamper {
    certificate: Certificate,
    /// `SigningCertificateV2` that names the certificate (RFC 5816).
    named: Any,
}

#[derive(Sequence)]
struct TstInfo {
    version: u8,
    policy: ObjectIdentifier,
    imprint: Imprint,
    serial: Int,
    at: GeneralizedTime,
    accuracy: Accuracy,
}

#[derive(Sequence)]
struct Accuracy {
    seconds: u8,
}

#[derive(Sequence)]
struct Status {
    status: u8,
}

#[derive(Sequence)]
struct Response {
    status: Status,
    token: ContentInfo,
}

#[derive(Sequence)]
struct CertificateId {
    digest: OctetString,
}

#[derive(Sequence)]
struct SigningCertificate {
    certificates: Vec<CertificateId>,
}

impl TimeStamper {
    /// With the certificate of the key that will sign, DER.
    ///
    /// # Errors
    /// It is not a certificate.
    pub fn new(certificate: &[u8]) -> Result<Self, KeyError> {
        let digest = OctetString::new(Sha256::of(certificate).0).map_err(encoding)?;
        let named = SigningCertificate { certificates: vec![CertificateId { digest }] };
        Ok(Self {
            certificate: Certificate::from_der(certificate).map_err(encoding)?,
            named: Any::encode_from(&named).map_err(encoding)?,
        })
    }

    /// A granted response (DER) that `signature` was there at `now`, whole seconds.
    ///
    /// # Errors
    /// The key cannot be used.
    pub fn stamp(&self, key: &dyn Signer, signature: &[u8], now: Timestamp) -> Result<Vec<u8>, KeyError> {
        let content = information(signature, now)?;
        let attributes = SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, Any::encode_from(&TST_INFO))?,
            attribute(MESSAGE_DIGEST, Any::new(Tag::OctetString, Sha256::of(&content).0))?,
            attribute(SIGNING_CERTIFICATE, Ok(self.named.clone()))?,
        ]);
        let attributes = attributes.map_err(encoding)?;
        let signature = key.sign(&attributes.to_der().map_err(encoding)?)?;
        let body = &self.certificate.tbs_certificate;
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: body.issuer.clone(),
                serial_number: body.serial_number.clone(),
            }),
            digest_alg: sha256(),
            signed_attrs: Some(attributes),
            signature_algorithm: ecdsa_sha256(),
            signature: OctetString::new(signature).map_err(encoding)?,
            unsigned_attrs: None,
        };
        self.response(content, signer).map_err(encoding)
    }

    fn response(&self, content: Vec<u8>, signer: SignerInfo) -> der::Result<Vec<u8>> {
        let certificate = CertificateChoices::Certificate(self.certificate.clone());
        let data = SignedData {
            version: CmsVersion::V3,
            digest_algorithms: SetOfVec::try_from(vec![sha256()])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: TST_INFO,
                econtent: Some(Any::new(Tag::OctetString, content)?),
            },
            certificates: Some(CertificateSet(SetOfVec::try_from(vec![certificate])?)),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        let token = ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? };
        Response { status: Status { status: 0 }, token }.to_der()
    }
}

fn information(signature: &[u8], now: Timestamp) -> Result<Vec<u8>, KeyError> {
    let seconds = u64::try_from(now.as_second()).map_err(|_| KeyError::Crypto)?;
    let digest = OctetString::new(Sha256::of(signature).0).map_err(encoding)?;
    let mut serial = random::<16>()?;
    serial[0] = serial[0] & 0x3f | 0x40;
    let info = TstInfo {
        version: 1,
        policy: POLICY,
        imprint: Imprint { algorithm: sha256(), digest },
        serial: Int::new(&serial).map_err(encoding)?,
        at: GeneralizedTime::from_unix_duration(Duration::from_secs(seconds)).map_err(encoding)?,
        accuracy: Accuracy { seconds: 1 },
    };
    info.to_der().map_err(encoding)
}

fn sha256() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: SHA256, parameters: None }
}

fn attribute(oid: ObjectIdentifier, value: der::Result<Any>) -> Result<Attribute, KeyError> {
    let values = SetOfVec::try_from(vec![value.map_err(encoding)?]).map_err(encoding)?;
    Ok(Attribute { oid, values })
}
