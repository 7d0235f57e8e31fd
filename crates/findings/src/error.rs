//! Why a report was not taken. Whatever went to the sink before is to be thrown away by the caller.

use std::{fmt, io};

use model::{Exit, UserError};

/// A place in a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// Bytes before it (of the unpacked text).
    pub offset: u64,
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A report could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be read.
    #[error("the report cannot be read")]
    Unreadable(#[source] io::Error),
    /// The sink could not take a finding.
    #[error("the findings cannot be stored")]
    Sink(#[source] io::Error),
    /// Nothing but white space.
    #[error("the report is empty")]
    Empty,
    /// It stops in the middle.
    #[error("the report stops in the middle ({at}): the scanner or the transfer was cut short")]
    Truncated {
        /// End of the text.
        at: At,
    },
    /// It is not what the format says.
    #[error("not a {format} report: {reason} ({at})")]
    WrongFormat {
        /// Expected format.
        format: &'static str,
        /// What is wrong, one phrase.
        reason: String,
        /// Where.
        at: At,
    },
    /// No adapter recognises it.
    #[error("the format of the report is not recognised: {reason}")]
    Unrecognised {
        /// What was seen.
        reason: String,
    },
    /// There is no adapter with this name.
    #[error("there is no report format `{name}`")]
    UnknownFormat {
        /// The name asked for.
        name: String,
    },
    /// More bytes than allowed, in all or in one value.
    #[error("the report is too large: {what} is over {limit} bytes")]
    TooLarge {
        /// `the report`, `one value`, `the table of rules`.
        what: &'static str,
        /// The limit in bytes.
        limit: u64,
    },
    /// Nested deeper than allowed.
    #[error("the report is nested deeper than {limit} levels ({at})")]
    TooDeep {
        /// The limit.
        limit: u32,
        /// Where.
        at: At,
    },
    /// More findings than allowed.
    #[error("the report has more than {limit} findings")]
    TooMany {
        /// The limit.
        limit: u64,
    },
    /// A key twice in one object.
    #[error("the key `{key}` appears twice in one object ({at})")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where the second one is.
        at: At,
    },
    /// Compressed or encoded in a way that is not unpacked here.
    #[error("the report is {kind}, which is not unpacked here")]
    Compressed {
        /// `a zip archive`, `zstd-compressed` …
        kind: &'static str,
    },
    /// Unpacks to far more than it holds.
    #[error("the compressed report unpacks to over {ratio} times its size; that is not a report")]
    Bomb {
        /// The limit.
        ratio: u64,
    },
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl UserError for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "report-unreadable",
            Self::Sink(error) if is_full(error) => "disk-full",
            Self::Sink(_) => "findings-not-stored",
            Self::Empty => "report-empty",
            Self::Truncated { .. } => "report-truncated",
            Self::WrongFormat { .. } => "report-wrong-format",
            Self::Unrecognised { .. } => "report-unrecognised",
            Self::UnknownFormat { .. } => "report-unknown-format",
            Self::TooLarge { .. } => "report-too-large",
            Self::TooDeep { .. } => "report-too-deep",
            Self::TooMany { .. } => "report-too-many-findings",
            Self::DuplicateKey { .. } => "report-duplicate-key",
            Self::Compressed { .. } => "report-compressed",
            Self::Bomb { .. } => "report-bomb",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Empty | Self::Truncated { .. } => {
                "run the scanner again and keep its whole output; look at its messages on stderr".into()
            }
            Self::WrongFormat { .. } | Self::Unrecognised { .. } | Self::UnknownFormat { .. } => {
                format!("formats: {}", crate::formats().join(", "))
            }
            Self::TooLarge { .. } | Self::TooMany { .. } => {
                "narrow the scan to the project's own files, or raise the import limits".into()
            }
            Self::Sink(error) if is_full(error) => "free some space and import it again".into(),
            Self::TooDeep { .. } | Self::DuplicateKey { .. } => {
                "export the report again; a script that merged or rewrote it may have done this".into()
            }
            Self::Unreadable(_) => "check the owner and mode of the file".into(),
            Self::Compressed { .. } => "unpack it first; a plain file or gzip is read directly".into(),
            Self::Bomb { .. } => "unpack it yourself if you trust it, then import the plain file".into(),
            _ => return None,
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Unreadable(_) | Self::Sink(_) => Exit::Environment,
            _ => Exit::Input,
        }
    }
}
