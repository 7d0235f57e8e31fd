//! What a signing certificate says.

use der::{
    Decode, Encode,
    asn1::{ObjectIdentifier, Utf8StringRef},
};
use x509_cert::{
    Certificate,
    ext::pkix::{KeyUsage, KeyUsages, SubjectAltName, name::GeneralName},
};

use super::Refusal;
use crate::keys::PublicKey;

/// Issuer of the identity, as a DER UTF8String (Fulcio's registry of object identifiers).
pub(crate) const OIDC_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.8");
/// The same in its older form: the bare text.
pub(crate) const OLD_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.1");
/// Largest certificate that is read, in bytes.
const MAX_CERTIFICATE: usize = 64 << 10;

/// A parsed signing certificate.
pub(crate) struct Leaf {
    pub certificate: Certificate,
    pub key: PublicKey,
    /// Addresses and mail addresses that the key stands for.
    pub identities: Vec<String>,
    /// Who vouched for them.
    pub issuer: Option<String>,
}

impl Leaf {
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let wrong = |why: &str| Refusal::CertificateMalformed(why.to_owned());
        if bytes.len() > MAX_CERTIFICATE {
            return Err(wrong("it is too large"));
        }
        let certificate = Certificate::from_der(bytes).map_err(|error| wrong(&error.to_string()))?;
        let body = &certificate.tbs_certificate;
        let spki = body.subject_public_key_info.to_der().map_err(|error| wrong(&error.to_string()))?;
        let key = PublicKey::from_spki(&spki).map_err(|_| Refusal::CertificateKey)?;
        let usage = body.get::<KeyUsage>().map_err(|_| wrong("its key usage is unreadable"))?;
        if !usage.is_some_and(|(_, usage)| usage.0.contains(KeyUsages::DigitalSignature)) {
            return Err(Refusal::CertificateUsage);
        }
        let names = body.get::<SubjectAltName>().map_err(|_| wrong("its names are unreadable"))?;
        let names = names.map(|(_, names)| names.0).unwrap_or_default();
        let identities = names.iter().filter_map(identity).collect();
        let issuer = extension(&certificate, OIDC_ISSUER)
            .and_then(|value| Utf8StringRef::from_der(value).ok().map(|text| text.to_string()))
            .or_else(|| String::from_utf8(extension(&certificate, OLD_ISSUER)?.to_vec()).ok());
        Ok(Self { key, identities, issuer, certificate })
    }
}

fn identity(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        GeneralName::Rfc822Name(mail) => Some(mail.to_string()),
        _ => None,
    }
}

fn extension(certificate: &Certificate, id: ObjectIdentifier) -> Option<&[u8]> {
    let all = certificate.tbs_certificate.extensions.as_ref()?;
    all.iter().find(|extension| extension.extn_id == id).map(|extension| extension.extn_value.as_bytes())
}
