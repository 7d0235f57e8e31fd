//! The findings of one scan as a blob: one JSON [`model::Finding`] per line, sorted by id.
//!
//! Sorted, because then the same findings are the same bytes whatever order a scanner printed them
//! in, and two scans can be compared line by line. A million findings do not fit into memory: they
//! are sorted in chunks, spilled to temporary files (deleted by the system when closed) and merged.

mod chunk;
mod merge;
mod read;
mod write;

pub use read::BlobReader;
pub use write::BlobWriter;

use std::io;

use model::{Exit, UserError};

/// Most bytes of one line. A clean finding is far below: its texts are bounded.
pub const LONGEST_LINE: usize = 256 << 10;

/// A findings blob cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The bytes cannot be read, or no longer match their digest.
    #[error("the findings cannot be read")]
    Unreadable(#[source] io::Error),
    /// A line is no finding.
    #[error("line {line} of the findings is damaged: {reason}")]
    Damaged {
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

impl UserError for BlobError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "findings-unreadable",
            Self::Damaged { .. } => "findings-damaged",
        }
    }

    fn hint(&self) -> Option<String> {
        Some("import the report again; the damaged blob is kept for inspection".into())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Unreadable(error) if error.kind() != io::ErrorKind::InvalidData => Exit::Environment,
            _ => Exit::Integrity,
        }
    }
}
