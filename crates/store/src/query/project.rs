//! Projects.
use crate::{Result, Store, views::ProjectView};
impl Store {
    /// All projects by name, each with its summary.
    pub async fn projects(&self) -> Result<Vec<ProjectView>> {
        todo!()
    }
    /// One project.
    pub async fn project_summary(&self, name: &str) -> Result<Option<ProjectView>> {
        todo!()
    }
}
