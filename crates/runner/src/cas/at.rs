//! Walking a folder that a step has written, by file descriptors and without following any link,
//! so that nothing outside of it can be reached through a link the step planted.

use std::{
    ffi::{CStr, CString, OsStr},
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use nix::{
    dir::Dir,
    fcntl::{AtFlags, OFlag, openat},
    sys::stat::{FileStat, Mode, fstatat},
};

const FOLDER: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);
const FILE: OFlag = OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

/// Opens the folder to start from; the path itself is ours and trusted.
pub(crate) fn open_root(path: &Path) -> io::Result<OwnedFd> {
    Ok(nix::fcntl::open(path, FOLDER, Mode::empty())?)
}

/// Opens a sub-folder; a link is `ELOOP`/`ENOTDIR`.
pub(crate) fn open_folder(parent: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    Ok(openat(parent, name, FOLDER, Mode::empty())?)
}

/// Opens a regular file for reading; anything else is refused, also when it was swapped meanwhile.
pub(crate) fn open_file(parent: impl AsFd, name: &OsStr) -> io::Result<File> {
    let file = File::from(openat(parent, name, FILE, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// `lstat` relative to a folder.
pub(crate) fn stat(parent: impl AsFd, name: &OsStr) -> io::Result<FileStat> {
    Ok(fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW)?)
}

/// Target of a link.
pub(crate) fn read_link(parent: impl AsFd, name: &OsStr) -> io::Result<Vec<u8>> {
    Ok(nix::fcntl::readlinkat(parent, name)?.as_bytes().to_vec())
}

/// Names in a folder, sorted by bytes, without `.` and `..`; `None` when there are more than `most`.
pub(crate) fn names(folder: impl AsFd, most: u64) -> io::Result<Option<Vec<CString>>> {
    let copy = openat(folder, c".", FOLDER, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::from_fd(copy)?.iter() {
        let entry = entry?;
        let name: &CStr = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        if names.len() as u64 >= most {
            return Ok(None);
        }
        names.push(name.to_owned());
    }
    names.sort();
    Ok(Some(names))
}

/// The name as the standard library takes it.
pub(crate) fn os(name: &CStr) -> &OsStr {
    OsStr::from_bytes(name.to_bytes())
}
