//! Files that only their owner may read: made so, and refused when they are not.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use zeroize::Zeroizing;

use super::KeyError;

/// Largest key file that is read.
const MAX_FILE: u64 = 64 << 10;

/// Makes `dir` with mode 0700 when it is missing and refuses one that others can enter.
pub(crate) fn private_dir(dir: &Path) -> Result<(), KeyError> {
    let io = |error| KeyError::Io(dir.to_owned(), error);
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(io)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(io(error)),
        _ => check_mode(dir, &fs::metadata(dir).map_err(io)?),
    }
}

/// Opens (and makes, mode 0600) a private file for reading and writing; a symbolic link is refused.
pub(crate) fn private_file(path: &Path) -> Result<File, KeyError> {
    let io = |error| KeyError::Io(path.to_owned(), error);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits()).open(path).map_err(io)?;
    check_mode(path, &file.metadata().map_err(io)?)?;
    Ok(file)
}

/// Reads a private file; `None` when there is none.
pub(crate) fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
    let io = |error| KeyError::Io(path.to_owned(), error);
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(io)?,
    };
    check_mode(path, &file.metadata().map_err(io)?)?;
    // Room for everything at once, so that no reallocation leaves a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE as usize + 1));
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    match bytes.len() as u64 > MAX_FILE {
        true => Err(KeyError::Damaged(path.to_owned(), "it is too large".into())),
        false => Ok(Some(bytes)),
    }
}

/// Writes a private file so that it is there completely or not at all. The caller holds a lock.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let io = |error| KeyError::Io(path.to_owned(), error);
    let half = path.with_extension("half");
    match fs::remove_file(&half) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half).map_err(io)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io)?;
    fs::rename(&half, path).map_err(io)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
}

fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    match metadata.mode() & 0o077 {
        0 => Ok(()),
        _ => Err(KeyError::Permissions(path.to_owned(), metadata.mode() & 0o777)),
    }
}
