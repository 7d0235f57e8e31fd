//! Reviews and answers to them.

use model::{
    ports::LoggedStatement,
    predicate::{ReleaseReview, Review, ReviewAnswer},
};

use super::{Failure, Link, insert};
use crate::{db::Value, dialect::Tx};

pub(super) async fn release(
    tx: &mut Tx,
    logged: &LoggedStatement,
    review: &ReleaseReview,
) -> Result<Link, Failure> {
    let columns = [
        "idx",
        "envelope",
        "project",
        "environment",
        "run",
        "artifact",
        "document",
        "roles",
        "actor",
        "at",
        "expires",
    ];
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        (&review.project).into(),
        (&review.environment).into(),
        Value::maybe(Some(review.run)),
        review.artifact.into(),
        review.document.hash.into(),
        Value::json(&review.roles),
        Value::json(&review.by),
        Value::time(review.at),
        Value::time(review.expires),
    ];
    insert(tx, "release_reviews", &columns, row, "").await?;
    Ok(Link::project(&review.project, Some(review.run)))
}

pub(super) async fn periodic(
    tx: &mut Tx,
    logged: &LoggedStatement,
    review: &Review,
) -> Result<Link, Failure> {
    let columns = [
        "idx", "envelope", "kind", "points", "figures", "unknown", "assigned", "actor", "begins", "at", "due",
    ];
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        review.kind.name().into(),
        Value::json(&review.points),
        Value::json(&review.figures),
        Value::json(&review.unknown),
        Value::maybe(review.assigned.as_ref()),
        Value::json(&review.by),
        Value::time(review.from),
        Value::time(review.at),
        Value::time(review.due),
    ];
    insert(tx, "reviews", &columns, row, "").await?;
    Ok(Link::default())
}

pub(super) async fn answer(
    tx: &mut Tx,
    logged: &LoggedStatement,
    answer: &ReviewAnswer,
) -> Result<Link, Failure> {
    let columns = ["idx", "envelope", "review", "project", "point", "verdict", "role", "body", "actor", "at"];
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        answer.review.into(),
        Value::maybe(answer.project.as_ref()),
        Value::maybe(answer.point.as_ref()),
        answer.verdict.name().into(),
        Value::maybe(answer.role),
        (&answer.text).into(),
        Value::json(&answer.by),
        Value::time(answer.at),
    ];
    insert(tx, "review_answers", &columns, row, "").await?;
    Ok(answer.project.as_deref().map_or_else(Link::default, |project| Link::project(project, None)))
}
