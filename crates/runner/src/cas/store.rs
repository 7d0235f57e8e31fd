//! Putting content in and finding it.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use model::{Digest, Hasher, Sha256};

use super::{CasError, sweep_temporary};

/// Copy buffer.
pub(crate) const BUFFER: usize = 256 << 10;
/// A blob used again gets a new time only when its time is older than this.
const TOUCH_AFTER: Duration = Duration::from_secs(24 * 3600);

/// A folder of content-addressed blobs. Cheap to share by reference between threads; several
/// processes may use one folder at once.
#[derive(Debug)]
pub struct Cas {
    root: PathBuf,
    next: AtomicU64,
}

impl Cas {
    /// Opens the folder, making it (and the places for blobs) when it is not there.
    ///
    /// # Errors
    /// [`CasError::Io`] when the folder cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, CasError> {
        let root = root.into();
        let temporary = root.join("tmp");
        fs::create_dir_all(&temporary).map_err(CasError::io("create", &temporary))?;
        sweep_temporary(&temporary, SystemTime::now());
        Ok(Self { root, next: AtomicU64::new(0) })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a blob is or would be.
    pub fn path(&self, hash: &Sha256) -> PathBuf {
        let hex = hash.hex();
        self.root.join(&hex[..2]).join(&hex[2..])
    }

    /// Whether a blob of this digest and size is there. Content is not read; reading checks it.
    pub fn contains(&self, digest: &Digest) -> bool {
        let path = self.path(&digest.hash);
        let Ok(meta) = fs::symlink_metadata(&path) else { return false };
        if !meta.is_file() || meta.len() != digest.size {
            return false;
        }
        let age = meta.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        if age.is_none_or(|age| age > TOUCH_AFTER) {
            self.touch(&path);
        }
        true
    }

    fn touch(&self, path: &Path) {
        // Only pruning looks at the time; failing to set it costs a re-run at worst.
        if let Ok(file) = File::options().write(true).open(path) {
            let _ = file.set_modified(SystemTime::now());
        }
    }

    /// Stores `bytes`.
    ///
    /// # Errors
    /// [`CasError::Io`]; nothing is half-written.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, CasError> {
        let digest = Digest::of(bytes);
        if self.contains(&digest) {
            return Ok(digest);
        }
        let mut temporary = self.temporary()?;
        temporary.file.write_all(bytes).map_err(CasError::io("write", &temporary.path))?;
        self.commit(temporary, digest)
    }

    /// Stores everything `source` yields, streaming.
    ///
    /// # Errors
    /// [`CasError::Io`] of either side; nothing is half-written.
    pub fn put_from(&self, source: &mut dyn Read) -> Result<Digest, CasError> {
        self.put_observed(source, &mut |_| {})
    }

    /// As [`Cas::put_from`], showing each chunk to `observe` on its way.
    ///
    /// # Errors
    /// As [`Cas::put_from`].
    pub fn put_observed(
        &self,
        source: &mut dyn Read,
        observe: &mut dyn FnMut(&[u8]),
    ) -> Result<Digest, CasError> {
        let mut first = vec![0; BUFFER];
        let filled = fill(source, &mut first).map_err(CasError::io("read", "input"))?;
        observe(&first[..filled]);
        if filled < BUFFER {
            return self.put(&first[..filled]);
        }
        let mut temporary = self.temporary()?;
        let mut hasher = Hasher::new();
        let mut filled = filled;
        while filled > 0 {
            hasher.update(&first[..filled]);
            temporary.file.write_all(&first[..filled]).map_err(CasError::io("write", &temporary.path))?;
            filled = fill(source, &mut first).map_err(CasError::io("read", "input"))?;
            observe(&first[..filled]);
        }
        self.commit(temporary, hasher.finish_sized())
    }

    /// Stores what `source` yields if it has the promised digest.
    ///
    /// # Errors
    /// [`CasError::Mismatch`] when it has another one; then nothing is stored. [`CasError::Io`].
    pub fn put_expected(&self, source: &mut dyn Read, expected: &Digest) -> Result<(), CasError> {
        let mut temporary = self.temporary()?;
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; BUFFER];
        let mut source = source.take(expected.size.saturating_add(1));
        loop {
            let filled = fill(&mut source, &mut buffer).map_err(CasError::io("read", "input"))?;
            if filled == 0 {
                break;
            }
            hasher.update(&buffer[..filled]);
            temporary.file.write_all(&buffer[..filled]).map_err(CasError::io("write", &temporary.path))?;
        }
        let actual = hasher.finish_sized();
        if actual != *expected {
            return Err(CasError::Mismatch { expected: expected.hash, actual: actual.hash });
        }
        self.commit(temporary, actual).map(|_| ())
    }

    /// Stores an encoded message.
    ///
    /// # Errors
    /// [`CasError::Io`].
    pub fn put_message(&self, message: &impl prost::Message) -> Result<Digest, CasError> {
        self.put(&message.encode_to_vec())
    }

    pub(crate) fn temporary(&self) -> Result<Temporary, CasError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join("tmp").join(format!("{}-{number}", std::process::id()));
        let file = match File::options().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Left behind by a dead process that had our number.
                fs::remove_file(&path).and_then(|()| File::options().write(true).create_new(true).open(&path))
            }
            other => other,
        };
        let file = file.map_err(CasError::io("create", &path))?;
        Ok(Temporary { path, file, keep: false })
    }

    fn commit(&self, mut temporary: Temporary, digest: Digest) -> Result<Digest, CasError> {
        let path = self.path(&digest.hash);
        let renamed = fs::rename(&temporary.path, &path).or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
            let folder = path.parent().unwrap_or(&self.root);
            fs::create_dir_all(folder)?;
            fs::rename(&temporary.path, &path)
        });
        renamed.map_err(CasError::io("write", &path))?;
        temporary.keep = true;
        Ok(digest)
    }
}

/// A file being written; removed unless it was renamed into place.
pub(crate) struct Temporary {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    keep: bool,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Reads until `buffer` is full or the source ends.
pub(crate) fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
