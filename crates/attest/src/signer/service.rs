//! The signer's side of the connection.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use model::{Sha256, Timestamp, UserError, statement::PAYLOAD_TYPE};
use nix::sys::{prctl, resource};

use super::{
    SignerError, SignerKeys,
    memory::Memory,
    protocol::{Reply, Request, read_frame, write_frame},
};
use crate::{
    dsse::{Envelope, pae},
    keys::{Unlock, Vault, lock},
    log::{Checkpoint, Note, SignedCheckpoint, empty_root, verify_consistency},
};

/// Serves standard input and output until the input ends: the body of `proofhouse sign --stdio`.
/// The process first makes itself undumpable, so that no other process of the user can read its
/// memory. `home` is the installation; keys are in its `keys` folder.
///
/// # Errors
/// The connection broke. Trouble with the keys is told to the client and is not an error here.
pub fn run_stdio(home: &Path, now: Timestamp) -> Result<(), SignerError> {
    let harden =
        prctl::set_dumpable(false).and_then(|()| resource::setrlimit(resource::Resource::RLIMIT_CORE, 0, 0));
    harden.map_err(|errno| SignerError::Spawn(errno.into()))?;
    let keys = home.join("keys");
    let unlock = Unlock::from_env(&|name| std::env::var_os(name), &keys);
    serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock(), &keys, unlock?, now)
}

/// Serves one connection until it ends. `keys` is the folder of the vault, made on first use.
///
/// # Errors
/// The connection broke. Trouble with the keys is told to the client and is not an error here.
pub fn serve(
    input: &mut dyn Read,
    output: &mut dyn Write,
    keys: &Path,
    unlock: Unlock,
    now: Timestamp,
) -> Result<(), SignerError> {
    let mut service = Service::open(keys, &unlock, now);
    drop(unlock);
    while let Some(frame) = read_frame(input).map_err(SignerError::Gone)? {
        let answer = match &mut service {
            Ok(service) => Request::decode(&frame).and_then(|request| service.answer(request)),
            Err(error) => Err(SignerError::Refused { code: error.code(), message: error.to_string() }),
        };
        let reply = answer.unwrap_or_else(|error| Reply::Refused {
            code: error.code().to_owned(),
            message: error.to_string(),
        });
        write_frame(output, &reply.encode()).map_err(SignerError::Gone)?;
    }
    Ok(())
}

struct Service {
    vault: Vault,
    memory: Memory,
    dir: PathBuf,
}

impl Service {
    fn open(dir: &Path, unlock: &Unlock, now: Timestamp) -> Result<Self, SignerError> {
        let (vault, _) = Vault::open_or_create(dir, unlock, now)?;
        let memory = Memory::open(dir)?;
        Ok(Self { vault, memory, dir: dir.to_owned() })
    }

    fn answer(&mut self, request: Request) -> Result<Reply, SignerError> {
        match request {
            Request::Hello | Request::Trust => Ok(Reply::Trust(self.keys().trust().to_json())),
            Request::SignStatements { payload_type, statements } => {
                let sign = |statement: Vec<u8>| self.sign_statement(&payload_type, statement);
                Ok(Reply::Signatures(statements.into_iter().map(sign).collect::<Result<_, _>>()?))
            }
            Request::LastCheckpoint => {
                let _lock = lock(&self.dir)?;
                Ok(Reply::Checkpoint(self.last()?.to_text()))
            }
            Request::SignCheckpoint { origin, size, root, proof } => {
                let _lock = lock(&self.dir)?;
                Ok(Reply::Checkpoint(self.sign_checkpoint(origin, size, root, &proof)?.to_text()))
            }
        }
    }

    fn keys(&self) -> SignerKeys {
        SignerKeys {
            organisation: self.vault.organisation.public_key().clone(),
            log: self.vault.note_key(),
            created: self.vault.created,
        }
    }

    fn sign_statement(&self, payload_type: &str, statement: Vec<u8>) -> Result<Vec<u8>, SignerError> {
        let envelope =
            Envelope { payload: statement, payload_type: payload_type.to_owned(), signatures: Vec::new() };
        let refuse = |error: crate::dsse::DsseError| {
            SignerError::refused("signer-not-a-statement", format!("the signer refused: {error}"))
        };
        envelope.statement().map_err(refuse)?;
        Ok(self.vault.organisation.sign(&pae(PAYLOAD_TYPE, &envelope.payload))?)
    }

    /// The last checkpoint; a new vault starts with the empty tree.
    fn last(&self) -> Result<SignedCheckpoint, SignerError> {
        let key = self.vault.note_key();
        if let Some(note) = self.memory.load(&key)? {
            return Ok(note);
        }
        let origin = self.vault.origin.clone();
        let note = self.sign_note(Checkpoint { origin, size: 0, root: empty_root() })?;
        self.memory.store(&note, &key)?;
        Ok(note)
    }

    fn sign_checkpoint(
        &self,
        origin: String,
        size: u64,
        root: Sha256,
        proof: &[Sha256],
    ) -> Result<SignedCheckpoint, SignerError> {
        if origin != self.vault.origin {
            let message = format!("the signer vouches for {}, not for {origin}", self.vault.origin);
            return Err(SignerError::refused("signer-wrong-log", message));
        }
        let last = self.last()?.checkpoint;
        if size < last.size {
            let message = format!("a checkpoint of {} entries was signed, now {size} are shown", last.size);
            return Err(SignerError::refused("signer-rollback", message));
        }
        if !verify_consistency(last.size, &last.root, size, &root, proof) {
            let message =
                format!("the tree of {size} entries does not continue the signed one of {}", last.size);
            return Err(SignerError::refused("signer-fork", message));
        }
        let note = self.sign_note(Checkpoint { origin, size, root })?;
        if size > last.size {
            self.memory.store(&note, &self.vault.note_key())?;
        }
        Ok(note)
    }

    fn sign_note(&self, checkpoint: Checkpoint) -> Result<SignedCheckpoint, SignerError> {
        let text = checkpoint.to_text();
        let signature = self.vault.log.sign(text.as_bytes())?;
        Ok(SignedCheckpoint { checkpoint, note: Note::sign(text, &self.vault.note_key(), signature) })
    }
}
