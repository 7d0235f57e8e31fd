//! What a user points at: it must be there and of the right kind before anything reads it, because
//! opening a pipe waits for its writer, and a device never ends.

use std::{
    fs::{self, FileType},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use model::{Exit, Problem};

use crate::home::cannot;

/// A file that can be read to its end, as often as needed.
///
/// # Errors
/// `file-not-found`, `not-a-file`, or the system's refusal.
pub fn file(path: &Path) -> Result<(), Problem> {
    let kind = kind_of(path, "file")?;
    if kind.is_file() { Ok(()) } else { Err(not_a("file", path, kind)) }
}

/// A file as [`file()`], or a folder.
///
/// # Errors
/// As [`file()`].
pub fn file_or_folder(path: &Path) -> Result<(), Problem> {
    if kind_of(path, "file")?.is_dir() { Ok(()) } else { file(path) }
}

/// A folder, with its links resolved.
///
/// # Errors
/// `folder-not-found`, `not-a-folder`, or the system's refusal.
pub fn folder(path: &Path) -> Result<PathBuf, Problem> {
    let kind = kind_of(path, "folder")?;
    if !kind.is_dir() {
        return Err(not_a("folder", path, kind));
    }
    path.canonicalize().map_err(|e| cannot(path, "enter", &e))
}

fn kind_of(path: &Path, wanted: &str) -> Result<FileType, Problem> {
    let meta = fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            let code = if wanted == "folder" { "folder-not-found" } else { "file-not-found" };
            Problem::new(code, Exit::Input, format!("there is no {wanted} {}", path.display()))
                .with_hint("check the path; it is taken from the folder the command runs in")
        }
        _ => cannot(path, "look at", &e),
    })?;
    Ok(meta.file_type())
}

fn not_a(wanted: &str, path: &Path, kind: FileType) -> Problem {
    let (found, hint) = match kind {
        kind if kind.is_dir() => ("a folder", "name the file in it"),
        kind if kind.is_file() => ("a file", "name the folder it is in"),
        kind if kind.is_fifo() => ("a pipe", "write its content to a file first"),
        kind if kind.is_socket() => ("a socket", "give a plain file"),
        _ => ("a device", "give a plain file"),
    };
    let code = if wanted == "folder" { "not-a-folder" } else { "not-a-file" };
    Problem::new(code, Exit::Input, format!("{} is {found}; a {wanted} is expected", path.display()))
        .with_hint(hint)
}
