//! What can go wrong while a document is written.

use model::{Exit, UserError};

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The document has more rows, lines or characters than one report may have.
    #[error("the report is too long: more than {limit} {what}")]
    TooLong {
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        limit: usize,
    },
    /// The writer refused, for example because a rule of PDF/UA would be broken.
    #[error("the report cannot be written as PDF: {0}")]
    Write(String),
}

impl UserError for ReportError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "report-too-long",
            Self::Write(_) => "report-not-written",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::TooLong { .. } => {
                Some("narrow it (one project, one catalogue), or export JSON or CSV".into())
            }
            Self::Write(_) => Some("export JSON or CSV instead, and report this as a defect".into()),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::TooLong { .. } => Exit::Input,
            Self::Write(_) => Exit::Environment,
        }
    }
}
