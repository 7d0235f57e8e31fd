//! Ledger entries and bills of materials.
use crate::{Result, Store, views::*};
use model::{RunId, Sha256};
/// Which ledger entries are wanted; absent fields do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StatementFilter {
    /// Project name.
    #[serde(default)]
    pub project: Option<String>,
    /// Run.
    #[serde(default)]
    pub run: Option<RunId>,
    /// Short word of the predicate type, as in [`StatementView::kind`].
    #[serde(default)]
    pub kind: Option<String>,
}
impl Store {
    /// Ledger entries, newest first.
    pub async fn statements(
        &self,
        filter: &StatementFilter,
        page: &PageRequest,
    ) -> Result<Page<StatementView>> {
        todo!()
    }
    /// The entry at this index.
    pub async fn statement(&self, index: u64) -> Result<Option<StatementView>> {
        todo!()
    }
    /// The entry with this envelope digest (the first, should there be several).
    pub async fn statement_by_envelope(&self, envelope: Sha256) -> Result<Option<StatementView>> {
        todo!()
    }
    /// Entries with a subject that has this digest (any algorithm, lower-case hex), oldest first, at most 1,000.
    pub async fn statements_about(&self, digest: &str) -> Result<Vec<StatementView>> {
        todo!()
    }
    /// Bills of materials, newest first.
    pub async fn sboms(&self, project: Option<&str>, page: &PageRequest) -> Result<Page<SbomView>> {
        todo!()
    }
    /// The bill of materials at this ledger index.
    pub async fn sbom(&self, index: u64) -> Result<Option<SbomView>> {
        todo!()
    }
    /// Components of one bill of materials in its order; `text` filters name and package URL.
    pub async fn components(
        &self,
        sbom: u64,
        text: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<ComponentView>> {
        todo!()
    }
    /// Bills of materials that have a component with this package URL (version optional), newest first.
    pub async fn sboms_with(&self, purl: &str, page: &PageRequest) -> Result<Page<SbomView>> {
        todo!()
    }
}
