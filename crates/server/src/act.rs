//! What people do on pages that the engine holds against the ledger before it records it.

use govern::catalogue::Ring;
use model::{
    By, Role,
    predicate::{ReviewKind, ReviewVerdict},
    requirement::Date,
};

/// Something that somebody does. Who they are and what they may do was checked; whether it makes sense was not.
#[derive(Clone, Debug)]
pub enum Act {
    /// Generates a periodic review.
    MakeReview {
        /// What is reviewed.
        kind: ReviewKind,
        /// Who shall answer it.
        assigned: Option<String>,
        /// Who makes it.
        by: By,
    },
    /// Says something about a periodic review, or about one point of it.
    AnswerReview {
        /// Ledger index of the review.
        review: u64,
        /// Point; absent: the review as a whole.
        point: Option<String>,
        /// What is said.
        verdict: ReviewVerdict,
        /// Role that it is said for.
        role: Option<Role>,
        /// In words; the name for an assignment.
        text: String,
        /// Who says it.
        by: By,
    },
    /// Scores a technology, or votes for a ring.
    Assess {
        /// Its name.
        technology: String,
        /// The score or vote.
        opinion: Opinion,
        /// In words.
        comment: Option<String>,
        /// Who thinks so.
        by: By,
    },
    /// Signs an entry of the technology catalogue, or refuses it.
    SignTechnology {
        /// Its name.
        technology: String,
        /// Whether they agree.
        approve: bool,
        /// The role in which they sign.
        role: Role,
        /// Why.
        reason: Option<String>,
        /// Who signs.
        by: By,
    },
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

/// What somebody thinks of a technology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// A score of 1 (poor) to 5 (very good) for a criterion.
    Score(String, u8),
    /// A vote for a ring.
    Vote(Ring),
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
    /// Files that show it: what somebody calls each, and its content. At most [`MOST_FILES`].
    pub files: Vec<(String, Vec<u8>)>,
    /// Who enters it.
    pub by: By,
}

/// Most files of one form.
pub const MOST_FILES: usize = 20;
