//! One finding with its history, followed back through its moves.

use model::FindingId;

use super::{
    finding::{SELECT, read},
    paging::{Filter, all},
};
use crate::{
    Result, Store,
    db::Cells,
    views::{FindingDetail, FindingEvent, FindingEventKind, FindingView},
};

/// Most moves that are followed back.
const MOST_MOVES: usize = 100;

fn event(cells: &mut Cells) -> Result<FindingEvent> {
    Ok(FindingEvent {
        kind: cells.known(FindingEventKind::from_name)?,
        at: cells.time()?,
        scan: cells.count()?,
        other: cells.maybe_parse()?.map(FindingId),
    })
}

impl Store {
    /// One finding with its history. `stream` picks among several streams that know the identity;
    /// without it the one seen last is taken.
    ///
    /// # Errors
    /// Any database error.
    pub async fn finding(
        &self,
        project: &str,
        id: FindingId,
        stream: Option<u64>,
    ) -> Result<Option<FindingDetail>> {
        let sql = format!("{SELECT} WHERE project = $1 AND id = $2 ORDER BY last_idx DESC, stream DESC");
        let mut found = all(&self.db, "findings", sql, vec![project.into(), id.0.into()], read).await?;
        let position = match stream {
            Some(stream) => found.iter().position(|finding| finding.stream == stream),
            None => (!found.is_empty()).then_some(0),
        };
        let Some(position) = position else { return Ok(None) };
        let finding = found.remove(position);
        let history = self.history(&finding).await?;
        let mut covering = Filter::default();
        covering.and("project = $", project);
        covering.and("finding = $ OR (finding IS NULL AND rule IS NOT NULL)", id.0);
        let mut exceptions = self.exceptions_where(&covering).await?;
        exceptions.retain(|made| made.finding.is_some() || made.rule.as_ref() == Some(&finding.rule));
        let triage = self.triage(project, id).await?;
        Ok(Some(FindingDetail { finding, history, elsewhere: found, exceptions, triage }))
    }

    async fn history(&self, finding: &FindingView) -> Result<Vec<FindingEvent>> {
        let mut history = self.events(finding.stream, finding.id, u64::MAX).await?;
        let mut before = finding.moved_from;
        let mut until = u64::MAX;
        for _ in 0..MOST_MOVES {
            let Some(old) = before else { break };
            let events = self.events(finding.stream, old, until).await?;
            // What happened to the old identity after the move is not this finding's history.
            let moved = events.iter().rposition(|event| event.kind == FindingEventKind::Moved);
            let Some(moved) = moved else { break };
            until = events[moved].scan;
            let mut earlier: Vec<_> = events.into_iter().take(moved + 1).collect();
            if let Some(event) = earlier.last_mut() {
                event.other = Some(old);
            }
            history.splice(0..0, earlier);
            before = self.moved_from(finding.stream, old).await?;
        }
        let found = FindingEvent {
            kind: FindingEventKind::Found,
            at: finding.first_seen,
            scan: finding.first_index,
            other: None,
        };
        history.insert(0, found);
        Ok(history)
    }

    async fn events(&self, stream: u64, id: FindingId, until: u64) -> Result<Vec<FindingEvent>> {
        let sql = "SELECT kind, at, idx, other FROM finding_events \
            WHERE stream = $1 AND id = $2 AND idx <= $3 ORDER BY idx, kind";
        let values = vec![stream.into(), id.0.into(), until.into()];
        all(&self.db, "finding_events", sql.to_owned(), values, event).await
    }

    async fn moved_from(&self, stream: u64, id: FindingId) -> Result<Option<FindingId>> {
        let sql = "SELECT moved_from FROM findings WHERE stream = $1 AND id = $2";
        let values = vec![stream.into(), id.0.into()];
        let row = self.db.first(sql, values).await?;
        Ok(row.map(|row| row.cells("findings").maybe_parse()).transpose()?.flatten().map(FindingId))
    }
}
