//! The signer: a process of its own that holds the keys, and the client that talks to it.
//!
//! The process is this program again (`proofhouse sign --stdio`). Requests and replies are frames on
//! its standard input and output (`protocol`); it ends when its input ends, so it never outlives
//! its parent. It signs in-toto statements, whose DSSE encoding it makes itself, each under the identity
//! that follows from it; files, under an identity that no statement has; and
//! checkpoints that provably continue the last one it signed, which it remembers on disk (`memory`).

mod acts;
mod ceremony;
mod client;
mod error;
mod memory;
mod notes;
mod protocol;
mod service;
mod socket;

pub use acts::Act;
pub use ceremony::{Ceremony, KeyInfo};
pub use client::SignerClient;
pub use error::SignerError;
pub use protocol::By;
pub use service::{run_stdio, serve};
pub use socket::listen;

use model::Sha256;

use crate::{
    keys::{KeyRecord, Purpose, Vault},
    log::SignedCheckpoint,
    trust::{Trust, TrustedAuthority, TrustedKey, TrustedLog},
};

/// Public side of a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerKeys {
    /// Name of the log.
    pub origin: String,
    /// Trust in exactly the keys of this signer, of all times.
    pub trust: Trust,
}

impl SignerKeys {
    /// Whether one of its log keys signed this checkpoint.
    pub fn signed(&self, note: &SignedCheckpoint) -> bool {
        let keys = self.trust.logs.iter().filter_map(TrustedLog::note_key);
        keys.into_iter().any(|key| note.verify(&key).is_ok())
    }
}

/// What verifiers need to know of a vault.
fn trust_of(vault: &Vault) -> Trust {
    let of = |purpose| vault.records().iter().filter(move |record| record.purpose == purpose);
    let name = |record: &KeyRecord| format!("{} {}", vault.organisation(), record.purpose);
    let key = |record: &KeyRecord| TrustedKey {
        name: name(record),
        public_key: record.public_key.clone(),
        valid_from: Some(record.valid_from),
        valid_until: record.valid_until,
    };
    let authority = |record: &KeyRecord| TrustedAuthority {
        name: name(record),
        chain: record.chain.clone(),
        valid_from: Some(record.valid_from),
        valid_until: record.valid_until,
    };
    let log = |record: &KeyRecord| TrustedLog {
        origin: vault.origin().to_owned(),
        public_key: record.public_key.clone(),
        valid_from: Some(record.valid_from),
        valid_until: record.valid_until,
    };
    let keys = of(Purpose::Organisation).map(key).collect();
    let mut trust = Trust::new(keys, of(Purpose::Log).map(log).collect());
    trust.authorities = of(Purpose::Authority).map(authority).collect();
    trust.certificate_logs = of(Purpose::Transparency).map(key).collect();
    trust.time_stampers = of(Purpose::Time).map(authority).collect();
    trust.issuers = vec![vault.issuer()];
    trust.serial = vault.serial();
    trust
}

/// What a ledger needs to be signed.
pub trait LogSigner {
    /// Public keys.
    fn keys(&self) -> &SignerKeys;

    /// Signs the DSSE encoding of each statement (JSON bytes); one act each, in order.
    ///
    /// # Errors
    /// Any [`SignerError`]; then none counts.
    fn sign_statements(&mut self, by: By, statements: &[Vec<u8>]) -> Result<Vec<Act>, SignerError>;

    /// Signs a file of a project, of which the digest is enough.
    ///
    /// # Errors
    /// Any [`SignerError`].
    fn sign_artifact(&mut self, project: &str, digest: Sha256) -> Result<Act, SignerError>;

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
