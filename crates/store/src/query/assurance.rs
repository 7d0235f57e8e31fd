//! Scans, tests, traces, decisions, exceptions, advisory feeds.

use model::{RunId, Sha256, Timestamp, evidence::Outcome};

use super::paging::{Filter, all, newest_first, one};
use crate::{
    Result, Store,
    db::{Cells, Value},
    views::{
        DecisionFilter, DecisionView, ExceptionFilter, ExceptionView, FeedView, Page, PageRequest, ScanView,
        TestView, TraceView,
    },
};

const SCAN: &str = "SELECT idx, envelope, project, run, deployment, tool, technique, target, stream, commit_id, \
    findings, by_severity, blob, coverage, complete, origin, started, ended, changes, open, manual \
    FROM scans";

fn scan(cells: &mut Cells) -> Result<ScanView> {
    Ok(ScanView {
        index: cells.count()?,
        envelope: cells.parse()?,
        project: cells.text()?,
        run: cells.maybe_parse()?,
        deployment: cells.maybe_parse()?,
        tool: cells.json()?,
        technique: cells.named()?,
        target: cells.text()?,
        stream: cells.count()?,
        commit: cells.maybe_text()?,
        findings: cells.count()?,
        by_severity: cells.json()?,
        blob: cells.json()?,
        coverage: cells.json()?,
        complete: cells.yes()?,
        origin: cells.json()?,
        started: cells.time()?,
        ended: cells.time()?,
        changes: cells.json()?,
        open: cells.json()?,
        manual: cells.maybe_json()?,
    })
}

const TEST: &str = "SELECT idx, envelope, project, run, step, result, passed, warned, failed, failed_tests, \
    finished, coverage FROM test_results";

fn test(cells: &mut Cells) -> Result<TestView> {
    Ok(TestView {
        index: cells.count()?,
        envelope: cells.parse()?,
        project: cells.text()?,
        run: cells.parse()?,
        step: cells.maybe_text()?,
        result: cells.text()?,
        passed: cells.count()?,
        warned: cells.count()?,
        failed: cells.count()?,
        failed_tests: cells.json()?,
        finished: cells.time()?,
        coverage: cells.maybe_json()?,
    })
}

const TRACE: &str =
    "SELECT idx, envelope, project, run, step, processes, network, files, dropped FROM traces";

fn trace(cells: &mut Cells) -> Result<TraceView> {
    Ok(TraceView {
        index: cells.count()?,
        envelope: cells.parse()?,
        project: cells.text()?,
        run: cells.parse()?,
        step: cells.maybe_text()?,
        processes: cells.count()?,
        network: cells.json()?,
        files: cells.count()?,
        dropped: cells.count()?,
    })
}

const DECISION: &str = "SELECT idx, envelope, project, environment, run, at, outcome, subjects, levels, inputs, \
    verdict FROM decisions";

fn decision(cells: &mut Cells) -> Result<DecisionView> {
    Ok(DecisionView {
        index: cells.count()?,
        envelope: cells.parse()?,
        project: cells.text()?,
        environment: cells.text()?,
        run: cells.maybe_parse()?,
        at: cells.time()?,
        outcome: cells.named()?,
        subjects: cells.json()?,
        levels: cells.json()?,
        inputs: cells.json()?,
        verdict: cells.json()?,
    })
}

const EXCEPTION: &str = "SELECT idx, envelope, project, finding, rule, environment, reason, accepted_by, at, \
    expires FROM exceptions";

fn exception(cells: &mut Cells) -> Result<ExceptionView> {
    Ok(ExceptionView {
        index: cells.count()?,
        envelope: cells.parse()?,
        project: cells.text()?,
        finding: cells.maybe_parse()?.map(model::FindingId),
        rule: cells.maybe_text()?,
        environment: cells.maybe_text()?,
        reason: cells.text()?,
        by: cells.text()?,
        at: cells.time()?,
        expires: cells.time()?,
    })
}

fn feed(cells: &mut Cells) -> Result<FeedView> {
    Ok(FeedView {
        index: cells.count()?,
        feed: cells.text()?,
        as_of: cells.time()?,
        imported: cells.time()?,
        advisories: cells.count()?,
        refused: cells.count()?,
        actor: cells.text()?,
        digest: cells.maybe_parse()?,
    })
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Warn => "warn",
        Outcome::Deny => "deny",
    }
}

fn of_run(run: RunId) -> Vec<Value> {
    vec![Value::maybe(Some(run))]
}

