//! What a scan means for the findings it does not have, by set operations inside the database.

use model::Severity;

use super::Stream;
use crate::{Result, db::Value, dialect::Tx, views::ScanChanges};

/// Findings that are not in the scan but were open.
const VANISHED: &str = "stream = $1 AND last_idx < $2 AND status <> 'fixed'";

/// A vanished finding and a new one with the same motion key are one that moved, when each is the
/// only one with that key.
const FIND_MOVES: &str = "INSERT INTO finding_events (idx, stream, id, kind, at, other) \
    SELECT CAST($2 AS BIGINT), CAST($1 AS BIGINT), gone.id, 'moved', CAST($3 AS BIGINT), fresh.id FROM \
    (SELECT motion, MIN(id) AS id FROM findings WHERE stream = $1 AND last_idx < $2 AND status <> 'fixed' \
        AND motion IS NOT NULL GROUP BY motion HAVING COUNT(*) = 1) AS gone \
    JOIN (SELECT motion, MIN(id) AS id FROM findings WHERE stream = $1 AND first_idx = $2 AND status = 'new' \
        AND motion IS NOT NULL GROUP BY motion HAVING COUNT(*) = 1) AS fresh ON fresh.motion = gone.motion";

/// The new row goes on where the old one was.
const ARRIVE: &str = "UPDATE findings SET status = 'existing', moved_from = gone.id, \
    first_idx = gone.first_idx, first_seen = gone.first_seen \
    FROM finding_events AS event JOIN findings AS gone ON gone.stream = event.stream AND gone.id = event.id \
    WHERE event.idx = $2 AND event.kind = 'moved' AND event.stream = $1 \
    AND findings.stream = event.stream AND findings.id = event.other";

const LEAVE: &str = "UPDATE findings SET status = 'fixed', changed_idx = $2, moved_to = event.other \
    FROM finding_events AS event WHERE event.idx = $2 AND event.kind = 'moved' AND event.stream = $1 \
    AND findings.stream = event.stream AND findings.id = event.id";

/// Settles the stream after the scan's findings are in. Only a complete scan can miss something.
pub(super) async fn settle(tx: &mut Tx, stream: &Stream, complete: bool) -> Result<ScanChanges> {
    let pair = || vec![Value::from(stream.id), stream.scan.into()];
    let timed = || vec![Value::from(stream.id), stream.scan.into(), stream.at.clone()];
    let mut changes = ScanChanges::default();
    tx.execute(record("reopened", "last_idx = $2 AND changed_idx = $2 AND status = 'reopened'"), timed())
        .await?;
    if complete && exists(tx, stream).await? {
        changes.moved = tx.execute(FIND_MOVES, timed()).await?;
        if changes.moved > 0 {
            tx.execute(ARRIVE, pair()).await?;
            tx.execute(LEAVE, pair()).await?;
        }
        tx.execute(record("fixed", "last_idx < $2 AND status <> 'fixed'"), timed()).await?;
        let fix = format!("UPDATE findings SET status = 'fixed', changed_idx = $2 WHERE {VANISHED}");
        changes.fixed = tx.execute(fix, pair()).await?;
    }
    count(tx, stream, &mut changes).await?;
    Ok(changes)
}

async fn exists(tx: &mut Tx, stream: &Stream) -> Result<bool> {
    let sql = format!("SELECT id FROM findings WHERE {VANISHED} LIMIT 1");
    Ok(tx.first(sql, vec![stream.id.into(), stream.scan.into()]).await?.is_some())
}

/// Writes an event for every finding of the stream with this condition.
fn record(kind: &str, condition: &str) -> String {
    format!(
        "INSERT INTO finding_events (idx, stream, id, kind, at) \
         SELECT CAST($2 AS BIGINT), stream, id, '{kind}', CAST($3 AS BIGINT) FROM findings \
         WHERE stream = $1 AND {condition}"
    )
}

async fn count(tx: &mut Tx, stream: &Stream, changes: &mut ScanChanges) -> Result<()> {
    let sql = "SELECT status, COUNT(*) FROM findings WHERE stream = $1 AND last_idx = $2 GROUP BY status";
    for row in tx.fetch(sql, vec![stream.id.into(), stream.scan.into()]).await? {
        let mut cells = row.cells("findings");
        let (status, n) = (cells.text()?, cells.count()?);
        match status.as_str() {
            "new" => changes.new = n,
            "existing" => changes.existing = n,
            "reopened" => changes.reopened = n,
            _ => {}
        }
    }
    Ok(())
}

const _: () = assert!(Severity::ALL.len() == 5, "severities are stored by their rank");
