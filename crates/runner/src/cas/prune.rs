//! Making room: the least recently used blobs go first.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{Cas, CasError};

/// Temporary files older than this belong to nobody.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// What may stay.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrunePolicy {
    /// Blobs not used for longer than this go.
    pub max_age: Option<Duration>,
    /// Then the oldest go until at most this many bytes are left.
    pub max_bytes: Option<u64>,
}

/// What was removed and what is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files removed.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// Files left.
    pub kept: u64,
    /// Their bytes.
    pub kept_bytes: u64,
}

struct Blob {
    used: SystemTime,
    size: u64,
    path: PathBuf,
}

impl Cas {
    /// Removes blobs by age, then by size. A running step keeps its copies; a result whose blobs
    /// went away is simply made again.
    ///
    /// # Errors
    /// [`CasError::Io`] when the store cannot be listed.
    pub fn prune(&self, policy: &PrunePolicy, now: SystemTime) -> Result<Pruned, CasError> {
        prune_folder(self.root(), policy, now)
    }
}

/// Prunes any folder with the layout `ab/cdef…` and a `tmp` beside.
pub(crate) fn prune_folder(root: &Path, policy: &PrunePolicy, now: SystemTime) -> Result<Pruned, CasError> {
    let mut blobs = list(root)?;
    blobs.sort_by_key(|blob| blob.used);
    let mut total: u64 = blobs.iter().map(|blob| blob.size).sum();
    let mut pruned = Pruned::default();
    for blob in blobs {
        let age = now.duration_since(blob.used).unwrap_or_default();
        let too_old = policy.max_age.is_some_and(|most| age > most);
        let too_much = policy.max_bytes.is_some_and(|most| total > most);
        if (too_old || too_much) && fs::remove_file(&blob.path).is_ok() {
            total -= blob.size;
            pruned.removed += 1;
            pruned.removed_bytes += blob.size;
        } else {
            pruned.kept += 1;
            pruned.kept_bytes += blob.size;
        }
    }
    sweep_temporary(&root.join("tmp"), now);
    Ok(pruned)
}

fn list(root: &Path) -> Result<Vec<Blob>, CasError> {
    let mut blobs = Vec::new();
    for folder in fs::read_dir(root).map_err(CasError::io("list", root))?.flatten() {
        let name = folder.file_name();
        if name.len() != 2 {
            continue;
        }
        let Ok(entries) = fs::read_dir(folder.path()) else { continue };
        for entry in entries.flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            blobs.push(Blob { used, size: meta.len(), path: entry.path() });
        }
    }
    Ok(blobs)
}

/// Removes what dead processes were writing when they died.
pub(crate) fn sweep_temporary(folder: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|meta| meta.modified());
        let age = modified.ok().and_then(|at| now.duration_since(at).ok());
        if age.is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
