//! Findings in lists.

use std::collections::BTreeMap;

use model::Severity;

use super::{
    add_severity,
    paging::{Filter, all, containing, cut},
};
use crate::{
    Result, Store, StoreError,
    db::Cells,
    views::{FindingCounts, FindingFilter, FindingStatus, FindingView, Page, PageRequest},
};

pub(super) const SELECT: &str = "SELECT id, stream, project, target, technique, scanner, rule, severity, \
    confidence, title, message, cwe, aliases, place, place_label, fix, help, cvss, status, first_seen, last_seen, \
    moved_from, moved_to, first_idx, last_idx, changed_idx FROM findings";

pub(super) fn read(cells: &mut Cells) -> Result<FindingView> {
    Ok(FindingView {
        id: model::FindingId(cells.parse()?),
        stream: cells.count()?,
        project: cells.text()?,
        target: cells.text()?,
        technique: cells.named()?,
        scanner: cells.text()?,
        rule: cells.text()?,
        severity: cells.rank()?,
        confidence: cells.named()?,
        title: cells.text()?,
        message: cells.text()?,
        cwe: cells.json()?,
        aliases: cells.json()?,
        place: cells.json()?,
        place_label: cells.text()?,
        fix: cells.maybe_text()?,
        help: cells.maybe_text()?,
        cvss: cells.maybe_parse()?,
        status: cells.known(FindingStatus::from_name)?,
        first_seen: cells.time()?,
        last_seen: cells.time()?,
        moved_from: cells.maybe_parse()?.map(model::FindingId),
        moved_to: cells.maybe_parse()?.map(model::FindingId),
        first_index: cells.count()?,
        last_index: cells.count()?,
        changed_index: cells.count()?,
    })
}

fn filter(wanted: &FindingFilter) -> Filter {
    let mut sql = Filter::default();
    sql.plain("moved_to IS NULL")
        .and_maybe("project = $", wanted.project.as_ref())
        .and_maybe("technique = $", wanted.technique.map(model::Technique::name))
        .and_maybe("scanner = $", wanted.scanner.as_ref())
        .and_maybe("target = $", wanted.target.as_ref())
        .and_maybe(
            "last_idx IN (SELECT idx FROM scans WHERE run = $)",
            wanted.run.map(|run| run.to_string()),
        );
    // Names and ranks are ours, never text from outside.
    if !wanted.status.is_empty() {
        let names: Vec<_> = wanted.status.iter().map(|status| format!("'{}'", status.name())).collect();
        sql.plain(format!("status IN ({})", names.join(", ")));
    }
    if !wanted.severity.is_empty() {
        let ranks: Vec<_> = wanted.severity.iter().map(|severity| (*severity as i64).to_string()).collect();
        sql.plain(format!("severity IN ({})", ranks.join(", ")));
    }
    if let Some(text) = wanted.text.as_deref().filter(|text| !text.is_empty()) {
        let columns = ["title", "rule", "place_label", "aliases"];
        let like: Vec<_> =
            columns.iter().map(|column| format!("LOWER({column}) LIKE $ ESCAPE '\\'")).collect();
        sql.and(&like.join(" OR "), containing(text));
    }
    sql
}

impl Store {
    /// Findings, worst first, then by stream and identity.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn findings(&self, wanted: &FindingFilter, page: &PageRequest) -> Result<Page<FindingView>> {
        let mut sql = filter(wanted);
        if let Some(after) = &page.after {
            after_marker(&mut sql, after)?;
        }
        let size = page.size() as usize;
        let sql_text =
            format!("{SELECT}{} ORDER BY severity DESC, stream DESC, id DESC LIMIT {}", sql.sql(), size + 1);
        let items = all(&self.db, "findings", sql_text, sql.values(), read).await?;
        Ok(cut(items, size, |last| format!("{}.{}.{}", last.severity as i64, last.stream, last.id)))
    }

    /// How many findings match, by severity, state, technique and scanner.
    ///
    /// # Errors
    /// Any database error.
    pub async fn finding_counts(&self, wanted: &FindingFilter) -> Result<FindingCounts> {
        let sql = filter(wanted);
        let text = format!(
            "SELECT severity, status, technique, scanner, COUNT(*) FROM findings{} \
             GROUP BY severity, status, technique, scanner",
            sql.sql()
        );
        let rows = all(&self.db, "findings", text, sql.values(), |cells| {
            Ok((cells.int()?, cells.text()?, cells.text()?, cells.text()?, cells.count()?))
        });
        let mut counts = FindingCounts::default();
        let add = |map: &mut BTreeMap<String, u64>, key, n| *map.entry(key).or_default() += n;
        for (rank, status, technique, scanner, n) in rows.await? {
            counts.total += n;
            add_severity(&mut counts.severity, rank, n);
            add(&mut counts.status, status, n);
            add(&mut counts.technique, technique, n);
            add(&mut counts.scanner, scanner, n);
        }
        Ok(counts)
    }

    /// Findings whose identity begins with these hex digits (as people type them), at most `most`.
    ///
    /// # Errors
    /// Any database error.
    pub async fn findings_by_prefix(&self, hex: &str, most: u32) -> Result<Vec<FindingView>> {
        let hex = hex.to_ascii_lowercase();
        if hex.is_empty() || hex.len() > 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        let sql = format!("{SELECT} WHERE id >= $1 AND id < $2 ORDER BY id, stream LIMIT {most}");
        all(&self.db, "findings", sql, vec![(&hex).into(), format!("{hex}g").into()], read).await
    }
}

/// Adds "comes after this marker" in the order of the list.
fn after_marker(sql: &mut Filter, marker: &str) -> Result<()> {
    let bad = || StoreError::BadCursor(marker.chars().take(80).collect());
    let mut parts = marker.splitn(3, '.');
    let mut part = || parts.next().ok_or_else(bad);
    let rank: i64 = part()?.parse().map_err(|_| bad())?;
    let stream: u64 = part()?.parse().map_err(|_| bad())?;
    let id: model::Sha256 = part()?.parse().map_err(|_| bad())?;
    if !(0..Severity::ALL.len() as i64).contains(&rank) {
        return Err(bad());
    }
    let same = format!("severity = {rank} AND stream = {stream}");
    let lower = format!("severity < {rank} OR (severity = {rank} AND stream < {stream})");
    sql.and(&format!("{lower} OR ({same} AND id < $)"), id);
    Ok(())
}
