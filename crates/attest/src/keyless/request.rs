//! A key that nobody else ever sees, and the certificate that Fulcio gives for it.

use der::{
    Decode, Encode,
    asn1::{BitString, SetOfVec},
};
use serde::Deserialize;
use serde_json::json;
use x509_cert::{
    ext::pkix::SubjectAltName,
    ext::pkix::name::GeneralName,
    name::RdnSequence,
    request::{CertReq, CertReqInfo, Version},
    spki::SubjectPublicKeyInfoOwned,
};

use super::{IdentityToken, KeylessError, Service};
use crate::{
    b64,
    issue::{ecdsa_sha256, encoding},
    json,
    keys::{KeyError, PublicKey, Signer, pem_certificates, signers::Ephemeral},
    sigstore::Leaf,
};

/// Where a Fulcio takes requests, below its address.
const PATH: &str = "/api/v2/signingCert";
/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 << 10;
/// Most certificates in an answer.
const MOST: usize = 10;

/// A request for a certificate.
pub struct Request<'a> {
    key: Ephemeral,
    token: &'a IdentityToken,
}

/// A key with its certificate. Whether that one is trusted is asked when there is a time-stamp.
pub struct Certified {
    pub(super) key: Ephemeral,
    pub(super) certificate: Vec<u8>,
    pub(super) leaf: Leaf,
    pub(super) identity: String,
    pub(super) issuer: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    signed_certificate_embedded_sct: WireChain,
}

#[derive(Deserialize)]
struct WireChain {
    chain: WireCertificates,
}

#[derive(Deserialize)]
struct WireCertificates {
    certificates: Vec<String>,
}

impl<'a> Request<'a> {
    /// Below the address of a Fulcio.
    pub const PATH: &'static str = PATH;

    /// Makes the key.
    ///
    /// # Errors
    /// The cryptographic library refused.
    pub fn new(token: &'a IdentityToken) -> Result<Self, KeylessError> {
        Ok(Self { key: Ephemeral::generate()?, token })
    }

    /// What Fulcio is sent, JSON. It holds the token. A certificate request (RFC 2986) proves that we have the
    /// key whatever claim this Fulcio takes for the name, and its own name is empty as nobody reads it.
    ///
    /// # Errors
    /// The cryptographic library refused.
    pub fn body(&self) -> Result<Vec<u8>, KeylessError> {
        let request = b64::encode(pem(&certificate_request(&self.key)?).as_bytes());
        let document = json!({
            "credentials": { "oidcIdentityToken": self.token.text() },
            "certificateSigningRequest": request,
        });
        Ok(document.to_string().into_bytes())
    }

    /// Reads what Fulcio answered: a certificate with its transparency stamp inside, for this key, for one
    /// identity by the issuer of the token.
    ///
    /// # Errors
    /// [`KeylessError::Answer`].
    pub fn certified(self, answer: &[u8]) -> Result<Certified, KeylessError> {
        let wrong = |why: &str| KeylessError::answer(Service::Fulcio, why);
        let wire: Wire =
            json::parse(answer, MAX_ANSWER).map_err(|error| KeylessError::answer(Service::Fulcio, error))?;
        let chain = wire.signed_certificate_embedded_sct.chain.certificates;
        if !(1..=MOST).contains(&chain.len()) {
            return Err(wrong("1 to 10 certificates are expected"));
        }
        let first = pem_certificates(chain[0].as_bytes()).unwrap_or_default();
        let [certificate] = first.as_slice() else { return Err(wrong("its certificate is no PEM")) };
        let leaf =
            Leaf::parse(&certificate.0).map_err(|error| KeylessError::answer(Service::Fulcio, error))?;
        if leaf.key != *self.key.public_key() {
            return Err(wrong("the certificate is for another key"));
        }
        let [identity] = leaf.identities.as_slice() else {
            return Err(wrong("the certificate is not for exactly one identity"));
        };
        let identity = identity.clone();
        if identity.is_empty() || identity.contains(char::is_control) {
            return Err(wrong("the identity in the certificate cannot be shown"));
        }
        if is_mail(&leaf, &identity) && !self.token.is_of(&identity) {
            return Err(wrong("the certificate is for another mail address than the token"));
        }
        let issuer = leaf.issuer.clone().unwrap_or_default();
        if !self.token.is_by(&issuer) {
            return Err(wrong("the certificate names another issuer than the token"));
        }
        Ok(Certified { key: self.key, certificate: certificate.0.clone(), leaf, identity, issuer })
    }
}

