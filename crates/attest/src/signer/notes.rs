//! Checkpoints: signed only when they provably continue the last one.

use model::{Sha256, Timestamp};

use super::{SignerError, service::Service};
use crate::{
    keys::{KeyError, Purpose},
    log::{Checkpoint, Note, NoteSignature, SignedCheckpoint, empty_root, verify_consistency},
};

/// The last checkpoint; a new vault starts with the empty tree.
pub(super) fn last(service: &Service, now: Timestamp) -> Result<SignedCheckpoint, SignerError> {
    let keys = service.vault.note_keys();
    if let Some(note) = service.memory.load(&keys)? {
        return Ok(note);
    }
    let origin = service.vault.origin().to_owned();
    let note = sign_note(service, Checkpoint { origin, size: 0, root: empty_root() }, now)?;
    service.memory.store(&note, &keys)?;
    Ok(note)
}

/// Signs the checkpoint (`size`, `root`), which must continue the last one by `proof`.
pub(super) fn sign(
    service: &Service,
    origin: String,
    size: u64,
    root: Sha256,
    proof: &[Sha256],
    now: Timestamp,
) -> Result<SignedCheckpoint, SignerError> {
    if origin != service.vault.origin() {
        let message = format!("the signer vouches for {}, not for {origin}", service.vault.origin());
        return Err(SignerError::refused("signer-wrong-log", message));
    }
    let last = last(service, now)?.checkpoint;
    if size < last.size {
        let message = format!("a checkpoint of {} entries was signed, now {size} are shown", last.size);
        return Err(SignerError::refused("signer-rollback", message));
    }
    if !verify_consistency(last.size, &last.root, size, &root, proof) {
        let message = format!("the tree of {size} entries does not continue the signed one of {}", last.size);
        return Err(SignerError::refused("signer-fork", message));
    }
    let note = sign_note(service, Checkpoint { origin, size, root }, now)?;
    if size > last.size {
        service.memory.store(&note, &service.vault.note_keys())?;
    }
    Ok(note)
}

/// Signs with every log key that is valid, the newest first: while keys overlap, either is enough.
fn sign_note(
    service: &Service,
    checkpoint: Checkpoint,
    now: Timestamp,
) -> Result<SignedCheckpoint, SignerError> {
    let now = super::ceremony::not_before_keys(&service.vault, now);
    let text = checkpoint.to_text();
    let mut signatures = Vec::new();
    for (record, signer) in service.vault.all(Purpose::Log, now)?.into_iter().rev() {
        let key = service.vault.note_key(&record.public_key).ok_or(KeyError::Crypto)?;
        let signature = signer.sign(text.as_bytes())?;
        signatures.push(NoteSignature { id: key.id(), name: key.name, signature });
    }
    match signatures.is_empty() {
        true => Err(KeyError::NoKey(Purpose::Log, now).into()),
        false => Ok(SignedCheckpoint { checkpoint, note: Note { text, signatures } }),
    }
}
