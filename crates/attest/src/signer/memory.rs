//! What the signer remembers: the last checkpoint it signed, in `keys/last-checkpoint`.
//!
//! Two slots in one preallocated file; the older one is overwritten and flushed *before* the new
//! checkpoint leaves the process. A crash in between leaves the other slot, and a full disk cannot
//! stop an overwrite. The content is the signed note itself, so it cannot be forged without the key.
//! Somebody who may write this folder can put back an older copy of it; that needs hardware to stop.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use model::Sha256;

use super::SignerError;
use crate::{
    keys::{KeyError, private_file},
    log::{NoteKey, SignedCheckpoint},
};

const SLOT: usize = 2048;
const HEAD: usize = 2 + 16;

/// The durable memory of one vault.
pub struct Memory {
    file: File,
    path: PathBuf,
}

impl Memory {
    /// Opens (and makes) the file in the keys folder.
    pub fn open(dir: &Path) -> Result<Self, SignerError> {
        let path = dir.join("last-checkpoint");
        Ok(Self { file: private_file(&path)?, path })
    }

    /// The newest remembered checkpoint; `None` when the file is new.
    pub fn load(&self, keys: &[NoteKey]) -> Result<Option<SignedCheckpoint>, SignerError> {
        let mut bytes = [0; 2 * SLOT];
        let length = self.file.metadata().map_err(|error| self.io(error))?.len();
        if length == 0 {
            return Ok(None);
        }
        self.file.read_exact_at(&mut bytes, 0).map_err(|error| self.io(error))?;
        let slots = [slot(&bytes[..SLOT], keys), slot(&bytes[SLOT..], keys)];
        let newest = slots.into_iter().flatten().max_by_key(|note| note.checkpoint.size);
        newest.map(Some).ok_or_else(|| {
            let message = format!("{} is damaged: no signed checkpoint in it", self.path.display());
            SignerError::refused("signer-memory-damaged", message)
        })
    }

    /// Remembers `note` in the slot that does not hold the newest one, and flushes it to disk.
    pub fn store(&self, note: &SignedCheckpoint, keys: &[NoteKey]) -> Result<(), SignerError> {
        let text = note.to_text();
        if text.len() > SLOT - HEAD {
            return Err(SignerError::Protocol("the origin is too long"));
        }
        let mut first = [0; SLOT];
        let known = self.file.read_exact_at(&mut first, 0).is_ok().then(|| slot(&first, keys)).flatten();
        let newest = self.load(keys).ok().flatten();
        let target = if known.is_some() && known == newest { SLOT } else { 0 };
        let mut bytes = vec![0; SLOT];
        bytes[..2].copy_from_slice(&(text.len() as u16).to_be_bytes());
        bytes[2..HEAD].copy_from_slice(&Sha256::of(&text).0[..16]);
        bytes[HEAD..HEAD + text.len()].copy_from_slice(text.as_bytes());
        if newest.is_none() {
            // A new file gets both slots at once, so that it never has to grow again.
            bytes = bytes.repeat(2);
        }
        let written = self.file.write_all_at(&bytes, if newest.is_none() { 0 } else { target as u64 });
        written.and_then(|()| self.file.sync_data()).map_err(|error| self.io(error))
    }

    fn io(&self, error: io::Error) -> SignerError {
        KeyError::Io(self.path.clone(), error).into()
    }
}

fn slot(bytes: &[u8], keys: &[NoteKey]) -> Option<SignedCheckpoint> {
    let length = usize::from(u16::from_be_bytes(*bytes.first_chunk()?));
    let text = bytes.get(HEAD..HEAD.checked_add(length)?)?;
    if Sha256::of(text).0[..16] != bytes[2..HEAD] {
        return None;
    }
    let note = SignedCheckpoint::parse(str::from_utf8(text).ok()?).ok()?;
    keys.iter().any(|key| note.verify(key).is_ok()).then_some(note)
}
