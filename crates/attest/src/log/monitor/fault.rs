//! What can be wrong with a log, each with its own code.

use model::{Exit, UserError};

use crate::log::TileId;

/// A log does not hold what it signed, or what it signed does not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The checkpoint is no signed note.
    #[error("the checkpoint that is served is malformed: {0}")]
    Malformed(String),
    /// No key of the log signed the checkpoint.
    #[error("the checkpoint of {0} is not signed by a key of the log")]
    Signature(String),
    /// Too few witnesses cosigned.
    #[error("{have} of the {want} wanted witnesses cosigned the checkpoint")]
    Quorum {
        /// Cosignatures that hold.
        have: usize,
        /// Cosignatures wanted.
        want: usize,
    },
    /// Two signed checkpoints of one log that cannot both be true.
    #[error(
        "the log forked: what it serves ({served} entries) does not continue what was seen ({seen} entries)"
    )]
    Fork {
        /// Entries of the checkpoint seen before.
        seen: u64,
        /// Entries of the checkpoint served now.
        served: u64,
    },
    /// It has fewer entries than before.
    #[error("the log was rolled back: {served} entries are served, {seen} were seen")]
    RolledBack {
        /// Entries of the checkpoint seen before.
        seen: u64,
        /// Entries of the checkpoint served now.
        served: u64,
    },
    /// Two sources serve different histories of one log.
    #[error("split view: {here} entries here and {there} entries there are not of one history")]
    SplitView {
        /// Entries of the log that is followed.
        here: u64,
        /// Entries of the one it is compared with.
        there: u64,
    },
    /// What the checkpoint covers is not served.
    #[error("{} is missing, which the checkpoint covers", .0.path().display())]
    Missing(TileId),
    /// A tile was changed.
    #[error("{} is wrong: {}", .0.path().display(), .1)]
    Tile(TileId, &'static str),
    /// The tiles at the right edge do not give the root.
    #[error("the tiles at the edge of the tree do not give the root hash of the checkpoint ({0} entries)")]
    Root(u64),
}

impl UserError for Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "log-checkpoint-malformed",
            Self::Signature(_) => "log-checkpoint-signature",
            Self::Quorum { .. } => "log-witness-quorum",
            Self::Fork { .. } => "log-fork",
            Self::RolledBack { .. } => "log-rolled-back",
            Self::SplitView { .. } => "log-split-view",
            Self::Missing(_) => "log-tile-missing",
            Self::Tile(TileId { level: None, .. }, _) => "log-entries-wrong",
            Self::Tile(..) => "log-tile-wrong",
            Self::Root(_) => "log-root-wrong",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Fork { .. } | Self::SplitView { .. } => {
                "both signed checkpoints are kept in the state folder: they prove it to anybody".into()
            }
            Self::RolledBack { .. } => "ask for a copy that is not older, or find out who replaced it".into(),
            Self::Quorum { .. } => "the witnesses may be late, or see another history".into(),
            Self::Signature(_) => "is it the key of this log?".into(),
            Self::Malformed(_) => "is it the address of a log (the folder with `checkpoint` in it)?".into(),
            Self::Missing(_) | Self::Tile(..) | Self::Root(_) => {
                "what is served differs from what was signed: publish it again from the ledger".into()
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Quorum { .. } => Exit::Verdict,
            _ => Exit::Integrity,
        }
    }
}

/// Reading a tree failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeError<E> {
    /// The source could not be asked.
    Source(E),
    /// What it gave is wrong.
    Fault(Fault),
}

impl<E> From<Fault> for TreeError<E> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
