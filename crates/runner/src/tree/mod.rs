//! Source trees: a folder on disk becomes a Merkle tree of content, and trees are combined.

mod folder;
mod snapshot;
mod statcache;

pub use folder::{Entry, Folder, TreeError};
pub use snapshot::{Snapshot, SnapshotError, SnapshotOptions, snapshot};

pub(crate) use folder::checked_directory;
