//! Scans, decisions, exceptions, feeds.
use crate::{Result, Store, views::*};
use model::{Sha256, Timestamp};
impl Store {
    /// Scans, newest first.
    pub async fn scans(&self, project: Option<&str>, page: &PageRequest) -> Result<Page<ScanView>> {
        todo!()
    }
    /// The scan at this ledger index.
    pub async fn scan(&self, index: u64) -> Result<Option<ScanView>> {
        todo!()
    }
    /// Decisions, newest first.
    pub async fn decisions(
        &self,
        project: Option<&str>,
        environment: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<DecisionView>> {
        todo!()
    }
    /// The decision at this ledger index.
    pub async fn decision(&self, index: u64) -> Result<Option<DecisionView>> {
        todo!()
    }
    /// The decision with this envelope digest.
    pub async fn decision_by_envelope(&self, envelope: Sha256) -> Result<Option<DecisionView>> {
        todo!()
    }
    /// All exceptions ever made, newest first.
    pub async fn exceptions(&self, project: Option<&str>) -> Result<Vec<ExceptionView>> {
        todo!()
    }
    /// Exceptions that have not ended at `now`, newest first.
    pub async fn active_exceptions(
        &self,
        project: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<ExceptionView>> {
        todo!()
    }
    /// The newest import of every feed.
    pub async fn feeds(&self) -> Result<Vec<FeedView>> {
        todo!()
    }
}
