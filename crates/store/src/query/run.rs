//! Runs with what hangs on them.

use model::{RunId, Sha256};

use super::paging::{Filter, all, newest_first, one};
use crate::{
    Result, Store,
    db::{Cells, Value},
    views::{ArtifactView, Page, PageRequest, RunDetail, RunFilter, RunStatus, RunView, StepView},
};

pub(super) const SELECT: &str = "SELECT run, project, status, started, ended, commit_id, branch, tree, dirty, \
    cause, actor, config, steps, passed, failed, cached, idx, finished_idx FROM runs";

pub(super) fn read(cells: &mut Cells) -> Result<RunView> {
    Ok(RunView {
        run: cells.parse()?,
        project: cells.text()?,
        status: cells.known(RunStatus::from_name)?,
        started: cells.time()?,
        ended: cells.maybe_time()?,
        commit: cells.maybe_text()?,
        branch: cells.maybe_text()?,
        tree: cells.parse()?,
        dirty: cells.yes()?,
        trigger: cells.text()?,
        actor: cells.text()?,
        config: cells.parse()?,
        steps: cells.count()?,
        passed: cells.count()?,
        failed: cells.count()?,
        cached: cells.count()?,
        started_index: cells.count()?,
        finished_index: cells.maybe_count()?,
    })
}

fn step(cells: &mut Cells) -> Result<StepView> {
    Ok(StepView {
        position: cells.count()?,
        name: cells.text()?,
        kind: cells.text()?,
        needs: cells.json()?,
        result: cells.text()?,
        cached: cells.yes()?,
        action: cells.maybe_json()?,
        exit_code: cells.maybe_int()?.and_then(|code| i32::try_from(code).ok()),
        message: cells.maybe_text()?,
        started: cells.maybe_time()?,
        ended: cells.maybe_time()?,
        isolation: cells.maybe_text()?,
        log: cells.maybe_json()?,
        tools: cells.json()?,
        attempts: u32::try_from(cells.count()?).unwrap_or(u32::MAX),
        index: cells.count()?,
    })
}

fn artifact(cells: &mut Cells) -> Result<ArtifactView> {
    Ok(ArtifactView {
        digest: cells.parse()?,
        size: cells.count()?,
        path: cells.text()?,
        directory: cells.yes()?,
        project: cells.text()?,
        run: cells.parse()?,
        step: cells.text()?,
        index: cells.count()?,
    })
}

const ARTIFACT: &str = "SELECT digest, size, path, directory, project, run, step, idx FROM artifacts";

impl Store {
    /// Runs, newest first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn runs(&self, filter: &RunFilter, page: &PageRequest) -> Result<Page<RunView>> {
        let mut sql = Filter::default();
        sql.and_maybe("project = $", filter.project.as_ref())
            .and_maybe("status = $", filter.status.map(RunStatus::name))
            .and_maybe("branch = $", filter.branch.as_ref())
            .and_maybe("cause <> $", filter.trigger_not.as_ref());
        if let Some(commit) = &filter.commit {
            // A beginning of a hex text: compared as a range, no pattern characters to escape.
            sql.and("commit_id >= $", commit.to_ascii_lowercase());
            sql.and("commit_id < $", format!("{}g", commit.to_ascii_lowercase()));
        }
        newest_first(&self.db, "runs", SELECT, sql, page, read, |view| view.started_index).await
    }

    /// One run without what hangs on it.
    ///
    /// # Errors
    /// Any database error.
    pub async fn run_summary(&self, run: RunId) -> Result<Option<RunView>> {
        one(&self.db, "runs", format!("{SELECT} WHERE run = $1"), vec![Value::maybe(Some(run))], read).await
    }

    /// One run with everything that hangs on it.
    ///
    /// # Errors
    /// Any database error.
    pub async fn run(&self, id: RunId) -> Result<Option<RunDetail>> {
        let Some(run) = self.run_summary(id).await? else { return Ok(None) };
        Ok(Some(RunDetail {
            run,
            steps: self.steps(id).await?,
            artifacts: self.artifacts_of_run(id).await?,
            statements: self.statements_of_run(id).await?,
            scans: self.scans_of_run(id).await?,
            sboms: self.sboms_of_run(id).await?,
            tests: self.tests_of_run(id).await?,
            traces: self.traces_of_run(id).await?,
            decisions: self.decisions_of_run(id).await?,
            deployments: self.deployments_of_run(id).await?,
        }))
    }

    /// Where an artifact with this digest was made (more than once when builds agree), oldest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn artifact(&self, digest: Sha256) -> Result<Vec<ArtifactView>> {
        let sql = format!("{ARTIFACT} WHERE digest = $1 ORDER BY idx, run, step, path");
        all(&self.db, "artifacts", sql, vec![digest.into()], artifact).await
    }

    async fn artifacts_of_run(&self, run: RunId) -> Result<Vec<ArtifactView>> {
        let sql = format!("{ARTIFACT} WHERE run = $1 ORDER BY step, path");
        all(&self.db, "artifacts", sql, vec![Value::maybe(Some(run))], artifact).await
    }

    async fn steps(&self, run: RunId) -> Result<Vec<StepView>> {
        let sql = "SELECT position, name, kind, needs, result, cached, action, exit_code, message, started, ended, \
            isolation, log, tools, attempts, idx FROM steps WHERE run = $1 ORDER BY position";
        all(&self.db, "steps", sql.to_owned(), vec![Value::maybe(Some(run))], step).await
    }
}