/// Whether the identity is a mail address.
fn is_mail(leaf: &Leaf, identity: &str) -> bool {
    let names = leaf.certificate.tbs_certificate.get::<SubjectAltName>().ok().flatten();
    let is = |name: &GeneralName| matches!(name, GeneralName::Rfc822Name(mail) if mail.as_str() == identity);
    names.is_some_and(|(_, names)| names.0.iter().any(is))
}

fn certificate_request(key: &Ephemeral) -> Result<Vec<u8>, KeyError> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: RdnSequence::default(),
        public_key: spki(key.public_key())?,
        attributes: SetOfVec::default(),
    };
    let signature = key.sign(&info.to_der().map_err(encoding)?)?;
    let request = CertReq {
        info,
        algorithm: ecdsa_sha256(),
        signature: BitString::from_bytes(&signature).map_err(encoding)?,
    };
    request.to_der().map_err(encoding)
}

fn spki(key: &PublicKey) -> Result<SubjectPublicKeyInfoOwned, KeyError> {
    SubjectPublicKeyInfoOwned::from_der(&key.spki()).map_err(encoding)
}

/// RFC 7468.
fn pem(request: &[u8]) -> String {
    let encoded = b64::encode(request);
    let lines: Vec<&str> = encoded.as_bytes().chunks(64).filter_map(|l| str::from_utf8(l).ok()).collect();
    let name = "CERTIFICATE REQUEST";
    format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use der::{asn1::Ia5String, asn1::OctetString, oid::AssociatedOid};
    use model::{Timestamp, UserError};
    use x509_cert::Certificate;

    use super::*;
    use crate::{
        issue::{Issuer, Leaf as Issued, Transparency},
        keys::{Algorithm, signers::software},
    };

    /// The answer of a Fulcio whose certificate, otherwise good, has these names and this key.
    fn answer(key: Option<&Ephemeral>, issuer: &str, names: Vec<GeneralName>) -> Vec<u8> {
        let kind = software(Algorithm::EcdsaP256).unwrap();
        let by = (kind.open)(&(kind.generate)().unwrap()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let root = crate::issue::root("Acme", &*by, now, 3600).unwrap();
        let authority = Issuer { signer: &*by, certificate: Some(&root) };
        let issued = Issued::issue("https://x", issuer, &authority, &Transparency(&*by), now).unwrap();
        let mut certificate = Certificate::from_der(issued.certificate()).unwrap();
        let body = &mut certificate.tbs_certificate;
        if let Some(key) = key {
            body.subject_public_key_info = spki(key.public_key()).unwrap();
        }
        let extensions = body.extensions.as_mut().unwrap();
        let place = extensions.iter_mut().find(|e| e.extn_id == SubjectAltName::OID).unwrap();
        place.extn_value = OctetString::new(SubjectAltName(names).to_der().unwrap()).unwrap();
        let text = b64::encode(&certificate.to_der().unwrap());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": [pem] } } })
            .to_string()
            .into_bytes()
    }

    #[test]
    fn a_certificate_is_for_our_key_one_identity_and_the_issuer_of_the_token() {
        let claims = br#"{"iss":"https://i","sub":"x","email":"a@b.example","exp":4102444800}"#;
        let token = format!("e30.{}.AAAA", URL_SAFE_NO_PAD.encode(claims));
        let token = IdentityToken::parse(token.as_bytes(), Timestamp::UNIX_EPOCH).unwrap();
        let mail = |text: &str| GeneralName::Rfc822Name(Ia5String::new(text).unwrap());
        let uri = |text: &str| GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap());
        let asked = |issuer: &str, ours: bool, names: Vec<GeneralName>| {
            let request = Request::new(&token).unwrap();
            let told = answer(ours.then_some(&request.key), issuer, names);
            request.certified(&told).map(|good| good.identity).map_err(|error| {
                assert_eq!(error.code(), "fulcio-answer");
                error.to_string()
            })
        };
        assert_eq!(asked("https://i", true, vec![mail("a@b.example")]).unwrap(), "a@b.example");
        assert_eq!(asked("https://i", true, vec![uri("https://job")]).unwrap(), "https://job");
        for (issuer, ours, names, why) in [
            ("https://i", true, vec![mail("c@b.example")], "another mail address"),
            ("https://j", true, vec![mail("a@b.example")], "another issuer"),
            ("https://i", false, vec![mail("a@b.example")], "another key"),
            ("https://i", true, vec![mail("a@b.example"), uri("https://job")], "exactly one identity"),
            ("https://i", true, vec![], "exactly one identity"),
            ("https://i", true, vec![uri("https://job\u{1b}[2J")], "cannot be shown"),
        ] {
            let refused = asked(issuer, ours, names).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
