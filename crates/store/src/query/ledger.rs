//! Ledger entries.

use model::{RunId, Sha256};

use super::paging::{Filter, all, newest_first, one};
use crate::{
    Result, Store,
    db::{Cells, Value},
    views::{Page, PageRequest, StatementView},
};

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

const SELECT: &str = "SELECT statements.idx, envelope, predicate_type, kind, logged_at, project, run, step, \
    subjects, error FROM statements";
/// Most entries of an answer that is not paged.
const MOST: u32 = 1000;

fn read(cells: &mut Cells) -> Result<StatementView> {
    Ok(StatementView {
        index: cells.count()?,
        envelope: cells.parse()?,
        predicate_type: cells.text()?,
        kind: cells.text()?,
        logged_at: cells.time()?,
        project: cells.maybe_text()?,
        run: cells.maybe_parse()?,
        step: cells.maybe_text()?,
        subjects: cells.json()?,
        error: cells.maybe_text()?,
    })
}

impl Store {
    /// Ledger entries, newest first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn statements(
        &self,
        filter: &StatementFilter,
        page: &PageRequest,
    ) -> Result<Page<StatementView>> {
        let mut sql = Filter::default();
        sql.and_maybe("project = $", filter.project.as_ref())
            .and_maybe("run = $", filter.run.map(|run| run.to_string()))
            .and_maybe("kind = $", filter.kind.as_ref());
        newest_first(&self.db, "statements", SELECT, sql, page, read, |view| view.index).await
    }

    /// The entry at this index.
    ///
    /// # Errors
    /// Any database error.
    pub async fn statement(&self, index: u64) -> Result<Option<StatementView>> {
        one(&self.db, "statements", format!("{SELECT} WHERE idx = $1"), vec![index.into()], read).await
    }

    /// The entry with this envelope digest (the first, should there be several).
    ///
    /// # Errors
    /// Any database error.
    pub async fn statement_by_envelope(&self, envelope: Sha256) -> Result<Option<StatementView>> {
        let sql = format!("{SELECT} WHERE envelope = $1 ORDER BY idx LIMIT 1");
        one(&self.db, "statements", sql, vec![envelope.into()], read).await
    }

    /// Entries with a subject that has this digest (any algorithm, hex), oldest first, at most 1,000.
    ///
    /// # Errors
    /// Any database error.
    pub async fn statements_about(&self, digest: &str) -> Result<Vec<StatementView>> {
        let sql = format!(
            "{SELECT} WHERE idx IN (SELECT idx FROM subjects WHERE digest = $1) ORDER BY idx LIMIT {MOST}"
        );
        all(&self.db, "statements", sql, vec![Value::text(digest.to_ascii_lowercase())], read).await
    }

    /// Indices of the entries about keys, oldest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn key_events(&self) -> Result<Vec<u64>> {
        let sql = "SELECT idx FROM statements WHERE kind = 'key' ORDER BY idx";
        all(&self.db, "statements", sql.to_owned(), vec![], |cells: &mut Cells| cells.count()).await
    }

    /// Indices of the entries of a kind (a short word as `technology-review`), oldest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn statements_of_kind(&self, kind: &str) -> Result<Vec<u64>> {
        let sql = "SELECT idx FROM statements WHERE kind = $1 ORDER BY idx";
        all(&self.db, "statements", sql.to_owned(), vec![kind.into()], |cells: &mut Cells| cells.count())
            .await
    }

    /// Entries of a run, oldest first, at most 1,000.
    pub(super) async fn statements_of_run(&self, run: RunId) -> Result<Vec<StatementView>> {
        let sql = format!("{SELECT} WHERE run = $1 ORDER BY idx LIMIT {MOST}");
        all(&self.db, "statements", sql, vec![Value::maybe(Some(run))], read).await
    }
}
