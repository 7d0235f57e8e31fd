//! What can go wrong with a ledger.

use std::{
    io,
    path::{Path, PathBuf},
};

use model::{Exit, UserError};

use crate::signer::SignerError;

/// Any failure of the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// No space, quota or file-size limit; nothing was recorded.
    #[error("no space left for the ledger at {0}; nothing was recorded")]
    DiskFull(PathBuf),
    /// Another failure of the operating system.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// A stored piece was changed.
    #[error("{what} is damaged: {why}")]
    Damaged {
        /// Which piece: a file, or a record with its place.
        what: String,
        /// What does not fit.
        why: String,
    },
    /// The checkpoint was signed by other keys than those of the signer.
    #[error("the ledger belongs to the log {ledger}, but the signer's keys are those of {signer}")]
    ForeignKeys {
        /// Origin of the checkpoint on disk.
        ledger: String,
        /// Origin of the signer.
        signer: String,
    },
    /// The signer remembers a longer ledger than this one.
    #[error("the ledger has {have} entries, but a checkpoint over {signed} was signed: it was rolled back")]
    RolledBack {
        /// Entries on disk.
        have: u64,
        /// Entries of the signer's last checkpoint.
        signed: u64,
    },
    /// A statement that cannot be recorded.
    #[error("the statement cannot be recorded: {0}")]
    Statement(String),
    /// No such entry.
    #[error("there is no entry {index}; the ledger has {size}")]
    NoEntry {
        /// Asked for.
        index: u64,
        /// Entries there are.
        size: u64,
    },
    /// The content of the entry was removed, as another entry says.
    #[error("the content of entry {index} was removed; entry {by} says why")]
    Removed {
        /// Asked for.
        index: u64,
        /// Entry with the removal.
        by: u64,
    },
    /// The content of the entry is gone, and the entry that should say why does not.
    #[error("the content of entry {index} is gone, and entry {by} does not say that it was removed")]
    RemovedUnexplained {
        /// Asked for.
        index: u64,
        /// Entry that should say why.
        by: u64,
    },
    /// The entry is durable, but no checkpoint covers it yet.
    #[error("entry {0} is not covered by a signed checkpoint yet")]
    NotCheckpointed(u64),
    /// The folder cannot be written by this user.
    #[error("the ledger at {0} was opened read-only")]
    ReadOnly(PathBuf),
    /// The signer.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

impl LedgerError {
    /// Sorts an IO error of `path`.
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull(path.to_owned())
            }
            _ => Self::Io(path.to_owned(), error),
        }
    }

    pub(super) fn damaged(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Damaged { what: what.into(), why: why.into() }
    }
}

impl UserError for LedgerError {
    fn code(&self) -> &'static str {
        match self {
            Self::DiskFull(_) => "ledger-disk-full",
            Self::Io(..) => "ledger-io",
            Self::Damaged { .. } => "ledger-damaged",
            Self::ForeignKeys { .. } => "ledger-foreign-keys",
            Self::RolledBack { .. } => "ledger-rolled-back",
            Self::Statement(_) => "ledger-statement",
            Self::NoEntry { .. } => "ledger-no-entry",
            Self::Removed { .. } => "ledger-removed",
            Self::RemovedUnexplained { .. } => "ledger-removed-unexplained",
            Self::NotCheckpointed(_) => "ledger-not-checkpointed",
            Self::ReadOnly(_) => "ledger-read-only",
            Self::Signer(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::DiskFull(_) => "free some space and run the command again".into(),
            Self::Damaged { .. } => "run `proofhouse ledger verify` to see everything that is damaged".into(),
            Self::ForeignKeys { .. } => "restore the ledger and keys folders from the same backup".into(),
            Self::RolledBack { .. } => "restore the ledger and keys folders from the same backup; where the \
                signer is shared: it signs for one ledger, and this is another"
                .into(),
            Self::Removed { by, .. } => format!("see `proofhouse ledger show {by}`"),
            Self::NotCheckpointed(_) => "any command that writes to the ledger signs one".into(),
            Self::Signer(error) => return error.hint(),
            _ => return None,
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Damaged { .. } | Self::ForeignKeys { .. } | Self::RolledBack { .. } => Exit::Integrity,
            Self::RemovedUnexplained { .. } => Exit::Integrity,
            Self::Statement(_) | Self::NoEntry { .. } | Self::Removed { .. } => Exit::Input,
            Self::Signer(error) => error.exit(),
            _ => Exit::Environment,
        }
    }
}
