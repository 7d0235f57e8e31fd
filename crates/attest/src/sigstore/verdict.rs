//! The question and its answer.

use model::{Sha256, Statement, Timestamp};

use super::{Refusal, Session, TrustedRoot, leaf::Leaf};
use crate::{
    Bundle, PublicKey,
    bundle::{Content, Material},
    log::LeafVerifier,
    verify::{Failure, matches_entry},
};

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub enum Artifact<'a> {
    /// The bytes of a file.
    Bytes(&'a [u8]),
    /// Only the digest of a file.
    Digest(Sha256),
}

/// By whom it must be signed.
#[derive(Clone, Debug)]
pub enum Signer {
    /// By whoever holds this identity, as this issuer says.
    Identity {
        /// Subject alternative name: an address or mail address.
        identity: String,
        /// Issuer of the identity.
        issuer: String,
    },
    /// By this key.
    Key(PublicKey),
}

/// A bundle that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The statement, when one was signed.
    pub statement: Option<Statement>,
    /// Identity in the certificate.
    pub identity: Option<String>,
    /// Earliest proven moment of signing.
    pub signed_at: Option<Timestamp>,
    /// Origin of the log.
    pub log: String,
    /// Position in the log.
    pub index: u64,
}

/// Verifies one bundle. `now` counts only where no time-stamp says when it was signed, which is enough
/// for keys, never for certificates.
///
/// # Errors
/// The first [`Refusal`].
pub fn verify(
    bundle: &Bundle,
    artifact: Artifact<'_>,
    signer: &Signer,
    root: &TrustedRoot,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    Session::new(root).verify(bundle, artifact, signer, now)
}

impl Session<'_> {
    /// Verifies one of several bundles; see [`verify`].
    ///
    /// # Errors
    /// The first [`Refusal`].
    pub fn verify(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        signer: &Signer,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        let leaf = match (&bundle.material, signer) {
            (Material::Certificate(der), Signer::Identity { .. }) => Some((Leaf::parse(der)?, der)),
            (Material::PublicKey(_), Signer::Key(_)) => None,
            (Material::Certificate(_), _) => return Err(material("certificate", "key")),
            (Material::PublicKey(_), _) => return Err(material("key", "certificate")),
        };
        let signature = signature_of(bundle)?;
        let moments = self.stamped(&bundle.timestamps, signature, now)?;
        let signed_at = moments.first().copied();
        let (key, entry_key, by) = match (leaf, signer) {
            (Some((leaf, der)), Signer::Identity { identity, issuer }) => {
                self.certified(&leaf, der, &moments)?;
                let found = identified(&leaf, identity, issuer)?;
                let verifier = LeafVerifier::Certificate(der.clone(), leaf.key.algorithm());
                (leaf.key, verifier, Some(found))
            }
            (_, Signer::Key(key)) => (key.clone(), LeafVerifier::Key(key.clone()), None),
            (None, _) => return Err(material("key", "certificate")),
        };
        let (statement, signed) = signed_by(bundle, artifact, &key)?;
        let [entry] = bundle.tlog.as_slice() else { return Err(Refusal::LogEntries(bundle.tlog.len())) };
        matches_entry(entry, signed, signature, &entry_key)?;
        let log = self.included(entry, signed_at.unwrap_or(now))?.origin;
        Ok(Accepted { statement, identity: by, signed_at, log, index: entry.log_index })
    }
}

fn material(found: &'static str, expected: &'static str) -> Refusal {
    Refusal::Material { found, expected }
}

/// The one signature: of the message, or of the envelope.
fn signature_of(bundle: &Bundle) -> Result<&[u8], Refusal> {
    match &bundle.content {
        Content::Message(message) => Ok(&message.signature),
        Content::Dsse(envelope, _) => match envelope.signatures.as_slice() {
            [one] => Ok(&one.sig),
            _ => Err(Refusal::Signature),
        },
    }
}

/// The identity, when it is the one that was asked for, by the issuer that was asked for.
fn identified(leaf: &Leaf, identity: &str, issuer: &str) -> Result<String, Refusal> {
    if !leaf.identities.iter().any(|found| found == identity) {
        let (found, expected) = (leaf.identities.join(", "), identity.to_owned());
        return Err(Refusal::Identity { found, expected });
    }
    match leaf.issuer.as_deref() {
        Some(found) if found == issuer => Ok(identity.to_owned()),
        found => {
            let found = found.unwrap_or("nobody").to_owned();
            Err(Refusal::Issuer { found, expected: issuer.to_owned() })
        }
    }
}

/// Checks the signature and that it is about the artifact; the digest of the signed bytes.
fn signed_by(
    bundle: &Bundle,
    artifact: Artifact<'_>,
    key: &PublicKey,
) -> Result<(Option<Statement>, Sha256), Refusal> {
    let digest = match artifact {
        Artifact::Bytes(bytes) => Sha256::of(bytes),
        Artifact::Digest(digest) => digest,
    };
    match &bundle.content {
        Content::Message(message) => {
            let claimed = message.message_digest.as_ref();
            if claimed.is_some_and(|claim| claim.algorithm != "SHA2_256" || claim.digest != digest.0) {
                return Err(Refusal::Digest(format!("it was signed for another digest than {digest}")));
            }
            let good = match artifact {
                Artifact::Bytes(bytes) => key.verify(bytes, &message.signature),
                Artifact::Digest(digest) => key.verify_digest(&digest, &message.signature),
            };
            if good { Ok((None, digest)) } else { Err(Refusal::Signature) }
        }
        Content::Dsse(envelope, _) => {
            let pae = envelope.pae();
            if !envelope.signatures.iter().all(|signature| key.verify(&pae, &signature.sig)) {
                return Err(Refusal::Signature);
            }
            let statement = envelope.statement().map_err(Failure::from)?;
            let subject = |subject: &model::Subject| subject.digest.get("sha256") == Some(&digest.hex());
            match statement.subject.iter().any(subject) {
                true => Ok((Some(statement), Sha256::of(&pae))),
                false => Err(Refusal::Digest(format!("no subject of the statement is {digest}"))),
            }
        }
    }
}
