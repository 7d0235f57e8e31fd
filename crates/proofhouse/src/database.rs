//! The database behind the engine's port.

use std::{collections::BTreeMap, sync::Arc};

use engine::ports::Projection;
use model::{
    Problem, RunId, Sha256, Timestamp,
    ports::{Blobs, LoggedStatement},
    practice::Practice,
    predicate::{ReviewKind, provenance::TRIGGER_WRAPPED},
    problem::erase,
};
use store::{
    Store,
    views::{PageRequest, RunFilter, RunStatus},
};

/// Reviews of one kind that are looked at; older ones decide nothing.
const NEWEST_REVIEWS: u32 = 20;

/// A store, asked from threads that are not async.
pub struct Database {
    store: Arc<Store>,
    runtime: tokio::runtime::Handle,
}

impl Database {
    /// Wraps an open store.
    pub fn new(store: Arc<Store>, runtime: tokio::runtime::Handle) -> Self {
        Self { store, runtime }
    }

    /// Waits for an answer of the store.
    pub fn wait<T>(&self, answer: impl Future<Output = store::Result<T>>) -> Result<T, Problem> {
        self.runtime.block_on(answer).map_err(|e| erase(&e))
    }
}

impl Projection for Database {
    fn next_index(&self) -> Result<u64, Problem> {
        self.wait(self.store.next_index())
    }

    fn project(&self, statements: &[LoggedStatement], blobs: &dyn Blobs) -> Result<(), Problem> {
        self.wait(self.store.project_many(statements, blobs)).map(drop)
    }

    fn latest_run(
        &self,
        project: &str,
        passed: bool,
        commit: Option<&str>,
    ) -> Result<Option<(RunId, u64)>, Problem> {
        let status = passed.then_some(RunStatus::Passed);
        let (project, commit) = (Some(project.to_owned()), commit.map(str::to_owned));
        let trigger_not = Some(TRIGGER_WRAPPED.to_owned());
        let filter = RunFilter { project, status, commit, trigger_not, ..RunFilter::default() };
        let page = self.wait(self.store.runs(&filter, &PageRequest::first(1)))?;
        Ok(page.items.first().map(|run| (run.run, run.started_index)))
    }

    fn run_start(&self, run: RunId) -> Result<Option<u64>, Problem> {
        Ok(self.wait(self.store.run_summary(run))?.map(|run| run.started_index))
    }

    fn makers(&self, artifact: Sha256) -> Result<Vec<RunId>, Problem> {
        Ok(self.wait(self.store.artifact(artifact))?.into_iter().map(|made| made.run).collect())
    }

    fn about(&self, artifact: Sha256) -> Result<Vec<u64>, Problem> {
        let all = self.wait(self.store.statements_about(&artifact.hex()))?;
        Ok(all.into_iter().map(|statement| statement.index).collect())
    }

    fn exceptions(&self, project: &str) -> Result<Vec<u64>, Problem> {
        let all = self.wait(self.store.exceptions(Some(project)))?;
        Ok(all.into_iter().map(|exception| exception.index).collect())
    }

    fn judgements(&self, project: &str) -> Result<Vec<u64>, Problem> {
        self.wait(self.store.judgements(project))
    }

    fn current_deployment(&self, project: &str, environment: &str) -> Result<Option<u64>, Problem> {
        let found = self.wait(self.store.environment(project, environment))?;
        Ok(found.and_then(|environment| environment.current).map(|deployment| deployment.index))
    }

    fn release_reviews(&self, project: Option<&str>, environment: Option<&str>) -> Result<Vec<u64>, Problem> {
        let page = PageRequest::first(PageRequest::MOST);
        let all = self.wait(self.store.release_reviews(project, environment, &page))?;
        Ok(all.items.into_iter().map(|review| review.index).collect())
    }

    fn reviews(&self, kind: ReviewKind) -> Result<Vec<u64>, Problem> {
        let page = self.wait(self.store.reviews(Some(kind), &PageRequest::first(NEWEST_REVIEWS)))?;
        Ok(page.items.into_iter().map(|review| review.index).collect())
    }

    fn review_answers(&self, review: Sha256) -> Result<Vec<u64>, Problem> {
        let all = self.wait(self.store.review_answers(review))?;
        Ok(all.into_iter().map(|answer| answer.index).collect())
    }

    fn practice(&self, from: Timestamp, now: Timestamp) -> Result<Practice, Problem> {
        self.wait(self.store.practice(from, now))
    }

    fn last_sign_ins(&self) -> Result<BTreeMap<String, Timestamp>, Problem> {
        self.wait(self.store.last_sign_ins())
    }

    fn organisation(&self) -> Result<Option<u64>, Problem> {
        Ok(self.wait(self.store.organisation())?.map(|applied| applied.index))
    }

    fn key_events(&self) -> Result<Vec<u64>, Problem> {
        self.wait(self.store.key_events())
    }

    fn of_kind(&self, kind: &str) -> Result<Vec<u64>, Problem> {
        self.wait(self.store.statements_of_kind(kind))
    }
}
