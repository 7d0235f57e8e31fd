//! The marks of all projects, counted by a few commands that each read an index once.

use std::collections::BTreeMap;

use model::{
    BySeverity, DeploymentId, RunId, Timestamp,
    facts::{AsOf, EnvironmentFacts, Facts, Mark, Marks, ProjectFacts, RunFacts, Seen},
    predicate::provenance::TRIGGER_WRAPPED,
};

use super::paging::{Filter, all};
use crate::{
    Result, Store, StoreError,
    db::{Cells, Value},
};

/// What is counted of a group of marks.
const COUNTS: &str = "COUNT(*), CAST(SUM(good) AS BIGINT), CAST(SUM(amount) AS BIGINT), MAX(idx), MAX(at), \
    MAX(CASE WHEN good = 1 THEN idx END), MAX(CASE WHEN good = 1 THEN at END)";

fn mark(cells: &mut Cells) -> Result<Mark> {
    let (total, good, amount) = (cells.count()?, cells.count()?, cells.count()?);
    let newest = Seen { index: cells.count()?, at: cells.time()? };
    let newest_good = cells.maybe_count()?.zip(cells.maybe_time()?).map(|(index, at)| Seen { index, at });
    Ok(Mark { total, good, amount, newest, newest_good })
}

/// Statements that count: those of the ledger before `end`, and of one project when one is named.
struct Scope<'a> {
    end: u64,
    project: Option<&'a str>,
}

impl Scope<'_> {
    /// Conditions on a table with these columns.
    fn on(&self, index: &str, project: &str) -> Filter {
        let mut filter = Filter::default();
        filter.and(&format!("{index} < $"), self.end).and_maybe(&format!("{project} = $"), self.project);
        filter
    }
}

impl Store {
    /// What the ledger covers, of all projects or one; see [`model::facts`].
    ///
    /// As of an earlier moment only statements count that stand before the first one logged later: the ledger
    /// as it stood. A deployment of which a later statement says more is left out until that one counts.
    ///
    /// # Errors
    /// `projection-uncounted` for a database that an older version filled, and any database error.
    pub async fn facts(&self, at: AsOf, project: Option<&str>) -> Result<Facts> {
        self.counted().await?;
        let scope = Scope { end: self.facts_end(at).await?, project };
        let mut projects = self.fact_projects(&scope).await?;
        let mut organisation = Marks::new();
        for (name, marks) in self.fact_marks(&scope).await? {
            match projects.get_mut(&name) {
                Some(facts) => facts.marks = marks,
                None if name.is_empty() => organisation = marks,
                None => {}
            }
        }
        self.fact_runs(&scope, &mut projects).await?;
        self.fact_environments(&scope, &mut projects).await?;
        self.fact_open(&scope, &mut projects).await?;
        self.fact_exceptions(&scope, at.moment(), &mut projects).await?;
        let projects = projects.into_values().collect();
        let first = self.fact_first(&scope).await?;
        Ok(Facts { moment: at.moment(), statements: scope.end, first, projects, organisation })
    }

    /// Each statement leaves a mark, so the first one has: otherwise it was projected before there were marks,
    /// and a report would say "no data" of what is there.
    async fn counted(&self) -> Result<()> {
        if self.next_index().await? == 0 {
            return Ok(());
        }
        let first = self.db.first("SELECT idx FROM marks WHERE idx = 0", vec![]).await?;
        first.map(drop).ok_or(StoreError::Uncounted)
    }

    async fn facts_end(&self, at: AsOf) -> Result<u64> {
        let AsOf::Then(moment) = at else { return self.next_index().await };
        let later = "SELECT MIN(idx) FROM statements WHERE logged_at > $1";
        let row = self.db.first(later, vec![Value::time(moment)]).await?;
        match row.map(|row| row.cells("statements").maybe_count()).transpose()?.flatten() {
            Some(first_later) => Ok(first_later),
            None => self.next_index().await,
        }
    }

    async fn fact_first(&self, scope: &Scope<'_>) -> Result<Option<Seen>> {
        let sql = "SELECT logged_at FROM statements WHERE idx = 0 AND idx < $1";
        let row = self.db.first(sql, vec![scope.end.into()]).await?;
        row.map(|row| Ok(Seen { index: 0, at: row.cells("statements").time()? })).transpose()
    }

    async fn fact_projects(&self, scope: &Scope<'_>) -> Result<BTreeMap<String, ProjectFacts>> {
        let filter = scope.on("idx", "name");
        let sql = format!("SELECT name FROM projects{} ORDER BY name", filter.sql());
        let names = all(&self.db, "projects", sql, filter.values(), Cells::text).await?;
        let facts = |name: String| (name.clone(), ProjectFacts { name, ..ProjectFacts::default() });
        Ok(names.into_iter().map(facts).collect())
    }

    async fn fact_marks(&self, scope: &Scope<'_>) -> Result<BTreeMap<String, Marks>> {
        let mut filter = Filter::default();
        filter.and("idx < $", scope.end);
        if let Some(project) = scope.project {
            filter.and("project IN ('', $)", project);
        }
        let sql = format!("SELECT project, mark, {COUNTS} FROM marks{} GROUP BY project, mark", filter.sql());
        let read = |cells: &mut Cells| Ok((cells.text()?, cells.text()?, mark(cells)?));
        let mut marks: BTreeMap<String, Marks> = BTreeMap::new();
        for (project, name, mark) in all(&self.db, "marks", sql, filter.values(), read).await? {
            marks.entry(project).or_default().insert(name, mark);
        }
        Ok(marks)
    }

