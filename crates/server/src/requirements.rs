//! Security requirements of a project, as the installation hands them to the page.

use govern::requirements::Standing;
use model::{RunId, Timestamp, predicate::RequirementTests, requirement::Requirement};

/// What the newest finished run of a project says.
#[derive(Clone, Debug)]
pub struct Demanded {
    /// The run.
    pub run: RunId,
    /// Ledger index of its end.
    pub index: u64,
    /// Its commit.
    pub commit: Option<String>,
    /// Why the requirements cannot be shown, when that is so.
    pub unreadable: Option<String>,
    /// Each requirement, in the order of their numbers.
    pub rows: Vec<Demand>,
    /// The moment up to which it was judged.
    pub at: Timestamp,
}

/// One requirement.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Its id.
    pub id: String,
    /// As the project's file has it.
    pub requirement: Requirement,
    /// How far it is.
    pub standing: Standing,
    /// Tests that name it.
    pub tests: RequirementTests,
    /// Ledger indices of what says so.
    pub evidence: Vec<u64>,
}
