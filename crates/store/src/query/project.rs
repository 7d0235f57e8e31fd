//! Projects with their summaries.

use std::collections::BTreeMap;

use model::{BySeverity, Severity};

use super::{add_severity, paging::all};
use crate::{
    Result, Store,
    db::Value,
    views::{EnvironmentView, ProjectView, RunView},
};

impl Store {
    /// All projects by name, each with its summary.
    ///
    /// # Errors
    /// Any database error.
    pub async fn projects(&self) -> Result<Vec<ProjectView>> {
        self.summaries(None).await
    }

    /// One project with its summary.
    ///
    /// # Errors
    /// Any database error.
    pub async fn project_summary(&self, name: &str) -> Result<Option<ProjectView>> {
        Ok(self.summaries(Some(name)).await?.pop())
    }

    async fn summaries(&self, name: Option<&str>) -> Result<Vec<ProjectView>> {
        let sql = format!("SELECT name, idx FROM projects{} ORDER BY name", only("name", name));
        let values = || name.map(Value::from).into_iter().collect::<Vec<_>>();
        let names =
            all(&self.db, "projects", sql, values(), |cells| Ok((cells.text()?, cells.count()?))).await?;
        let mut counts = self.run_counts(name).await?;
        let mut newest = self.newest_runs(name).await?;
        let mut open = self.open_findings(name).await?;
        let mut environments: BTreeMap<String, Vec<EnvironmentView>> = BTreeMap::new();
        for environment in self.environments(name).await? {
            environments.entry(environment.project.clone()).or_default().push(environment);
        }
        let view = |(name, first_index): (String, u64)| ProjectView {
            first_index,
            runs: counts.remove(&name).unwrap_or(0),
            last_run: newest.remove(&name),
            open: open.remove(&name).unwrap_or_default(),
            environments: environments.remove(&name).unwrap_or_default(),
            name,
        };
        Ok(names.into_iter().map(view).collect())
    }

    async fn run_counts(&self, name: Option<&str>) -> Result<BTreeMap<String, u64>> {
        let sql = format!("SELECT project, COUNT(*) FROM runs{} GROUP BY project", only("project", name));
        let values = name.map(Value::from).into_iter().collect();
        let rows = all(&self.db, "runs", sql, values, |cells| Ok((cells.text()?, cells.count()?))).await?;
        Ok(rows.into_iter().collect())
    }

    async fn newest_runs(&self, name: Option<&str>) -> Result<BTreeMap<String, RunView>> {
        let sql = format!(
            "{} WHERE idx IN (SELECT MAX(idx) FROM runs{} GROUP BY project)",
            super::run::SELECT,
            only("project", name)
        );
        let values = name.map(Value::from).into_iter().collect();
        let runs = all(&self.db, "runs", sql, values, super::run::read).await?;
        Ok(runs.into_iter().map(|run| (run.project.clone(), run)).collect())
    }

    async fn open_findings(&self, name: Option<&str>) -> Result<BTreeMap<String, BySeverity>> {
        let sum = |severity: Severity| format!("CAST(SUM({severity}) AS BIGINT)");
        let sums = Severity::ALL.map(sum).join(", ");
        let sql = format!("SELECT project, {sums} FROM health{} GROUP BY project", only("project", name));
        let values = name.map(Value::from).into_iter().collect();
        let rows = all(&self.db, "health", sql, values, |cells| {
            let mut open = BySeverity::default();
            let project = cells.text()?;
            for severity in Severity::ALL {
                add_severity(&mut open, severity as i64, cells.count()?);
            }
            Ok((project, open))
        });
        Ok(rows.await?.into_iter().collect())
    }
}

fn only(column: &str, name: Option<&str>) -> String {
    name.map(|_| format!(" WHERE {column} = $1")).unwrap_or_default()
}
