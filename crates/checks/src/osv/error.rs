//! What can go wrong with advisory feeds and their index.

use std::{io, path::PathBuf};

use model::{Exit, UserError};

/// A feed could not be imported or an index not be used.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The name has characters that a file name should not have.
    #[error("`{0}` is not a feed name")]
    Name(String),
    /// The disk refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// Reason.
        source: io::Error,
    },
    /// The archive is damaged, not an archive, or passes a limit.
    #[error("{}: {why}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Nothing in it is an advisory.
    #[error("{}: no advisory in it", path.display())]
    Empty {
        /// The feed.
        path: PathBuf,
        /// The first file that was not understood, and why.
        first: Option<String>,
    },
    /// The index file is not what was written.
    #[error("{}: {why}", path.display())]
    Damaged {
        /// The index file.
        path: PathBuf,
        /// Name of the feed.
        feed: String,
        /// What does not fit.
        why: String,
    },
}

impl FeedError {
    /// Wraps an IO error with its path.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

impl UserError for FeedError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "feed-name",
            Self::Io { .. } => "feed-io",
            Self::Archive { .. } => "feed-archive",
            Self::Empty { .. } => "feed-empty",
            Self::Damaged { .. } => "feed-index-damaged",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Name(_) => "use lower-case letters, digits, `-`, `_` and `.` (at most 64)".to_owned(),
            Self::Io { .. } => return None,
            Self::Archive { .. } => {
                "give an OSV zip, a .tar.gz, a folder, or a single JSON or YAML file".to_owned()
            }
            Self::Empty { first: Some(first), .. } => {
                format!("the first file that was not understood: {first}")
            }
            Self::Empty { first: None, .. } => {
                "expected OSV JSON or YAML, RustSec Markdown, or the KEV catalogue".to_owned()
            }
            Self::Damaged { feed, .. } => {
                format!("import the feed again: proofhouse feeds import PATH --name {feed}")
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Io { .. } => Exit::Environment,
            Self::Damaged { .. } => Exit::Integrity,
            _ => Exit::Input,
        }
    }
}
