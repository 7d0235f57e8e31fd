//! Deployments, receipts and environments.

use std::collections::BTreeMap;

use model::{DeploymentId, RunId};

use super::paging::{Filter, all, newest_first, one};
use crate::{
    Result, Store,
    db::{Cells, Value},
    views::{
        DeploymentDetail, DeploymentFilter, DeploymentView, EnvironmentView, Page, PageRequest, ReceiptView,
    },
};

const SELECT: &str = "SELECT deployment, idx, envelope, project, environment, driver, run, artifact, digest, \
    decision, previous, actor, started, ended, result, stages, health, address, variables FROM deployments";

fn read(cells: &mut Cells) -> Result<DeploymentView> {
    Ok(DeploymentView {
        deployment: cells.parse()?,
        index: cells.count()?,
        envelope: cells.parse()?,
        project: cells.text()?,
        environment: cells.text()?,
        driver: cells.text()?,
        run: cells.maybe_parse()?,
        artifact: cells.text()?,
        digest: cells.parse()?,
        decision: cells.parse()?,
        previous: cells.maybe_parse()?,
        actor: cells.text()?,
        started: cells.time()?,
        ended: cells.time()?,
        result: cells.named()?,
        stages: cells.json()?,
        health: cells.maybe_json()?,
        address: cells.maybe_text()?,
        variables: cells.json()?,
    })
}

fn receipt(cells: &mut Cells) -> Result<ReceiptView> {
    Ok(ReceiptView {
        index: cells.count()?,
        envelope: cells.parse()?,
        deployment: cells.parse()?,
        project: cells.text()?,
        environment: cells.text()?,
        phase: cells.named()?,
        checks: cells.json()?,
        at: cells.time()?,
    })
}

impl Store {
    /// Deployments, newest first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn deployments(
        &self,
        project: Option<&str>,
        environment: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<DeploymentView>> {
        let wanted = DeploymentFilter {
            project: project.map(str::to_owned),
            environment: environment.map(str::to_owned),
            ..DeploymentFilter::default()
        };
        self.deployments_where(&wanted, page).await
    }

    /// Deployments that a filter lets through, newest first.
    ///
    /// # Errors
    /// As [`Store::deployments`].
    pub async fn deployments_where(
        &self,
        wanted: &DeploymentFilter,
        page: &PageRequest,
    ) -> Result<Page<DeploymentView>> {
        let mut filter = Filter::default();
        filter
            .and_maybe("project = $", wanted.project.as_ref())
            .and_maybe("environment = $", wanted.environment.as_ref())
            .and_maybe("ended >= $", wanted.from.map(Value::time))
            .and_maybe("ended < $", wanted.before.map(Value::time))
            .among("project", wanted.projects.as_deref());
        // Names are ours, never text from outside.
        if !wanted.results.is_empty() {
            let names: Vec<_> = wanted.results.iter().map(|result| format!("'{}'", result.name())).collect();
            filter.plain(format!("result IN ({})", names.join(", ")));
        }
        newest_first(&self.db, "deployments", SELECT, filter, page, read, |view| view.index).await
    }

    /// One deployment with decision, receipts and scans.
    ///
    /// # Errors
    /// Any database error.
    pub async fn deployment(&self, id: DeploymentId) -> Result<Option<DeploymentDetail>> {
        let sql = format!("{SELECT} WHERE deployment = $1");
        let found = one(&self.db, "deployments", sql, vec![Value::maybe(Some(id))], read).await?;
        let Some(deployment) = found else { return Ok(None) };
        let sql = "SELECT idx, envelope, deployment, project, environment, phase, checks, at FROM receipts \
            WHERE deployment = $1 ORDER BY idx";
        let values = vec![Value::maybe(Some(id))];
        Ok(Some(DeploymentDetail {
            decision: self.decision_by_envelope(deployment.decision).await?,
            receipts: all(&self.db, "receipts", sql.to_owned(), values, receipt).await?,
            scans: self.scans_of_deployment(id).await?,
            deployment,
        }))
    }

    /// Environments by project and name.
    ///
    /// # Errors
    /// Any database error.
    pub async fn environments(&self, project: Option<&str>) -> Result<Vec<EnvironmentView>> {
        let mut filter = Filter::default();
        filter.and_maybe("project = $", project);
        self.environments_where(&filter).await
    }

    /// Environments of these projects, by project and name.
    ///
    /// # Errors
    /// Any database error.
    pub async fn environments_of(&self, projects: &[String]) -> Result<Vec<EnvironmentView>> {
        let mut filter = Filter::default();
        filter.among("project", Some(projects));
        self.environments_where(&filter).await
    }

    /// Who deploys which project, or accepted an exception in it; sorted.
    ///
    /// # Errors
    /// Any database error.
    pub async fn people(&self) -> Result<Vec<(String, String)>> {
        let sql = "SELECT project, actor FROM deployments UNION SELECT project, accepted_by FROM exceptions \
            ORDER BY 1, 2";
        all(&self.db, "deployments", sql.to_owned(), vec![], |cells| Ok((cells.text()?, cells.text()?))).await
    }

    /// One environment.
    ///
    /// # Errors
    /// Any database error.
    pub async fn environment(&self, project: &str, environment: &str) -> Result<Option<EnvironmentView>> {
        let mut filter = Filter::default();
        filter.and("project = $", project).and("environment = $", environment);
        Ok(self.environments_where(&filter).await?.pop())
    }

    pub(super) async fn environments_where(&self, filter: &Filter) -> Result<Vec<EnvironmentView>> {
        let head = "SELECT project, environment, current, last FROM environments";
        let sql = format!("{head}{} ORDER BY project, environment", filter.sql());
        let rows = all(&self.db, "environments", sql, filter.values(), |cells| {
            Ok((cells.text()?, cells.text()?, cells.maybe_parse()?, cells.parse()?))
        });
        let rows: Vec<(String, String, Option<DeploymentId>, DeploymentId)> = rows.await?;
        let named = |column: &str| {
            let ids = format!("SELECT {column} FROM environments{}", filter.sql());
            format!("{SELECT} WHERE deployment IN ({ids})")
        };
        let mut known = BTreeMap::new();
        for sql in [named("current"), named("last")] {
            let found = all(&self.db, "deployments", sql, filter.values(), read).await?;
            known.extend(found.into_iter().map(|view| (view.deployment, view)));
        }
        let view =
            |(project, environment, current, last): (String, String, Option<DeploymentId>, DeploymentId)| {
                let last = known.get(&last).cloned()?;
                let current = current.and_then(|id| known.get(&id).cloned());
                Some(EnvironmentView { project, environment, current, last })
            };
        Ok(rows.into_iter().filter_map(view).collect())
    }

    pub(super) async fn deployments_of_run(&self, run: RunId) -> Result<Vec<DeploymentView>> {
        let sql = format!("{SELECT} WHERE run = $1 ORDER BY idx");
        all(&self.db, "deployments", sql, vec![Value::maybe(Some(run))], read).await
    }
}
