//! Whose word counts: a Sigstore trusted root, a trust file of ours, or one key.

use attest::{
    PublicKey, Trust,
    bundle::Content,
    sigstore::{self, Artifact, Signer, TrustedRoot},
};
use model::{
    Exit, Problem, Sha256, Statement, Timestamp,
    predicate::{ForeignLog, ForeignRoot, ForeignSigner},
    problem::erase,
};

use super::Form;

/// What foreign attestations are verified under.
pub enum Root {
    /// Authorities and logs of a `trusted_root.json`, and who must have signed.
    Sigstore {
        /// The root.
        root: Box<TrustedRoot>,
        /// SHA-256 of its file.
        digest: Sha256,
        /// By whom.
        signer: Signer,
    },
    /// A trust file of another installation of ours.
    Trust {
        /// The file.
        trust: Box<Trust>,
        /// Its SHA-256.
        digest: Sha256,
    },
    /// One key, for envelopes without anything.
    Key(PublicKey),
}

/// What a verification gave.
pub(super) struct Judged {
    pub statement: Statement,
    pub signer: ForeignSigner,
    pub signed_at: Option<Timestamp>,
    pub log: Option<ForeignLog>,
}

impl Root {
    /// As it is recorded.
    pub(super) fn named(&self) -> ForeignRoot {
        let (kind, sha256) = match self {
            Self::Sigstore { digest, .. } => ("trusted-root", *digest),
            Self::Trust { digest, .. } => ("trust-file", *digest),
            Self::Key(key) => ("key", key.fingerprint()),
        };
        ForeignRoot { kind: kind.to_owned(), sha256 }
    }

    pub(super) fn judge(&self, form: &Form, now: Timestamp) -> Result<Judged, Problem> {
        match (self, form) {
            (Self::Sigstore { root, signer, .. }, Form::Bundle(bundle)) => {
                let Content::Dsse(envelope, _) = &bundle.content else { return Err(no_attestation()) };
                let said = envelope.statement().map_err(|e| erase(&e))?;
                // Which of its subjects is asked for makes no difference: all are signed by one signature.
                let subject = said.subject.iter().find_map(model::Subject::sha256_digest);
                let artifact = Artifact::Digest(subject.ok_or_else(no_digest)?);
                let accepted =
                    sigstore::verify(bundle, artifact, signer, root, now).map_err(|e| erase(&e))?;
                let log = Some(ForeignLog { origin: accepted.log, index: accepted.index });
                let signer = match signer {
                    Signer::Identity { identity, issuer } => ForeignSigner {
                        identity: Some(identity.clone()),
                        issuer: Some(issuer.clone()),
                        key: None,
                    },
                    Signer::Key(key) => ForeignSigner { key: Some(key.hint()), ..ForeignSigner::default() },
                };
                let statement = accepted.statement.ok_or_else(no_attestation)?;
                Ok(Judged { statement, signer, signed_at: accepted.signed_at, log })
            }
            (Self::Trust { trust, .. }, Form::Bundle(bundle)) => {
                let verified = attest::verify::verify_bundle(bundle, trust, now).map_err(|e| erase(&e))?;
                let log = Some(ForeignLog { origin: verified.log, index: verified.index });
                let signer = ForeignSigner { key: Some(verified.key), ..ForeignSigner::default() };
                Ok(Judged { statement: verified.statement, signer, signed_at: None, log })
            }
            (Self::Key(key), Form::Envelope(envelope)) => {
                let pae = envelope.pae();
                if !envelope.signatures.iter().any(|signature| key.verify(&pae, &signature.sig)) {
                    return Err(Problem::new(
                        "foreign-signature",
                        Exit::Verdict,
                        "no signature is by the key",
                    )
                    .with_hint("the envelope was changed, or another key signed it"));
                }
                let statement = envelope.statement().map_err(|e| erase(&e))?;
                let signer = ForeignSigner { key: Some(key.hint()), ..ForeignSigner::default() };
                Ok(Judged { statement, signer, signed_at: None, log: None })
            }
            (Self::Key(_), Form::Bundle(_)) => {
                Err(form_differs("a bundle", "--trusted-root as well, or --trust"))
            }
            (_, Form::Envelope(_)) => Err(form_differs("a bare envelope", "--key alone")),
        }
    }
}

fn no_attestation() -> Problem {
    Problem::new("foreign-no-attestation", Exit::Input, "it signs a file, and holds no attestation")
        .with_hint("`proofhouse conformance verify-bundle` verifies the signature of a file")
}

fn no_digest() -> Problem {
    Problem::new("foreign-no-digest", Exit::Input, "none of its subjects has a SHA-256")
}

fn form_differs(found: &str, needed: &str) -> Problem {
    Problem::new(
        "foreign-root-differs",
        Exit::Input,
        format!("{found} cannot be verified under what is given"),
    )
    .with_hint(format!("it needs {needed}"))
}
