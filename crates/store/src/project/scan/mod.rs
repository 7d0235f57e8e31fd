//! Scans, and what they do to the findings of their stream.
//!
//! Scans of the same project, technique, tool and target form a stream. A finding in a new scan that
//! the stream has not seen is `new`, one that was open is `existing`, one that was fixed is
//! `reopened`; an open one that a *complete* scan does not have is `fixed`. A finding whose code moved
//! (see `transition`) goes on under its new identity.

mod finding;
mod lines;
mod stock;
mod transition;

use model::{
    ports::{Blobs, LoggedStatement},
    predicate::Scan,
};

use super::{Failure, Link, insert};
use crate::{
    Result, StoreError,
    db::{Insert, Value},
    dialect::Tx,
};

/// A stream as the SQL of this folder needs it.
struct Stream {
    /// Ledger index of its first scan.
    id: u64,
    /// The scan that is applied.
    scan: u64,
    /// End of that scan.
    at: Value,
}

pub(super) async fn scan(
    tx: &mut Tx,
    logged: &LoggedStatement,
    scan: &Scan,
    blobs: &dyn Blobs,
) -> Result<Link, Failure> {
    let stream =
        Stream { id: stream(tx, logged, scan).await?, scan: logged.index, at: Value::time(scan.ended) };
    findings(tx, &stream, logged, scan, blobs).await?;
    let changes = transition::settle(tx, &stream, scan.coverage.is_complete()).await?;
    let open = stock::settle(tx, &stream, logged, scan).await?;
    let columns = [
        "idx",
        "envelope",
        "stream",
        "project",
        "run",
        "deployment",
        "tool",
        "technique",
        "target",
        "commit_id",
        "findings",
        "by_severity",
        "blob",
        "coverage",
        "complete",
        "origin",
        "started",
        "ended",
        "changes",
        "open",
        "manual",
    ];
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        stream.id.into(),
        (&scan.project).into(),
        Value::maybe(scan.run),
        Value::maybe(scan.deployment),
        Value::json(&scan.tool),
        scan.technique.name().into(),
        (&scan.target.stream).into(),
        Value::maybe(scan.target.commit.as_ref()),
        scan.findings.count.into(),
        Value::json(&scan.findings.by_severity),
        Value::json(&scan.findings.digest),
        Value::json(&scan.coverage),
        scan.coverage.is_complete().into(),
        Value::json(&scan.origin),
        Value::time(scan.started),
        Value::time(scan.ended),
        Value::json(&changes),
        Value::json(&open),
        scan.manual.as_ref().map_or(Value::Text(None), Value::json),
    ];
    insert(tx, "scans", &columns, row, "").await?;
    Ok(Link::project(&scan.project, scan.run))
}

/// The stream's id: the ledger index of its first scan, so that it is the same after a rebuild.
async fn stream(tx: &mut Tx, logged: &LoggedStatement, scan: &Scan) -> Result<u64> {
    let key = || -> [Value; 4] {
        [
            (&scan.project).into(),
            scan.technique.name().into(),
            (&scan.tool.name).into(),
            (&scan.target.stream).into(),
        ]
    };
    let sql =
        "SELECT stream FROM streams WHERE project = $1 AND technique = $2 AND tool = $3 AND target = $4";
    if let Some(row) = tx.first(sql, key().into()).await? {
        return row.cells("streams").count();
    }
    let row = [Value::from(logged.index)].into_iter().chain(key()).collect();
    insert(tx, "streams", &["stream", "project", "technique", "tool", "target"], row, "").await?;
    Ok(logged.index)
}

/// Streams the findings from their blob into the table. Reading, parsing and hashing happen on
/// another thread; the channel between keeps memory bounded.
async fn findings(
    tx: &mut Tx,
    stream: &Stream,
    logged: &LoggedStatement,
    scan: &Scan,
    blobs: &dyn Blobs,
) -> Result<(), Failure> {
    let digest = scan.findings.digest.hash;
    let blob = |source| StoreError::Blob { index: logged.index, digest, source };
    let reader = blobs.open(&digest).map_err(blob)?;
    let rows = finding::Rows::new(stream, scan);
    let (send, mut receive) = tokio::sync::mpsc::channel(4);
    let parsing = tokio::task::spawn_blocking(move || lines::read(reader, rows, &send));
    let mut insert = Insert::into("findings", &finding::COLUMNS, finding::SEEN);
    while let Some(batch) = receive.recv().await {
        insert.write(tx, batch).await?;
    }
    let read = parsing.await.map_err(|error| blob(std::io::Error::other(error)))?;
    let count = read.map_err(|failure| match failure {
        lines::Failure::Io(error) => Failure::Store(blob(error)),
        lines::Failure::Line(text) => Failure::Undecodable(text),
    })?;
    if count != scan.findings.count {
        let stated = scan.findings.count;
        return Err(Failure::Undecodable(format!(
            "the findings blob has {count} lines, {stated} are stated"
        )));
    }
    Ok(())
}
