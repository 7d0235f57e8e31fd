//! The row of the statement itself, and its subjects for finding it by digest.

use model::ports::LoggedStatement;

use super::{Link, insert, kind};
use crate::{
    Result,
    db::{Insert, Value},
    dialect::Tx,
};

/// Writes `statements` and `subjects`.
pub(super) async fn record(
    tx: &mut Tx,
    logged: &LoggedStatement,
    link: &Link,
    error: Option<&str>,
) -> Result<()> {
    let columns = [
        "idx",
        "envelope",
        "predicate_type",
        "kind",
        "logged_at",
        "project",
        "run",
        "step",
        "subjects",
        "error",
    ];
    let statement = &logged.statement;
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        Value::from(&statement.predicate_type),
        kind(&statement.predicate_type).into(),
        Value::time(logged.logged_at),
        Value::maybe(link.project.as_ref()),
        Value::maybe(link.run),
        Value::maybe(link.step.as_ref()),
        Value::json(&statement.subject),
        Value::maybe(error),
    ];
    insert(tx, "statements", &columns, row, "").await?;
    subjects(tx, logged).await
}

async fn subjects(tx: &mut Tx, logged: &LoggedStatement) -> Result<()> {
    let columns = ["idx", "position", "algorithm", "name", "digest"];
    let mut rows = Insert::into("subjects", &columns, "");
    for (position, subject) in logged.statement.subject.iter().enumerate() {
        for (algorithm, digest) in &subject.digest {
            let row = [
                logged.index.into(),
                (position as u64).into(),
                algorithm.into(),
                Value::from(&subject.name),
                Value::text(digest.to_ascii_lowercase()),
            ];
            rows.row(tx, row).await?;
        }
    }
    rows.flush(tx).await
}
