//! Findings.
use crate::{Result, Store, views::*};
use model::{FindingId, Timestamp};
impl Store {
    /// Findings, worst first, then by stream and identity.
    pub async fn findings(&self, filter: &FindingFilter, page: &PageRequest) -> Result<Page<FindingView>> {
        todo!()
    }
    /// How many findings match, by severity, status, technique and scanner.
    pub async fn finding_counts(&self, filter: &FindingFilter) -> Result<FindingCounts> {
        todo!()
    }
    /// One finding with its history. `stream` picks among several with the same identity.
    pub async fn finding(
        &self,
        project: &str,
        id: FindingId,
        stream: Option<u64>,
    ) -> Result<Option<FindingDetail>> {
        todo!()
    }
    /// Findings whose identity begins with these hex digits (as people type them), at most `most`.
    pub async fn findings_by_prefix(&self, hex: &str, most: u32) -> Result<Vec<FindingView>> {
        todo!()
    }
    /// Open findings at the end of each of the last `days` days (UTC), oldest first.
    pub async fn trend(&self, project: Option<&str>, days: u32, today: Timestamp) -> Result<Vec<TrendPoint>> {
        todo!()
    }
}
