//! Small files that are there completely or not at all, and folders that one process has at a time.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::Path,
};

use model::{Exit, Problem};

use crate::home::cannot;

/// The bytes of a regular file, at most `most`; `None` when there is none. A longer one gives `most` and one.
pub fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    use io::ErrorKind::{NotADirectory, NotFound};
    let file = match File::open(path) {
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Replaces a file; when this returns the new one survives a power cut.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let put = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    put().map_err(|error| cannot(path, "write", &error))
}

/// Makes the folder and takes it for this process, until the answer is dropped.
pub fn take(folder: &Path, code: &'static str) -> Result<File, Problem> {
    fs::create_dir_all(folder).map_err(|error| cannot(folder, "make the folder", &error))?;
    let lock = File::open(folder).map_err(|error| cannot(folder, "open the folder", &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another process uses {}", folder.display());
            Err(Problem::new(code, Exit::Environment, message)
                .with_hint("wait until it has ended, or give each its own folder"))
        }
        Err(TryLockError::Error(error)) => Err(cannot(folder, "lock the folder", &error)),
    }
}