    /// The newest passed run of each project, with the marks of its statements.
    async fn fact_runs(
        &self,
        scope: &Scope<'_>,
        projects: &mut BTreeMap<String, ProjectFacts>,
    ) -> Result<()> {
        let mut filter = scope.on("finished_idx", "project");
        filter.and("cause <> $", TRIGGER_WRAPPED).plain("status = 'passed'");
        let newest = format!("SELECT MAX(finished_idx) FROM runs{} GROUP BY project", filter.sql());
        let sql = format!(
            "SELECT r.project, r.run, s.idx, s.logged_at FROM runs r JOIN statements s ON s.idx = r.finished_idx \
             WHERE r.finished_idx IN ({newest})"
        );
        let read = |cells: &mut Cells| {
            let (project, run) = (cells.text()?, cells.parse::<RunId>()?);
            Ok((project, run, Seen { index: cells.count()?, at: cells.time()? }))
        };
        for (project, run, ended) in all(&self.db, "runs", sql, filter.values(), read).await? {
            if let Some(facts) = projects.get_mut(&project) {
                facts.run = Some(RunFacts { run, ended, marks: Marks::new() });
            }
        }
        let of = format!("SELECT run FROM runs WHERE finished_idx IN ({newest})");
        let sql = format!(
            "SELECT project, mark, {COUNTS} FROM marks WHERE idx < $1 AND run IN ({of}) GROUP BY project, mark"
        );
        let read = |cells: &mut Cells| Ok((cells.text()?, cells.text()?, mark(cells)?));
        for (project, name, mark) in all(&self.db, "marks", sql, filter.values(), read).await? {
            if let Some(run) = projects.get_mut(&project).and_then(|facts| facts.run.as_mut()) {
                run.marks.insert(name, mark);
            }
        }
        Ok(())
    }

    /// What stayed in each environment, with the marks of its deployment.
    async fn fact_environments(
        &self,
        scope: &Scope<'_>,
        projects: &mut BTreeMap<String, ProjectFacts>,
    ) -> Result<()> {
        let mut filter = scope.on("idx", "project");
        filter.plain("result = 'deployed'");
        let newest =
            format!("SELECT MAX(idx) FROM deployments{} GROUP BY project, environment", filter.sql());
        let sql = format!(
            "SELECT d.project, d.environment, d.deployment, s.idx, s.logged_at FROM deployments d \
             JOIN statements s ON s.idx = d.idx WHERE d.idx IN ({newest}) ORDER BY d.project, d.environment"
        );
        let read = |cells: &mut Cells| {
            let (project, name, deployment) = (cells.text()?, cells.text()?, cells.parse::<DeploymentId>()?);
            let recorded = Seen { index: cells.count()?, at: cells.time()? };
            Ok((project, EnvironmentFacts { name, deployment, recorded, marks: Marks::new() }))
        };
        for (project, environment) in all(&self.db, "deployments", sql, filter.values(), read).await? {
            if let Some(facts) = projects.get_mut(&project) {
                facts.environments.push(environment);
            }
        }
        let of = format!("SELECT deployment FROM deployments WHERE idx IN ({newest})");
        let sql = format!(
            "SELECT deployment, project, mark, {COUNTS} FROM marks WHERE idx < $1 AND deployment IN ({of}) \
             GROUP BY deployment, project, mark"
        );
        let read = |cells: &mut Cells| {
            Ok((cells.parse::<DeploymentId>()?, cells.text()?, cells.text()?, mark(cells)?))
        };
        for (deployment, project, name, mark) in all(&self.db, "marks", sql, filter.values(), read).await? {
            let environments =
                projects.get_mut(&project).into_iter().flat_map(|facts| &mut facts.environments);
            for environment in environments.filter(|one| one.deployment == deployment) {
                environment.marks.insert(name.clone(), mark);
            }
        }
        Ok(())
    }

    /// Open findings after the newest scan of each stream.
    async fn fact_open(
        &self,
        scope: &Scope<'_>,
        projects: &mut BTreeMap<String, ProjectFacts>,
    ) -> Result<()> {
        let filter = scope.on("idx", "project");
        let newest = format!("SELECT MAX(idx) FROM scans{} GROUP BY stream", filter.sql());
        let sql = format!("SELECT project, open FROM scans WHERE idx IN ({newest})");
        let read = |cells: &mut Cells| Ok((cells.text()?, cells.json::<BySeverity>()?));
        for (project, open) in all(&self.db, "scans", sql, filter.values(), read).await? {
            let Some(facts) = projects.get_mut(&project) else { continue };
            facts.open.critical += open.critical;
            facts.open.high += open.high;
            facts.open.medium += open.medium;
            facts.open.low += open.low;
            facts.open.info += open.info;
        }
        Ok(())
    }

    async fn fact_exceptions(
        &self,
        scope: &Scope<'_>,
        moment: Timestamp,
        projects: &mut BTreeMap<String, ProjectFacts>,
    ) -> Result<()> {
        let mut filter = scope.on("idx", "project");
        filter.and("expires > $", Value::time(moment));
        let sql = format!("SELECT project, COUNT(*) FROM exceptions{} GROUP BY project", filter.sql());
        let read = |cells: &mut Cells| Ok((cells.text()?, cells.count()?));
        for (project, count) in all(&self.db, "exceptions", sql, filter.values(), read).await? {
            if let Some(facts) = projects.get_mut(&project) {
                facts.exceptions = count;
            }
        }
        Ok(())
    }
}
