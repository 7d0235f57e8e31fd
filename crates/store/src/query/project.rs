//! Projects with their summaries.

use std::collections::BTreeMap;

use model::{BySeverity, Severity};

use super::{
    add_severity,
    paging::{Filter, all, containing, cut},
};
use crate::{
    Result, Store,
    views::{EnvironmentView, Page, PageRequest, ProjectView, RunView},
};

impl Store {
    /// All projects by name, each with its summary.
    ///
    /// # Errors
    /// Any database error.
    pub async fn projects(&self) -> Result<Vec<ProjectView>> {
        let names = self.named(&Filter::default(), usize::MAX >> 1).await?;
        self.summaries(names, None).await
    }

    /// One project with its summary.
    ///
    /// # Errors
    /// Any database error.
    pub async fn project_summary(&self, name: &str) -> Result<Option<ProjectView>> {
        let mut filter = Filter::default();
        filter.and("name = $", name);
        let names = self.named(&filter, 1).await?;
        Ok(self.summaries(names, Some(&[name.to_owned()])).await?.pop())
    }

    /// A page of the projects with this text in their names, of those in `among` where that is given.
    ///
    /// # Errors
    /// Any database error.
    pub async fn project_page(
        &self,
        text: Option<&str>,
        among: Option<&[String]>,
        page: &PageRequest,
    ) -> Result<Page<ProjectView>> {
        let mut filter = Filter::default();
        filter.and_maybe("LOWER(name) LIKE $ ESCAPE '\\'", text.map(containing));
        filter.and_maybe("name > $", page.after.as_deref()).among("name", among);
        let size = page.size() as usize;
        let names = self.named(&filter, size + 1).await?;
        let names = cut(names, size, |(name, _)| name.clone());
        let only: Vec<String> = names.items.iter().map(|(name, _)| name.clone()).collect();
        Ok(Page { items: self.summaries(names.items, Some(&only)).await?, next: names.next })
    }

    /// Names with the ledger indices of their first statements.
    async fn named(&self, filter: &Filter, most: usize) -> Result<Vec<(String, u64)>> {
        let sql = format!("SELECT name, idx FROM projects{} ORDER BY name LIMIT {most}", filter.sql());
        all(&self.db, "projects", sql, filter.values(), |cells| Ok((cells.text()?, cells.count()?))).await
    }

    /// The summaries of `names`; `only` are the same names, unless they are all that there are.
    async fn summaries(
        &self,
        names: Vec<(String, u64)>,
        only: Option<&[String]>,
    ) -> Result<Vec<ProjectView>> {
        let mut filter = Filter::default();
        filter.among("project", only);
        let mut counts = self.run_counts(&filter).await?;
        let mut newest = self.newest_runs(&filter).await?;
        let mut open = self.open_findings(&filter).await?;
        let mut environments: BTreeMap<String, Vec<EnvironmentView>> = BTreeMap::new();
        for environment in self.environments_where(&filter).await? {
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

    async fn run_counts(&self, filter: &Filter) -> Result<BTreeMap<String, u64>> {
        let sql = format!("SELECT project, COUNT(*) FROM runs{} GROUP BY project", filter.sql());
        let rows =
            all(&self.db, "runs", sql, filter.values(), |cells| Ok((cells.text()?, cells.count()?))).await?;
        Ok(rows.into_iter().collect())
    }

    async fn newest_runs(&self, filter: &Filter) -> Result<BTreeMap<String, RunView>> {
        let sql = format!(
            "{} WHERE idx IN (SELECT MAX(idx) FROM runs{} GROUP BY project)",
            super::run::SELECT,
            filter.sql()
        );
        let runs = all(&self.db, "runs", sql, filter.values(), super::run::read).await?;
        Ok(runs.into_iter().map(|run| (run.project.clone(), run)).collect())
    }

    async fn open_findings(&self, filter: &Filter) -> Result<BTreeMap<String, BySeverity>> {
        let sum = |severity: Severity| format!("CAST(SUM({severity}) AS BIGINT)");
        let sums = Severity::ALL.map(sum).join(", ");
        let sql = format!("SELECT project, {sums} FROM health{} GROUP BY project", filter.sql());
        let rows = all(&self.db, "health", sql, filter.values(), |cells| {
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
