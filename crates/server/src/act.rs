//! What people do on pages that the engine must look at before it is recorded. What needs no such look is a
//! statement (`Backend::record`).

use model::{By, Role, predicate::ReviewVerdict, requirement::Date};

/// Something that a person does. Whoever asks has made sure that they may.
#[derive(Clone, Debug)]
pub enum Act {
    /// An answer to a release review.
    ReleaseReview {
        /// Ledger index of the review.
        review: u64,
        /// Sign, reject or comment.
        verdict: ReviewVerdict,
        /// Role that they answer for.
        role: Option<Role>,
        /// In words.
        text: String,
        /// Who.
        by: By,
    },
    /// A result of a test by people.
    Result(Box<ManualResult>),
}

/// A report of people about a project.
#[derive(Clone, Debug)]
pub struct ManualResult {
    /// Project; it is known here.
    pub project: String,
    /// The report, byte for byte.
    pub report: Vec<u8>,
    /// Its format (`manual-json`, `manual-csv`, `manual-markdown`, `manual-html`); absent: found out.
    pub format: Option<&'static str>,
    /// Git commit that was tested, where known: 40 or 64 hex digits.
    pub commit: Option<String>,
    /// Name under which the test is repeated; absent: as the report says.
    pub assessment: Option<String>,
    /// Who tested; absent: as the report says.
    pub tester: Option<String>,
    /// Last day of the test; absent: as the report says.
    pub tested: Option<Date>,
    /// What was looked at; empty: as the report says.
    pub scope: Vec<String>,
    /// Who enters it.
    pub by: By,
}
