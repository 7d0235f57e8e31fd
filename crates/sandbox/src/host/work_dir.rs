//! Giving a work directory to the user the command runs as.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};

use crate::{Identity, SandboxError};

/// Gives `dir` and everything below it to `identity` when the caller is root; does nothing
/// otherwise (the command then runs as the caller's own user). Symbolic links are given away
/// themselves, never followed.
///
/// Call it before [`crate::spawn`], while no other process of `identity` can change the tree.
/// Files with more than one hard link would change their owner everywhere: they are refused, so
/// inputs must be copies (or reflinks) of what a store keeps.
pub fn prepare_work_dir(dir: &Path, identity: Identity) -> Result<(), SandboxError> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    let mut waiting: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(path) = waiting.pop() {
        let failed = |source| SandboxError::WorkDir { path: path.clone(), source };
        let metadata = fs::symlink_metadata(&path).map_err(failed)?;
        if metadata.is_file() && metadata.nlink() > 1 {
            return Err(failed(std::io::Error::other("it has more than one hard link")));
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(&path).map_err(failed)? {
                waiting.push(entry.map_err(failed)?.path());
            }
        }
        if (metadata.uid(), metadata.gid()) != (identity.uid, identity.gid) {
            lchown(&path, Some(identity.uid), Some(identity.gid)).map_err(failed)?;
        }
    }
    Ok(())
}
