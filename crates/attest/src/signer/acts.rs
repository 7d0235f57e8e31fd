//! Acts of signing: of statements and of files, each with its time-stamp.

use std::{collections::HashMap, sync::Arc};

use model::{Predicate, Sha256, Statement, Timestamp, predicate::KeyEvent, statement::PAYLOAD_TYPE};

use super::SignerError;
use crate::{
    dsse::{DsseError, Envelope, pae},
    issue::{self, Leaf, Transparency},
    keys::{KeyError, Purpose, Signer, Vault},
    log::LeafVerifier,
};

/// Most certificates that are kept for further use.
const MOST: usize = 1024;

/// One act of signing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The signature.
    pub signature: Vec<u8>,
    /// Who verifies it.
    pub verifier: LeafVerifier,
    /// RFC 3161 response (DER) over the signature.
    pub stamp: Vec<u8>,
}

/// The certificates of this process, by identity.
#[derive(Default)]
pub(super) struct Acts {
    leaves: HashMap<String, Arc<Leaf>>,
}

impl Acts {
    /// Signs the DSSE encoding of a statement (JSON bytes) under the identity that follows from it.
    pub fn sign_statement(
        &mut self,
        vault: &Vault,
        statement: Vec<u8>,
        now: Timestamp,
    ) -> Result<Act, SignerError> {
        let (statement, message) = read(vault, statement)?;
        let leaf = self.leaf(vault, issue::identity(&vault.issuer(), &statement), now)?;
        let signature = leaf.key().sign(&message)?;
        self.certified(vault, &leaf, signature, now)
    }

    /// Signs the DSSE encoding of a statement with the organisation's own key.
    pub fn sign_with_key(
        &mut self,
        vault: &Vault,
        statement: Vec<u8>,
        now: Timestamp,
    ) -> Result<Act, SignerError> {
        let (_, message) = read(vault, statement)?;
        let (record, signer) = vault.active(Purpose::Organisation, now)?;
        let signature = signer.sign(&message)?;
        let stamp = vault.stamp(&signature, now)?;
        Ok(Act { signature, verifier: LeafVerifier::Key(record.public_key.clone()), stamp })
    }

    /// Signs a file of this digest, under the identity of files of the project.
    pub fn sign_artifact(
        &mut self,
        vault: &Vault,
        project: &str,
        digest: &Sha256,
        now: Timestamp,
    ) -> Result<Act, SignerError> {
        let leaf = self.leaf(vault, issue::of_artifact(&vault.issuer(), project), now)?;
        let signature = leaf.key().sign_digest(digest)?;
        self.certified(vault, &leaf, signature, now)
    }

    fn certified(
        &mut self,
        vault: &Vault,
        leaf: &Leaf,
        signature: Vec<u8>,
        now: Timestamp,
    ) -> Result<Act, SignerError> {
        let stamp = vault.stamp(&signature, now)?;
        let algorithm = leaf.key().public_key().algorithm();
        Ok(Act {
            signature,
            verifier: LeafVerifier::Certificate(leaf.certificate().to_vec(), algorithm),
            stamp,
        })
    }

    /// The certificate for an identity; a new one when there is none, or little is left of it.
    fn leaf(&mut self, vault: &Vault, identity: String, now: Timestamp) -> Result<Arc<Leaf>, KeyError> {
        if let Some(leaf) = self.leaves.get(&identity).filter(|leaf| leaf.usable(now)) {
            return Ok(Arc::clone(leaf));
        }
        let log = Transparency(vault.active(Purpose::Transparency, now)?.1);
        let leaf = Leaf::issue(&identity, &vault.issuer(), &vault.authority(now)?, &log, now)?;
        if self.leaves.len() >= MOST {
            self.leaves.clear();
        }
        let leaf = Arc::new(leaf);
        self.leaves.insert(identity, Arc::clone(&leaf));
        Ok(leaf)
    }
}

/// The statement and the bytes to sign; nothing else is signed. A statement about keys hands trust over:
/// it must say exactly what this vault holds.
fn read(vault: &Vault, statement: Vec<u8>) -> Result<(Statement, Vec<u8>), SignerError> {
    let envelope =
        Envelope { payload: statement, payload_type: PAYLOAD_TYPE.to_owned(), signatures: Vec::new() };
    let refuse = |error: DsseError| {
        SignerError::refused("signer-not-a-statement", format!("the signer refused: {error}"))
    };
    let statement = envelope.statement().map_err(refuse)?;
    if statement.predicate_type == KeyEvent::TYPE {
        let own = serde_json::to_value(super::trust_of(vault)).ok();
        if own.as_ref() != statement.predicate.get("trust") {
            let message = "the signer refused: the statement speaks of other keys than it holds";
            return Err(SignerError::refused("signer-other-keys", message));
        }
    }
    Ok((statement, pae(PAYLOAD_TYPE, &envelope.payload)))
}
