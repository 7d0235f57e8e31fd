//! Source trees: a folder on disk becomes a Merkle tree of content, and trees are combined.

mod folder;
mod object;
mod snapshot;
mod statcache;

pub use folder::{Entry, Folder, TreeError};
pub use object::{ObjectFormat, ObjectId};
pub use snapshot::{Snapshot, SnapshotError, SnapshotOptions, snapshot};

pub(crate) use folder::checked_directory;

/// Reads the bytes of a stat cache and writes them anew, for the fuzz targets.
#[doc(hidden)]
pub fn rewrite_stat_cache(bytes: &[u8]) -> Option<Vec<u8>> {
    statcache::StatCache::parse(bytes).map(|cache| cache.encode())
}
