//! What others may have of the ledger: checkpoints, tiles and entries (C2SP tlog-tiles), and proofs that
//! it only grew. Statements are not in it; an entry holds a digest, a signature and its verifier.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
};

use model::Sha256;

use super::{Ledger, LedgerError, journal::sync_dir};
use crate::log::{
    Continuation, MAX_NOTE, SignedCheckpoint, TileId, consistency, monitor::TileSource, range_hash,
    verify_consistency,
};

/// The checkpoint with the cosignatures of witnesses, beside the ledger's own.
const COSIGNED: &str = "checkpoint.cosigned";

impl Ledger {
    /// The newest checkpoint, with cosignatures when witnesses gave some for exactly this one.
    ///
    /// # Errors
    /// The file with the cosignatures cannot be read.
    pub fn public_checkpoint(&self) -> Result<Option<SignedCheckpoint>, LedgerError> {
        let Some(own) = self.checkpoint() else { return Ok(None) };
        let cosigned = self.cosigned()?.filter(|cosigned| cosigned.note.text == own.note.text);
        Ok(Some(cosigned.unwrap_or_else(|| own.clone())))
    }

    /// The last checkpoint that witnesses cosigned. One that cannot be read counts as none: it can be
    /// had again.
    ///
    /// # Errors
    /// An IO error.
    pub fn cosigned(&self) -> Result<Option<SignedCheckpoint>, LedgerError> {
        let path = self.dir.join(COSIGNED);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|error| LedgerError::io(&path, error))?,
        };
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_NOTE);
        Ok(text.and_then(|text| SignedCheckpoint::parse(&text).ok()))
    }

    /// Keeps a checkpoint with cosignatures for [`Self::public_checkpoint`].
    ///
    /// # Errors
    /// An IO error; the one before stays.
    pub fn keep_cosigned(&self, cosigned: &SignedCheckpoint) -> Result<(), LedgerError> {
        let _guard = self.exclusive()?;
        let (half, path) = (self.dir.join("checkpoint.cosigned.half"), self.dir.join(COSIGNED));
        let put = || -> io::Result<()> {
            let mut file = File::create(&half)?;
            file.write_all(cosigned.to_text().as_bytes())?;
            file.sync_data()?;
            fs::rename(&half, &path)?;
            sync_dir(&self.dir)
        };
        put().map_err(|error| LedgerError::io(&path, error))
    }

    /// The file at a path below the log's public address, as tlog-tiles names them; `None` for every other
    /// path, and for what no signed checkpoint covers yet, which may still change.
    ///
    /// # Errors
    /// An IO error.
    pub fn public_file(&self, path: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        if path == "checkpoint" {
            return Ok(self.public_checkpoint()?.map(|note| note.to_text().into_bytes()));
        }
        let covered = self.checkpoint().map_or(0, |note| note.checkpoint.size);
        match TileId::parse(path).filter(|tile| tile.is_in(covered)) {
            Some(tile) => self.tiles.read_exactly(tile),
            None => Ok(None),
        }
    }

    /// Proof that the tree of the newest checkpoint continues its first `old` entries.
    ///
    /// # Errors
    /// [`LedgerError::NoEntry`] for more entries than are covered, [`LedgerError::Damaged`] when the tiles
    /// do not give the root, or an IO error.
    pub fn continuation(&self, old: u64) -> Result<Continuation, LedgerError> {
        let checkpoint = self.checkpoint().filter(|note| old <= note.checkpoint.size);
        let size = self.checkpoint().map_or(0, |note| note.checkpoint.size);
        let checkpoint = checkpoint.ok_or(LedgerError::NoEntry { index: old, size })?;
        let nodes = self.tiles.nodes(size);
        let (root, hashes) = (range_hash(&nodes, 0, old)?, consistency(&nodes, old, size)?);
        match verify_consistency(old, &root, size, &checkpoint.checkpoint.root, &hashes) {
            true => Ok(Continuation::new(old, root, hashes, checkpoint)),
            false => Err(LedgerError::damaged("a tile", "the tiles do not give the root of the checkpoint")),
        }
    }

    /// The proof alone, from the first `old` entries to the first `size` ones.
    ///
    /// # Errors
    /// As [`Self::continuation`].
    pub fn continuation_to(&self, old: u64, size: u64) -> Result<Vec<Sha256>, LedgerError> {
        let covered = self.checkpoint().map_or(0, |note| note.checkpoint.size);
        match old <= size && size <= covered {
            true => consistency(&self.tiles.nodes(covered), old, size),
            false => Err(LedgerError::NoEntry { index: old.max(size), size: covered }),
        }
    }
}

impl TileSource for Ledger {
    type Error = LedgerError;

    fn tiles(&self, wanted: &[TileId]) -> Result<Vec<Option<Vec<u8>>>, LedgerError> {
        wanted.iter().map(|tile| self.tiles.read_exactly(*tile)).collect()
    }
}
