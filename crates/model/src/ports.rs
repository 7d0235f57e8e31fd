//! Small traits between the engine and what stores things.

use std::io::{self, Read};

use crate::{Digest, Sha256, Statement, Timestamp};

/// A statement that is durably in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedStatement {
    /// Position in the log, from 0.
    pub index: u64,
    /// SHA-256 of the DSSE envelope as stored (the blob key).
    pub envelope: Sha256,
    /// When the ledger accepted it.
    pub logged_at: Timestamp,
    /// What it says.
    pub statement: Statement,
}

/// Content-addressed bytes. Every read re-hashes; a mismatch is an error of kind `InvalidData`.
pub trait Blobs: Send + Sync {
    /// Stores `bytes` durably and returns their digest.
    ///
    /// # Errors
    /// Any IO error; nothing is half-written.
    fn put(&self, bytes: &[u8]) -> io::Result<Digest>;

    /// Stores everything that `source` yields, without holding it in memory.
    ///
    /// # Errors
    /// Any IO error of either side; nothing is half-written.
    fn put_from(&self, source: &mut dyn Read) -> io::Result<Digest>;

    /// Reads a small blob whole.
    ///
    /// # Errors
    /// `NotFound`, `InvalidData` when the content no longer matches its digest, or another IO error.
    fn get(&self, hash: &Sha256) -> io::Result<Vec<u8>>;

    /// Opens a large blob; the reader yields `InvalidData` at the end if the content does not match.
    ///
    /// # Errors
    /// As [`Blobs::get`].
    fn open(&self, hash: &Sha256) -> io::Result<Box<dyn Read + Send>>;

    /// Removes a blob for good; whether it was there.
    ///
    /// # Errors
    /// Any IO error.
    fn remove(&self, hash: &Sha256) -> io::Result<bool>;
}
