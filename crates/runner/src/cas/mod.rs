//! Local content-addressed storage: `cas/ab/cdef…` holds the bytes whose SHA-256 is `abcdef…`.
//!
//! Every read re-hashes; a file that no longer matches is removed and reported as
//! `cas-blob-changed`, so the next run makes it again. It is a cache: nothing is synced to disk, a
//! file torn by a power cut is found by its hash. Blobs carry no mode; materialised files get theirs
//! from the tree.

pub(crate) mod at;
mod collect;
mod materialize;
mod prune;
mod read;
mod store;
mod workdir;

pub use collect::{CollectError, CollectLimits, Collected, collect};
pub use materialize::{MaterializeOptions, materialize};
pub use prune::{PrunePolicy, Pruned};
pub(crate) use prune::{prune_folder, sweep_temporary};
pub use read::VerifiedReader;
pub use store::Cas;
pub use workdir::{WorkDir, remove_tree};

use std::{io, path::PathBuf};

use model::{Digest, Exit, Sha256, UserError};

/// What can go wrong with stored content.
#[derive(Debug, thiserror::Error)]
pub enum CasError {
    /// A blob is not there.
    #[error("the cache has no content {0}")]
    Missing(Sha256),
    /// A blob's bytes are not those its name says; the file was removed.
    #[error("cached content {0} was changed on disk and has been removed")]
    Changed(Sha256),
    /// A blob is larger than the caller can take.
    #[error("content {} is {} bytes, at most {most} are accepted here", .digest.hash, .digest.size)]
    TooLarge {
        /// The blob.
        digest: Digest,
        /// The bound.
        most: u64,
    },
    /// Content given to be stored under a digest has another one.
    #[error("content should be {expected} but is {actual}")]
    Mismatch {
        /// What was promised.
        expected: Sha256,
        /// What came.
        actual: Sha256,
    },
    /// A stored message cannot be decoded or breaks the rules of a tree.
    #[error("stored tree {digest} is malformed: {why}")]
    Malformed {
        /// The blob.
        digest: Sha256,
        /// What is wrong.
        why: String,
    },
    /// The operating system refused.
    #[error("cannot {what} {}: {source}", .path.display())]
    Io {
        /// `read`, `write`, …
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl CasError {
    pub(crate) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}

impl UserError for CasError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "cas-blob-missing",
            Self::Changed(_) => "cas-blob-changed",
            Self::TooLarge { .. } => "cas-blob-too-large",
            Self::Mismatch { .. } => "cas-digest-mismatch",
            Self::Malformed { .. } => "cas-tree-malformed",
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => "disk-full",
            Self::Io { .. } => "cas-io",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing(_) | Self::Changed(_) | Self::Malformed { .. } => {
                Some("run again: what is missing is made anew".to_owned())
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => Some(
                "free some space and run the command again; the folder `cache` in the home may go".to_owned(),
            ),
            _ => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Changed(_) | Self::Mismatch { .. } | Self::Malformed { .. } => Exit::Integrity,
            Self::TooLarge { .. } => Exit::Input,
            Self::Missing(_) | Self::Io { .. } => Exit::Environment,
        }
    }
}
