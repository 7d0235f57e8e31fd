//! Deployments and environments.
use crate::{Result, Store, views::*};
use model::DeploymentId;
impl Store {
    /// Deployments, newest first.
    pub async fn deployments(
        &self,
        project: Option<&str>,
        environment: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<DeploymentView>> {
        todo!()
    }
    /// One deployment with decision, receipts and scans.
    pub async fn deployment(&self, id: DeploymentId) -> Result<Option<DeploymentDetail>> {
        todo!()
    }
    /// Environments by project and name.
    pub async fn environments(&self, project: Option<&str>) -> Result<Vec<EnvironmentView>> {
        todo!()
    }
    /// One environment.
    pub async fn environment(&self, project: &str, environment: &str) -> Result<Option<EnvironmentView>> {
        todo!()
    }
}
