//! Runs.
use crate::{Result, Store, views::*};
use model::{RunId, Sha256};
impl Store {
    /// Runs, newest first.
    pub async fn runs(&self, filter: &RunFilter, page: &PageRequest) -> Result<Page<RunView>> {
        todo!()
    }
    /// One run without what hangs on it.
    pub async fn run_summary(&self, run: RunId) -> Result<Option<RunView>> {
        todo!()
    }
    /// One run with everything that hangs on it.
    pub async fn run(&self, run: RunId) -> Result<Option<RunDetail>> {
        todo!()
    }
    /// Where an artifact with this digest was made (more than once when builds agree), oldest first.
    pub async fn artifact(&self, digest: Sha256) -> Result<Vec<ArtifactView>> {
        todo!()
    }
}
