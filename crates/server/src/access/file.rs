//! Files of the server's own state: small, private (0600), changed as a whole under a lock and put in their place
//! durably, so that a crash leaves the old or the new one.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use model::{Exit, UserError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// What one kind of file holds.
pub(crate) trait Entry: Clone + Serialize + DeserializeOwned {
    /// Name of the file without `.json`, which is also the name of its list.
    const NAME: &'static str;
    /// Codes for: cannot be read or written; was not written by this program; others can read it.
    const CODES: [&'static str; 3];
}

/// Why a file of the server's state could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// File system.
    #[error("{path}: {source}")]
    Io {
        /// Stable code.
        code: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Not written by this program.
    #[error("{path} was not written by this program: {why}")]
    Malformed {
        /// Stable code.
        code: &'static str,
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// Others can read it.
    #[error("{path} can be read or written by others")]
    Exposed {
        /// Stable code.
        code: &'static str,
        /// The file.
        path: String,
    },
}

impl UserError for FileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { code, .. } | Self::Malformed { code, .. } | Self::Exposed { code, .. } => code,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::Malformed { path, .. } => Some(format!("restore {path}, or move it away and begin anew")),
            Self::Exposed { path, .. } => {
                Some(format!("run `chmod 600 {path}`; revoke what is in it if unsure"))
            }
        }
    }

    fn exit(&self) -> Exit {
        Exit::Environment
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<T> {
    version: u32,
    #[serde(alias = "tokens", alias = "accounts")]
    entries: Vec<T>,
}

/// What tells one state of a file from the next: it is always replaced by a new one.
type Stamp = (u64, i64, i64, u64);

/// What was read last.
type Read<T> = (Stamp, Arc<Vec<T>>);

/// A file with a list of entries. Clones share what was read last.
#[derive(Clone, Debug)]
pub(crate) struct StateFile<T> {
    path: PathBuf,
    read: Arc<Mutex<Option<Read<T>>>>,
}

impl<T: Entry> StateFile<T> {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(format!("{}.json", T::NAME)), read: Arc::default() }
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All entries; none when there is no file.
    pub(crate) fn list(&self) -> Result<Arc<Vec<T>>, FileError> {
        let file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Arc::default()),
            Err(error) => return Err(self.io(error)),
        };
        let meta = file.metadata().map_err(|error| self.io(error))?;
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(FileError::Exposed { code: T::CODES[2], path: self.shown() });
        }
        if meta.len() > LARGEST {
            return Err(self.malformed("it is too large".into()));
        }
        let stamp = (meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len());
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, entries)) = last.as_ref().filter(|(at, _)| *at == stamp) {
            return Ok(Arc::clone(entries));
        }
        let wire: Wire<T> = serde_json::from_reader(io::BufReader::new(io::Read::take(file, LARGEST)))
            .map_err(|error| self.malformed(error.to_string()))?;
        match wire.version {
            1 => {
                let entries = Arc::new(wire.entries);
                *last = Some((stamp, Arc::clone(&entries)));
                Ok(entries)
            }
            other => Err(self.malformed(format!("version {other} is unknown"))),
        }
    }

    /// Changes the list under a lock. What `change` refuses changes nothing.
    pub(crate) fn change<R, E: From<FileError>>(
        &self,
        change: impl FnOnce(&mut Vec<T>) -> Result<R, E>,
    ) -> Result<R, E> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let io = |error| self.io(error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let private = |path: &Path| {
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600).open(path)
        };
        let lock = private(&folder.join(format!("{}.lock", T::NAME))).map_err(io)?;
        lock.lock().map_err(io)?;
        let mut entries = Vec::clone(&*self.list()?);
        let result = change(&mut entries)?;
        let bytes = serde_json::to_vec_pretty(&Wire { version: 1, entries }).map_err(|e| io(e.into()))?;
        let beside = folder.join(format!("{}.json.new", T::NAME));
        let mut file = private(&beside).map_err(io)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(io)?;
        fs::rename(&beside, &self.path).map_err(io)?;
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(result)
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn malformed(&self, why: String) -> FileError {
        FileError::Malformed { code: T::CODES[1], path: self.shown(), why }
    }

    fn io(&self, source: io::Error) -> FileError {
        FileError::Io { code: T::CODES[0], path: self.shown(), source }
    }
}
