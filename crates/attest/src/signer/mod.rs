//! The signer: a process of its own that holds the keys, and the client that talks to it.
//!
//! The process is this program again (`proofhouse sign --stdio`). Requests and replies are frames on
//! its standard input and output (`protocol`); it ends when its input ends, so it never outlives
//! its parent. It signs only in-toto statements, whose DSSE encoding it makes itself, and only
//! checkpoints that provably continue the last one it signed, which it remembers on disk (`memory`).

mod client;
mod error;
mod memory;
mod protocol;
mod service;

pub use client::SignerClient;
pub use error::SignerError;
pub use service::{run_stdio, serve};

use model::{Sha256, Timestamp};

use crate::{
    keys::PublicKey,
    log::{NoteKey, SignedCheckpoint},
    trust::{Trust, TrustedKey, TrustedLog},
};

/// Public side of a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerKeys {
    /// Verifies statements.
    pub organisation: PublicKey,
    /// Verifies checkpoints; its name is the origin of the log.
    pub log: NoteKey,
    /// When the keys were made.
    pub created: Timestamp,
}

impl SignerKeys {
    /// Trust in exactly these keys, from the moment they were made.
    pub fn trust(&self) -> Trust {
        let log_key = PublicKey::from_raw(crate::keys::Algorithm::Ed25519, &self.log.key);
        let valid_from = Some(self.created);
        let key = TrustedKey {
            name: "organisation".to_owned(),
            public_key: self.organisation.clone(),
            valid_from,
            valid_until: None,
        };
        let logs = log_key.map(|public_key| TrustedLog {
            origin: self.log.name.clone(),
            public_key,
            valid_from,
            valid_until: None,
        });
        Trust::new(vec![key], logs.into_iter().collect())
    }
}

/// What a ledger needs to be signed.
pub trait LogSigner {
    /// Public keys.
    fn keys(&self) -> &SignerKeys;

    /// Signs the DSSE encoding of each statement (JSON bytes); one signature each, in order.
    ///
    /// # Errors
    /// Any [`SignerError`]; then none counts.
    fn sign_statements(&mut self, statements: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, SignerError>;

    /// The last checkpoint it signed (of size 0 for new keys).
    ///
    /// # Errors
    /// Any [`SignerError`].
    fn last_checkpoint(&mut self) -> Result<SignedCheckpoint, SignerError>;

    /// Signs the checkpoint (`size`, `root`). `proof` shows that it continues the last one.
    ///
    /// # Errors
    /// [`SignerError::Refused`] when it does not; any other [`SignerError`].
    fn sign_checkpoint(
        &mut self,
        size: u64,
        root: Sha256,
        proof: &[Sha256],
    ) -> Result<SignedCheckpoint, SignerError>;
}
