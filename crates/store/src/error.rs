//! What can go wrong with a database, as codes a user can act on.

use model::{Exit, Sha256, UserError};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database that is known here.
    #[error("not a database URL: {0}")]
    BadUrl(String),
    /// The database does not answer.
    #[error("the database cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    /// Another process holds it.
    #[error("the database is locked by another process")]
    Locked(#[source] sqlx::Error),
    /// It was written by a newer version.
    #[error("the database has schema version {found}, this program knows up to {known}")]
    Newer {
        /// Version in the database.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// No space left.
    #[error("the disk of the database is full")]
    DiskFull(#[source] sqlx::Error),
    /// The file is not a database, or damaged.
    #[error("the database is damaged")]
    Damaged(#[source] sqlx::Error),
    /// A row does not have the form this program writes.
    #[error("table {table}: {what}")]
    BadRow {
        /// Table.
        table: &'static str,
        /// What is wrong.
        what: String,
    },
    /// A statement before this one was not projected.
    #[error("statement {found} was given, but {expected} is the next one to project")]
    Gap {
        /// Next index of the projection.
        expected: u64,
        /// Index that was given.
        found: u64,
    },
    /// It was filled before the program counted what statements show.
    #[error("the database does not have what reports count: it was filled by an older version")]
    Uncounted,
    /// A blob that a statement names cannot be read.
    #[error("blob {digest} of statement {index} cannot be read")]
    Blob {
        /// Ledger index.
        index: u64,
        /// Blob.
        digest: Sha256,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The ledger could not be read while rebuilding.
    #[error("the ledger cannot be read")]
    Ledger(#[source] std::io::Error),
    /// A page marker that was not made here.
    #[error("not a page marker: {0}")]
    BadCursor(String),
    /// File system.
    #[error("{path}: {source}")]
    Io {
        /// What was touched.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Any other answer of the database.
    #[error("the database refused a command")]
    Database(#[source] sqlx::Error),
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

impl UserError for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::BadUrl(_) => "database-url",
            Self::Unreachable(_) => "database-unreachable",
            Self::Locked(_) => "database-locked",
            Self::Newer { .. } => "database-newer",
            Self::DiskFull(_) => "database-disk-full",
            Self::Damaged(_) => "database-damaged",
            Self::BadRow { .. } => "database-row",
            Self::Gap { .. } => "projection-gap",
            Self::Uncounted => "projection-uncounted",
            Self::Blob { .. } => "projection-blob",
            Self::Ledger(_) => "projection-ledger",
            Self::BadCursor(_) => "page-marker",
            Self::Io { source, .. } if is_full(source) => "database-disk-full",
            Self::Io { .. } => "store-io",
            Self::Database(_) => "database-refused",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::BadUrl(_) => "use sqlite:/path/db.sqlite or postgres://user@host/database".into(),
            Self::Unreachable(_) => "check that it runs and that the address and password are right".into(),
            Self::Locked(_) => "wait for the other command to end, or find who holds the file".into(),
            Self::Newer { .. } => "use the newer program, or rebuild into an empty database".into(),
            Self::DiskFull(_) => "free some space; nothing that was acknowledged is lost".into(),
            Self::Damaged(_) | Self::BadRow { .. } => {
                "the ledger is untouched: move the database away and run `proofhouse ledger rebuild`".into()
            }
            Self::Gap { .. } | Self::Uncounted => "run `proofhouse ledger rebuild`".into(),
            Self::Blob { .. } => "restore the blob from a backup; its name is its SHA-256".into(),
            Self::BadCursor(_) => "start again from the first page".into(),
            Self::Io { source, .. } if is_full(source) => {
                "free some space; nothing that was acknowledged is lost".into()
            }
            Self::Io { .. } => "check the owner and mode of that path and its file system".into(),
            Self::Ledger(_) | Self::Database(_) => return None,
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::BadUrl(_) | Self::BadCursor(_) => Exit::Input,
            Self::Damaged(_) | Self::BadRow { .. } | Self::Blob { .. } | Self::Gap { .. } => Exit::Integrity,
            _ => Exit::Environment,
        }
    }
}
