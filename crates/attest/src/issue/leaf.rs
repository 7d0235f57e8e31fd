//! Short-lived certificates for signing under one identity, with their certificate-transparency stamp
//! (RFC 6962). The private key is made for it, stays in memory and dies with it.

use der::{Encode, asn1::Ia5String, oid::AssociatedOid};
use model::Timestamp;
use x509_cert::{
    TbsCertificate,
    ext::pkix::{KeyUsages, SignedCertificateTimestampList, SubjectAltName, name::GeneralName},
    name::RdnSequence,
};

use super::{
    Issuer,
    certificate::{CODE_SIGNING, Life, body, extension, purpose, raw_extension, signed, usage},
    encoding,
};
use crate::{
    keys::{KeyError, PublicKey, Signer, signers::Ephemeral},
    sigstore::{OIDC_ISSUER, OLD_ISSUER, sct},
};

/// How long a signing certificate lives, in seconds.
pub const LEAF_LIFE: i64 = 600;
/// It is no longer used when less than this is left, in seconds.
const SPARE: i64 = 300;

/// A key that may sign under one identity for a short while.
pub struct Leaf {
    key: Ephemeral,
    certificate: Vec<u8>,
    from: Timestamp,
    until: Timestamp,
}

/// The certificate-transparency log: a key that promises to keep what it stamped.
pub struct Transparency<'a>(pub &'a dyn Signer);

impl Leaf {
    /// Makes a key and a certificate for it: `identity` is a URI, `issuer` who vouches for it.
    ///
    /// # Errors
    /// A key cannot be used.
    pub fn issue(
        identity: &str,
        issuer: &str,
        by: &Issuer<'_>,
        log: &Transparency<'_>,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let key = Ephemeral::generate()?;
        let life = Life::starting(now, LEAF_LIFE);
        let body = leaf_body(identity, issuer, by, key.public_key(), life)?;
        let certificate = signed(by.signer, log.stamped(body, by.signer.public_key(), now)?)?;
        Ok(Self { key, certificate, from: life.from, until: life.until })
    }

    /// Whether it can be used at `now`.
    pub fn usable(&self, now: Timestamp) -> bool {
        self.from <= now && now.as_second().saturating_add(SPARE) < self.until.as_second()
    }

    /// The certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The key.
    pub fn key(&self) -> &Ephemeral {
        &self.key
    }
}

fn leaf_body(
    identity: &str,
    issuer: &str,
    by: &Issuer<'_>,
    key: &PublicKey,
    life: Life,
) -> Result<TbsCertificate, KeyError> {
    let uri = GeneralName::UniformResourceIdentifier(Ia5String::new(identity).map_err(encoding)?);
    let vouched = der::asn1::Utf8StringRef::new(issuer).and_then(|text| text.to_der()).map_err(encoding)?;
    let extensions = vec![
        usage(KeyUsages::DigitalSignature.into())?,
        purpose(CODE_SIGNING, false)?,
        // Critical, as the subject is empty (RFC 5280, section 4.2.1.6).
        extension(&SubjectAltName(vec![uri]), true)?,
        raw_extension(OLD_ISSUER, issuer.as_bytes().to_vec(), false)?,
        raw_extension(OIDC_ISSUER, vouched, false)?,
    ];
    body(by, RdnSequence::default(), key, life, extensions)
}

impl Transparency<'_> {
    /// Adds the promise to the body of a certificate.
    fn stamped(
        &self,
        mut body: TbsCertificate,
        issuer: &PublicKey,
        now: Timestamp,
    ) -> Result<TbsCertificate, KeyError> {
        let at = u64::try_from(now.as_millisecond()).map_err(|_| KeyError::Crypto)?;
        let seen = body.to_der().map_err(encoding)?;
        let signature = self.0.sign(&sct::signed_bytes(at, &issuer.fingerprint(), &seen, &[]))?;
        let mut one = vec![0];
        one.extend(self.0.public_key().fingerprint().as_bytes());
        one.extend(at.to_be_bytes());
        // No extensions; SHA-256 with ECDSA (RFC 5246, section 7.4.1.4.1).
        one.extend([0, 0, 4, 3]);
        one.extend((signature.len() as u16).to_be_bytes());
        one.extend(signature);
        let list =
            [&(one.len() as u16 + 2).to_be_bytes()[..], &(one.len() as u16).to_be_bytes(), &one].concat();
        let value = der::asn1::OctetStringRef::new(&list).and_then(|list| list.to_der()).map_err(encoding)?;
        let stamp = raw_extension(SignedCertificateTimestampList::OID, value, false)?;
        body.extensions.get_or_insert_default().push(stamp);
        Ok(body)
    }
}
