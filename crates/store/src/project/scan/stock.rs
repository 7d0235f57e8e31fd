//! What a scan leaves in the sums: the findings of its stream counted, and the stream's own line.

use std::collections::BTreeMap;

use model::{BySeverity, Severity, ports::LoggedStatement, predicate::Scan};

use super::Stream;
use crate::{
    Result,
    db::{Insert, Value, micros},
    dialect::Tx,
    project::{
        insert,
        tally::{DAY, Tally, day},
    },
};

/// Technique, scanner, rank of the severity, status, day of the first sight.
type Key = (String, String, i64, String, i64);

/// Counts the stream again, changes all sums by the difference, and gives what is open.
pub(super) async fn settle(
    tx: &mut Tx,
    stream: &Stream,
    logged: &LoggedStatement,
    scan: &Scan,
) -> Result<BySeverity> {
    let before = known(tx, stream).await?;
    let now = count(tx, stream).await?;
    let mut tally = Tally::default();
    let at = day(scan.ended, logged);
    for (counts, sign) in [(&before, -1), (&now, 1)] {
        for ((technique, scanner, rank, status, first), n) in counts {
            let (severity, n) = (name(*rank), n * sign);
            let word = format!("{severity}/{status}");
            tally.all("finding", &format!("{technique}/{scanner}"), &word, 0, n);
            if status != "fixed" {
                tally.all("age", "", severity, *first, n);
                tally.both("risk", &scan.project, ("", severity), at, n);
            }
        }
    }
    if before != now {
        replace(tx, stream, &scan.project, &now).await?;
        tally.write(tx).await?;
    }
    let mut open = BySeverity::default();
    for ((_, _, rank, ..), n) in now.iter().filter(|((.., status, _), _)| status != "fixed") {
        crate::query::add_severity(&mut open, *rank, u64::try_from(*n).unwrap_or(0));
    }
    health(tx, stream, logged, scan, &open).await?;
    Ok(open)
}

fn name(rank: i64) -> &'static str {
    crate::query::severity(rank).unwrap_or(Severity::Critical).name()
}

async fn known(tx: &mut Tx, stream: &Stream) -> Result<BTreeMap<Key, i64>> {
    read(tx, "SELECT technique, scanner, severity, status, day, n FROM stock WHERE stream = $1", stream).await
}

async fn count(tx: &mut Tx, stream: &Stream) -> Result<BTreeMap<Key, i64>> {
    let first = format!("CASE WHEN status = 'fixed' THEN 0 ELSE first_seen / {DAY} END");
    let sql = format!(
        "SELECT technique, scanner, severity, status, {first} AS day, COUNT(*) FROM findings \
         WHERE stream = $1 AND moved_to IS NULL GROUP BY technique, scanner, severity, status, {first}"
    );
    read(tx, sql, stream).await
}

async fn read(
    tx: &mut Tx,
    sql: impl Into<crate::dialect::Sql>,
    stream: &Stream,
) -> Result<BTreeMap<Key, i64>> {
    let mut counts = BTreeMap::new();
    for row in tx.fetch(sql, vec![stream.id.into()]).await? {
        let mut cells = row.cells("stock");
        let key = (cells.text()?, cells.text()?, cells.int()?, cells.text()?, cells.int()?);
        counts.insert(key, cells.int()?);
    }
    Ok(counts)
}

async fn replace(tx: &mut Tx, stream: &Stream, project: &str, counts: &BTreeMap<Key, i64>) -> Result<()> {
    tx.execute("DELETE FROM stock WHERE stream = $1", vec![stream.id.into()]).await?;
    let columns = ["stream", "technique", "scanner", "severity", "status", "day", "project", "n"];
    let mut rows = Insert::into("stock", &columns, "");
    for ((technique, scanner, rank, status, day), n) in counts {
        let row: [Value; 8] = [
            stream.id.into(),
            technique.into(),
            scanner.into(),
            (*rank).into(),
            status.into(),
            (*day).into(),
            project.into(),
            (*n).into(),
        ];
        rows.row(tx, row).await?;
    }
    rows.flush(tx).await
}

const HEALTH: [&str; 18] = [
    "stream",
    "project",
    "technique",
    "tool",
    "target",
    "version",
    "digest",
    "idx",
    "ended",
    "complete",
    "complete_ended",
    "scans",
    "incomplete",
    "critical",
    "high",
    "medium",
    "low",
    "info",
];

/// Counts go on; everything else is what the newest scan says.
const NEWEST: &str = "ON CONFLICT (stream) DO UPDATE SET version = excluded.version, digest = excluded.digest, \
    idx = excluded.idx, ended = excluded.ended, complete = excluded.complete, \
    complete_ended = COALESCE(excluded.complete_ended, health.complete_ended), scans = health.scans + 1, \
    incomplete = health.incomplete + excluded.incomplete, critical = excluded.critical, high = excluded.high, \
    medium = excluded.medium, low = excluded.low, info = excluded.info";

async fn health(
    tx: &mut Tx,
    stream: &Stream,
    logged: &LoggedStatement,
    scan: &Scan,
    open: &BySeverity,
) -> Result<()> {
    let complete = scan.coverage.is_complete();
    // A clock that was ahead must not make a scan look fresh for longer.
    let ended = micros(scan.ended.min(logged.logged_at));
    let mut row: Vec<Value> = vec![
        stream.id.into(),
        (&scan.project).into(),
        scan.technique.name().into(),
        (&scan.tool.name).into(),
        (&scan.target.stream).into(),
        (&scan.tool.version).into(),
        Value::maybe(scan.tool.digest),
        logged.index.into(),
        ended.into(),
        complete.into(),
        Value::maybe_int(complete.then_some(ended)),
        1_u64.into(),
        (!complete).into(),
    ];
    row.extend(Severity::ALL.into_iter().rev().map(|severity| Value::from(open.get(severity))));
    insert(tx, "health", &HEALTH, row, NEWEST).await
}
