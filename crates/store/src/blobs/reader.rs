//! Reading a blob: every byte that is handed out is hashed, and the end tells whether it was right.

use std::{
    fs::File,
    io::{self, Read},
};

use model::{Hasher, Sha256};

/// Hashes what passes through and fails at the end on a mismatch.
pub(super) struct Checked {
    file: File,
    hasher: Option<Hasher>,
    expected: Sha256,
}

impl Checked {
    pub(super) fn new(file: File, expected: Sha256) -> Self {
        Self { file, hasher: Some(Hasher::new()), expected }
    }
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let n = self.file.read(buffer)?;
        if n > 0 {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&buffer[..n]);
            }
            return Ok(n);
        }
        let right = self.hasher.take().is_none_or(|hasher| hasher.finish() == self.expected);
        if right { Ok(0) } else { Err(changed(&self.expected)) }
    }
}

/// The content is not what its name says.
pub(super) fn changed(hash: &Sha256) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("blob {hash} was changed: its content has another digest"),
    )
}

/// Says which blob an error is about.
pub(super) fn name(error: io::Error, hash: &Sha256) -> io::Error {
    io::Error::new(error.kind(), format!("blob {hash}: {error}"))
}
