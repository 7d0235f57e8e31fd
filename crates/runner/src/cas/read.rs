//! Taking content out, re-hashed on the way.

use std::{
    fs::{self, File},
    io::{self, Read},
};

use model::{Digest, Hasher, Sha256};
use prost::Message;

use super::{Cas, CasError, store::BUFFER};

/// Largest message (Directory, Tree, ActionResult) that is decoded.
pub(crate) const MAX_MESSAGE: u64 = 64 << 20;

impl Cas {
    /// Reads a blob whole, at most `most` bytes.
    ///
    /// # Errors
    /// [`CasError::Missing`], [`CasError::Changed`], [`CasError::TooLarge`], [`CasError::Io`].
    pub fn get(&self, digest: &Digest, most: u64) -> Result<Vec<u8>, CasError> {
        if digest.size > most {
            return Err(CasError::TooLarge { digest: *digest, most });
        }
        let file = self.open_raw(digest)?;
        let mut bytes = Vec::with_capacity(usize::try_from(digest.size).unwrap_or(0));
        file.take(digest.size + 1)
            .read_to_end(&mut bytes)
            .map_err(CasError::io("read", self.path(&digest.hash)))?;
        if Digest::of(&bytes) != *digest {
            return Err(self.changed(&digest.hash));
        }
        Ok(bytes)
    }

    /// Reads and decodes a stored message.
    ///
    /// # Errors
    /// As [`Cas::get`], and [`CasError::Malformed`].
    pub fn get_message<M: Message + Default>(&self, digest: &Digest) -> Result<M, CasError> {
        let bytes = self.get(digest, MAX_MESSAGE)?;
        M::decode(&bytes[..])
            .map_err(|error| CasError::Malformed { digest: digest.hash, why: error.to_string() })
    }

    /// Opens a blob of any size. The reader gives `InvalidData` at the end when the content is not
    /// what its name says, so a caller must read to the end before trusting what it got.
    ///
    /// # Errors
    /// [`CasError::Missing`], [`CasError::Io`].
    pub fn open_blob(&self, digest: &Digest) -> Result<VerifiedReader, CasError> {
        let file = self.open_raw(digest)?;
        Ok(VerifiedReader { file, hasher: Some(Hasher::new()), expected: *digest })
    }

    /// Reads a blob to its end and throws it away: is it intact?
    ///
    /// # Errors
    /// [`CasError::Missing`], [`CasError::Changed`], [`CasError::Io`].
    pub fn verify(&self, digest: &Digest) -> Result<(), CasError> {
        self.copy_to(digest, &mut io::sink())
    }

    /// Streams a blob into `sink`, checking it. On an error `sink` holds bytes not to be used.
    ///
    /// # Errors
    /// [`CasError::Missing`], [`CasError::Changed`], [`CasError::Io`] of either side.
    pub fn copy_to(&self, digest: &Digest, sink: &mut dyn io::Write) -> Result<(), CasError> {
        let path = self.path(&digest.hash);
        let mut file = self.open_raw(digest)?;
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; BUFFER.min(usize::try_from(digest.size).unwrap_or(BUFFER) + 1)];
        loop {
            let filled = super::store::fill(&mut file, &mut buffer).map_err(CasError::io("read", &path))?;
            if filled == 0 {
                break;
            }
            hasher.update(&buffer[..filled]);
            sink.write_all(&buffer[..filled]).map_err(CasError::io("copy", &path))?;
        }
        if hasher.finish_sized() == *digest { Ok(()) } else { Err(self.changed(&digest.hash)) }
    }

    pub(crate) fn open_raw(&self, digest: &Digest) -> Result<File, CasError> {
        let path = self.path(&digest.hash);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CasError::Missing(digest.hash));
            }
            Err(error) => return Err(CasError::io("read", path)(error)),
        };
        let meta = file.metadata().map_err(CasError::io("read", &path))?;
        if !meta.is_file() || meta.len() != digest.size {
            return Err(self.changed(&digest.hash));
        }
        Ok(file)
    }

    /// Removes a blob that is not what its name says, so that it will be stored again.
    pub(crate) fn changed(&self, hash: &Sha256) -> CasError {
        let _ = fs::remove_file(self.path(hash));
        CasError::Changed(*hash)
    }
}

/// Yields a blob's bytes and fails at the end when they do not match the digest.
pub struct VerifiedReader {
    file: File,
    hasher: Option<Hasher>,
    expected: Digest,
}

impl Read for VerifiedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        if n > 0 {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&buffer[..n]);
            }
        } else if !buffer.is_empty()
            && let Some(hasher) = self.hasher.take()
            && hasher.finish_sized() != self.expected
        {
            let text = format!("cached content {} was changed on disk", self.expected.hash);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(n)
    }
}