impl Store {
    /// Scans, newest first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn scans(&self, project: Option<&str>, page: &PageRequest) -> Result<Page<ScanView>> {
        let mut filter = Filter::default();
        filter.and_maybe("project = $", project);
        newest_first(&self.db, "scans", SCAN, filter, page, scan, |view| view.index).await
    }

    /// The scan at this ledger index.
    ///
    /// # Errors
    /// Any database error.
    pub async fn scan(&self, index: u64) -> Result<Option<ScanView>> {
        one(&self.db, "scans", format!("{SCAN} WHERE idx = $1"), vec![index.into()], scan).await
    }

    /// Decisions, newest first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn decisions(
        &self,
        project: Option<&str>,
        environment: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<DecisionView>> {
        let wanted = DecisionFilter {
            project: project.map(str::to_owned),
            environment: environment.map(str::to_owned),
            ..DecisionFilter::default()
        };
        self.decisions_where(&wanted, page).await
    }

    /// Decisions that a filter lets through, newest first.
    ///
    /// # Errors
    /// As [`Store::decisions`].
    pub async fn decisions_where(
        &self,
        wanted: &DecisionFilter,
        page: &PageRequest,
    ) -> Result<Page<DecisionView>> {
        let mut filter = Filter::default();
        filter
            .and_maybe("project = $", wanted.project.as_ref())
            .and_maybe("environment = $", wanted.environment.as_ref())
            .and_maybe("outcome = $", wanted.outcome.map(outcome_name))
            .and_maybe("at >= $", wanted.from.map(Value::time))
            .and_maybe("at < $", wanted.before.map(Value::time))
            .among("project", wanted.projects.as_deref());
        newest_first(&self.db, "decisions", DECISION, filter, page, decision, |view| view.index).await
    }

    /// The decision at this ledger index.
    ///
    /// # Errors
    /// Any database error.
    pub async fn decision(&self, index: u64) -> Result<Option<DecisionView>> {
        one(&self.db, "decisions", format!("{DECISION} WHERE idx = $1"), vec![index.into()], decision).await
    }

    /// The decision with this envelope digest.
    ///
    /// # Errors
    /// Any database error.
    pub async fn decision_by_envelope(&self, envelope: Sha256) -> Result<Option<DecisionView>> {
        let sql = format!("{DECISION} WHERE envelope = $1 ORDER BY idx LIMIT 1");
        one(&self.db, "decisions", sql, vec![envelope.into()], decision).await
    }

    /// Ledger indices of scans that may say something about a run, oldest first and at most 1,000 of the newest: its
    /// own, those of its commit, and those of what it built and somebody deployed.
    ///
    /// # Errors
    /// Any database error.
    pub async fn scans_about(&self, project: &str, run: RunId, commit: Option<&str>) -> Result<Vec<u64>> {
        let sql = "SELECT idx FROM scans WHERE project = $1 AND (run = $2 OR commit_id = $3 OR deployment IN \
            (SELECT deployment FROM deployments WHERE run = $2)) ORDER BY idx DESC LIMIT 1000";
        let values = vec![project.into(), Value::maybe(Some(run)), Value::maybe(commit)];
        let mut found = all(&self.db, "scans", sql.to_owned(), values, Cells::count).await?;
        found.reverse();
        Ok(found)
    }

    /// All exceptions ever made, newest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn exceptions(&self, project: Option<&str>) -> Result<Vec<ExceptionView>> {
        let mut filter = Filter::default();
        filter.and_maybe("project = $", project);
        self.exceptions_where(&filter).await
    }

    /// Exceptions that have not ended at `now`, newest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn active_exceptions(
        &self,
        project: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<ExceptionView>> {
        let mut filter = Filter::default();
        filter.and_maybe("project = $", project).and("expires > $", Value::time(now));
        self.exceptions_where(&filter).await
    }

    /// Exceptions by their end, those that end first at the top, at most [`PageRequest::MOST`].
    ///
    /// # Errors
    /// Any database error.
    pub async fn exceptions_by_end(&self, wanted: &ExceptionFilter) -> Result<Vec<ExceptionView>> {
        let mut filter = Filter::default();
        filter
            .and_maybe("project = $", wanted.project.as_ref())
            .and_maybe("expires > $", wanted.after.map(Value::time))
            .and_maybe("expires <= $", wanted.until.map(Value::time))
            .among("project", wanted.projects.as_deref());
        let sql = format!("{EXCEPTION}{} ORDER BY expires, idx LIMIT {}", filter.sql(), PageRequest::MOST);
        all(&self.db, "exceptions", sql, filter.values(), exception).await
    }

    pub(super) async fn exceptions_where(&self, filter: &Filter) -> Result<Vec<ExceptionView>> {
        let sql = format!("{EXCEPTION}{} ORDER BY idx DESC", filter.sql());
        all(&self.db, "exceptions", sql, filter.values(), exception).await
    }

    /// The newest import of every feed, by name.
    ///
    /// # Errors
    /// Any database error.
    pub async fn feeds(&self) -> Result<Vec<FeedView>> {
        let sql =
            "SELECT idx, feed, as_of, imported, advisories, refused, actor, digest FROM feeds ORDER BY feed";
        all(&self.db, "feeds", sql.to_owned(), vec![], feed).await
    }

    pub(super) async fn scans_of_run(&self, run: RunId) -> Result<Vec<ScanView>> {
        all(&self.db, "scans", format!("{SCAN} WHERE run = $1 ORDER BY idx"), of_run(run), scan).await
    }

    pub(super) async fn scans_of_deployment(&self, id: model::DeploymentId) -> Result<Vec<ScanView>> {
        let sql = format!("{SCAN} WHERE deployment = $1 ORDER BY idx");
        all(&self.db, "scans", sql, vec![Value::maybe(Some(id))], scan).await
    }

    pub(super) async fn tests_of_run(&self, run: RunId) -> Result<Vec<TestView>> {
        all(&self.db, "test_results", format!("{TEST} WHERE run = $1 ORDER BY idx"), of_run(run), test).await
    }

    pub(super) async fn traces_of_run(&self, run: RunId) -> Result<Vec<TraceView>> {
        all(&self.db, "traces", format!("{TRACE} WHERE run = $1 ORDER BY idx"), of_run(run), trace).await
    }

    pub(super) async fn decisions_of_run(&self, run: RunId) -> Result<Vec<DecisionView>> {
        let sql = format!("{DECISION} WHERE run = $1 ORDER BY idx");
        all(&self.db, "decisions", sql, of_run(run), decision).await
    }
}
