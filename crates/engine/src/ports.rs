//! What the engine needs of a database: to be told, and to be asked where to look in the ledger.
//!
//! Answers are hints. Whatever decides something is read from the ledger and verified there.

use std::collections::BTreeMap;

use model::{
    Problem, RunId, Sha256, Timestamp,
    ports::{Blobs, LoggedStatement},
    practice::Practice,
    predicate::ReviewKind,
};

/// Tables that are computed from the ledger.
pub trait Projection: Send + Sync {
    /// Index of the first statement that is not projected yet.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn next_index(&self) -> Result<u64, Problem>;

    /// Projects statements, in the order of the ledger.
    ///
    /// # Errors
    /// Nothing of them is projected then.
    fn project(&self, statements: &[LoggedStatement], blobs: &dyn Blobs) -> Result<(), Problem>;

    /// The newest finished run of a project, of those that passed when `passed` is set and of one
    /// commit when that is given, with the ledger index of its first statement. A wrapped command is none:
    /// it is meant only where it is named.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn latest_run(
        &self,
        project: &str,
        passed: bool,
        commit: Option<&str>,
    ) -> Result<Option<(RunId, u64)>, Problem>;

    /// Ledger index of the first statement of a run.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn run_start(&self, run: RunId) -> Result<Option<u64>, Problem>;

    /// The run that made an artifact, newest first.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn makers(&self, artifact: Sha256) -> Result<Vec<RunId>, Problem>;

    /// Ledger indices of statements about an artifact, oldest first; not all where they are very many.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn about(&self, artifact: Sha256) -> Result<Vec<u64>, Problem>;

    /// Ledger indices of a project's exceptions.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn exceptions(&self, project: &str) -> Result<Vec<u64>, Problem>;

    /// Ledger indices of the newest judgement of each finding of a project, oldest first.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn judgements(&self, project: &str) -> Result<Vec<u64>, Problem>;

    /// Ledger index of the deployment that is active in an environment.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn current_deployment(&self, project: &str, environment: &str) -> Result<Option<u64>, Problem>;

    /// Ledger indices of release reviews, of one project and environment where they are given.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn release_reviews(&self, project: Option<&str>, environment: Option<&str>) -> Result<Vec<u64>, Problem>;

    /// Ledger indices of the newest periodic reviews of a kind.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn reviews(&self, kind: ReviewKind) -> Result<Vec<u64>, Problem>;

    /// Ledger indices of what was said about a review, by its envelope digest.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn review_answers(&self, review: Sha256) -> Result<Vec<u64>, Problem>;

    /// How the organisation worked from one moment to another.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn practice(&self, from: Timestamp, now: Timestamp) -> Result<Practice, Problem>;

    /// When each account last signed in.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn last_sign_ins(&self) -> Result<BTreeMap<String, Timestamp>, Problem>;

    /// Ledger index of the organisation's file that holds now.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn organisation(&self) -> Result<Option<u64>, Problem>;

    /// Ledger indices of the statements about keys, oldest first.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn key_events(&self) -> Result<Vec<u64>, Problem>;

    /// Ledger indices of the statements of a kind, by its short word, oldest first.
    ///
    /// # Errors
    /// The database cannot be reached.
    fn of_kind(&self, kind: &str) -> Result<Vec<u64>, Problem>;
}
