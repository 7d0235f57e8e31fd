//! Reviews and what people said about them.

use model::{
    Role, Sha256,
    predicate::{ReviewKind, ReviewVerdict},
};

use super::paging::{Filter, all, newest_first, one};
use crate::{
    Result, Store,
    db::Cells,
    views::{Page, PageRequest, ReleaseReviewView, ReviewAnswerView, ReviewView},
};

const RELEASE: &str = "SELECT idx, envelope, project, environment, run, artifact, document, roles, actor, at, \
    expires FROM release_reviews";

fn release(cells: &mut Cells) -> Result<ReleaseReviewView> {
    Ok(ReleaseReviewView {
        index: cells.count()?,
        envelope: cells.parse()?,
        project: cells.text()?,
        environment: cells.text()?,
        run: cells.parse()?,
        artifact: cells.parse()?,
        document: cells.parse()?,
        roles: cells.json()?,
        by: cells.json()?,
        at: cells.time()?,
        expires: cells.time()?,
    })
}

const PERIODIC: &str = "SELECT idx, envelope, kind, points, figures, unknown, assigned, actor, begins, at, due \
    FROM reviews";

fn periodic(cells: &mut Cells) -> Result<ReviewView> {
    Ok(ReviewView {
        index: cells.count()?,
        envelope: cells.parse()?,
        kind: cells.known(ReviewKind::from_name)?,
        points: cells.json()?,
        figures: cells.json()?,
        unknown: cells.json()?,
        assigned: cells.maybe_text()?,
        by: cells.json()?,
        from: cells.time()?,
        at: cells.time()?,
        due: cells.time()?,
    })
}

const ANSWER: &str = "SELECT idx, review, project, point, verdict, role, body, actor, at FROM review_answers";

fn answer(cells: &mut Cells) -> Result<ReviewAnswerView> {
    Ok(ReviewAnswerView {
        index: cells.count()?,
        review: cells.parse()?,
        project: cells.maybe_text()?,
        point: cells.maybe_text()?,
        verdict: cells.known(ReviewVerdict::from_name)?,
        role: cells.maybe_text()?.and_then(|role| role.parse::<Role>().ok()),
        text: cells.text()?,
        by: cells.json()?,
        at: cells.time()?,
    })
}

impl Store {
    /// Release reviews, newest first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn release_reviews(
        &self,
        project: Option<&str>,
        environment: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<ReleaseReviewView>> {
        let mut filter = Filter::default();
        filter.and_maybe("project = $", project).and_maybe("environment = $", environment);
        newest_first(&self.db, "release_reviews", RELEASE, filter, page, release, |view| view.index).await
    }

    /// Periodic reviews, newest first; of one kind when one is named.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn reviews(&self, kind: Option<ReviewKind>, page: &PageRequest) -> Result<Page<ReviewView>> {
        let mut filter = Filter::default();
        filter.and_maybe("kind = $", kind.map(ReviewKind::name));
        newest_first(&self.db, "reviews", PERIODIC, filter, page, periodic, |view| view.index).await
    }

    /// The periodic review at this ledger index.
    ///
    /// # Errors
    /// Any database error.
    pub async fn review(&self, index: u64) -> Result<Option<ReviewView>> {
        one(&self.db, "reviews", format!("{PERIODIC} WHERE idx = $1"), vec![index.into()], periodic).await
    }

    /// Everything that was said about a review, oldest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn review_answers(&self, review: Sha256) -> Result<Vec<ReviewAnswerView>> {
        let sql = format!("{ANSWER} WHERE review = $1 ORDER BY idx");
        all(&self.db, "review_answers", sql, vec![review.into()], answer).await
    }
}
