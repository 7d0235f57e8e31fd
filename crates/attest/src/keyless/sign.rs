//! Signature, time-stamps, log entry, bundle: in that order, each checked before the next is asked for.

use model::{Sha256, Timestamp};
use serde_json::json;

use super::{Certified, KeylessError, Service};
use crate::{
    Bundle, b64,
    bundle::{Content, Material, MessageSignature, TlogEntry},
    dsse::Envelope,
    json,
    keys::Signer,
    log::LeafVerifier,
    sigstore::{self, Accepted, Artifact, Session, TrustedRoot},
    verify::matches_entry,
};

/// Where a Rekor v2 takes entries, below its address.
const PATH: &str = "/api/v2/log/entries";
/// Largest answer that is read, in bytes: an entry, and a checkpoint with many cosignatures.
const MAX_ANSWER: usize = 1 << 20;

/// What is to be signed.
pub enum Thing {
    /// A file of this digest.
    File(Sha256),
    /// An in-toto statement, exactly these bytes.
    Statement(Vec<u8>),
}

/// Something signed.
pub struct Signed {
    by: Certified,
    content: Content,
    /// SHA-256 of the bytes that were signed.
    digest: Sha256,
    signature: Vec<u8>,
    /// The file that it is about.
    artifact: Sha256,
}

/// Something signed at a proven time, with a certificate that was trusted then.
pub struct Stamped {
    signed: Signed,
    stamps: Vec<Vec<u8>>,
}

impl Certified {
    /// Signs, once: the key is gone afterwards.
    ///
    /// # Errors
    /// What is said to be a statement is none, or has no subject with a SHA-256.
    pub fn sign(self, thing: Thing) -> Result<Signed, KeylessError> {
        let (content, digest, signature, artifact) = match thing {
            Thing::File(digest) => {
                let signature = self.key.sign_digest(&digest)?;
                let message = MessageSignature::new(digest, signature.clone());
                (Content::Message(message), digest, signature, digest)
            }
            Thing::Statement(bytes) => {
                let mut envelope = Envelope::new(bytes, String::new(), Vec::new());
                let said = envelope.statement()?;
                let artifact = said.subject.iter().find_map(model::Subject::sha256_digest);
                let artifact = artifact.ok_or(KeylessError::Subject)?;
                let pae = envelope.pae();
                let signature = self.key.sign(&pae)?;
                envelope.signatures.iter_mut().for_each(|one| one.sig.clone_from(&signature));
                let stored = envelope.to_json();
                (Content::Dsse(envelope, stored), Sha256::of(pae), signature, artifact)
            }
        };
        Ok(Signed { by: self, content, digest, signature, artifact })
    }
}

impl Signed {
    /// What is to be time-stamped.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Takes the time-stamps (RFC 3161 responses), and verifies with them that the certificate was trusted when it
    /// signed: nothing that would be refused later gets into a public log.
    ///
    /// # Errors
    /// [`KeylessError::Answer`] for a time-stamp, [`KeylessError::Untrusted`] for the certificate.
    pub fn stamped(
        self,
        stamps: Vec<Vec<u8>>,
        root: &TrustedRoot,
        now: Timestamp,
    ) -> Result<Stamped, KeylessError> {
        let session = Session::new(root);
        let moments = session.stamped(&stamps, &self.signature, now);
        let moments = moments.map_err(|refusal| KeylessError::answer(Service::Stamper, refusal))?;
        session.certified(&self.by.leaf, &self.by.certificate, &moments)?;
        Ok(Stamped { signed: self, stamps })
    }
}

impl Stamped {
    /// Below the address of a Rekor v2.
    pub const PATH: &'static str = PATH;

    /// What Rekor is sent, JSON: a `hashedrekord`, which is what a statement becomes as well.
    pub fn entry(&self) -> Vec<u8> {
        let Signed { by, digest, signature, .. } = &self.signed;
        let document = json!({
            "hashedRekordRequestV002": {
                "digest": b64::encode(digest.as_bytes()),
                "signature": {
                    "content": b64::encode(signature),
                    "verifier": {
                        "x509Certificate": { "rawBytes": b64::encode(&by.certificate) },
                        "keyDetails": by.leaf.key.algorithm().sigstore_name(),
                    },
                },
            },
        });
        document.to_string().into_bytes()
    }

    /// Reads what Rekor answered, and verifies the finished bundle as anybody would: for the identity and
    /// issuer of the certificate, under `root`.
    ///
    /// # Errors
    /// [`KeylessError::Answer`] for an entry about something else, [`KeylessError::Untrusted`].
    pub fn logged(
        self,
        answer: &[u8],
        root: &TrustedRoot,
        now: Timestamp,
    ) -> Result<(Bundle, Accepted), KeylessError> {
        let entry: TlogEntry =
            json::parse(answer, MAX_ANSWER).map_err(|error| KeylessError::answer(Service::Rekor, error))?;
        let Signed { by, content, digest, signature, artifact } = self.signed;
        let Certified { certificate, leaf, identity, issuer, .. } = by;
        let verifier = LeafVerifier::Certificate(certificate.clone(), leaf.key.algorithm());
        matches_entry(&entry, digest, &signature, &verifier)
            .map_err(|failure| KeylessError::answer(Service::Rekor, failure))?;
        let material = Material::Certificate(certificate);
        let bundle = Bundle { content, material, tlog: vec![entry], timestamps: self.stamps };
        let signer = sigstore::Signer::Identity { identity, issuer };
        let accepted = sigstore::verify(&bundle, Artifact::Digest(artifact), &signer, root, now)?;
        Ok((bundle, accepted))
    }
}
