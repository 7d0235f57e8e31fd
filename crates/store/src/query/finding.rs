//! Findings in lists.

use std::collections::BTreeMap;

use model::{Severity, Technique, Timestamp, predicate::TriageState};

use super::{
    add_severity,
    paging::{Filter, all, containing, cut},
};
use crate::{
    Result, Store, StoreError,
    db::{Cells, Value, micros},
    project::tally::DAY,
    views::{FindingCounts, FindingFilter, FindingStatus, FindingView, Page, PageRequest},
};

pub(super) const SELECT: &str = "SELECT id, stream, project, target, technique, scanner, rule, severity, \
    confidence, title, message, cwe, aliases, place, place_label, fix, help, cvss, status, first_seen, last_seen, \
    moved_from, moved_to, first_idx, last_idx, changed_idx, \
    (SELECT state FROM judged WHERE judged.project = findings.project AND judged.finding = findings.id) AS triage, \
    (SELECT assignee FROM judged WHERE judged.project = findings.project AND judged.finding = findings.id) AS assignee \
    FROM findings";

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
        triage: cells.maybe_named()?,
        assignee: cells.maybe_text()?,
    })
}

/// Rank of the severity, status, technique, scanner, number.
type Counted = (i64, String, String, String, u64);

fn filter(wanted: &FindingFilter) -> Filter {
    let mut sql = Filter::default();
    sql.plain("moved_to IS NULL")
        .and_maybe("project = $", wanted.project.as_ref())
        .and_maybe("technique = $", wanted.technique.map(Technique::name))
        .and_maybe("scanner = $", wanted.scanner.as_ref())
        .and_maybe("target = $", wanted.target.as_ref())
        .and_maybe(
            "last_idx IN (SELECT idx FROM scans WHERE run = $)",
            wanted.run.map(|run| run.to_string()),
        );
    sql.among("project", wanted.projects.as_deref())
        .and_maybe("rule = $", wanted.rule.as_ref())
        .and_maybe("first_seen >= $", wanted.first_from.map(Value::time))
        .and_maybe("first_seen < $", wanted.first_before.map(Value::time));
    triage(wanted, &mut sql);
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

/// Conditions about what people said.
fn triage(wanted: &FindingFilter, sql: &mut Filter) {
    let judged = |condition: &str| {
        format!(
            "EXISTS (SELECT 1 FROM judged WHERE judged.project = findings.project \
             AND judged.finding = findings.id AND {condition})"
        )
    };
    match wanted.triage {
        Some(TriageState::None) => {
            sql.plain(format!("NOT {}", judged("judged.state IS NOT NULL")));
        }
        state => {
            sql.and_maybe(&judged("judged.state = $"), state.map(TriageState::name));
        }
    }
    sql.and_maybe(&judged("judged.assignee = $"), wanted.assignee.as_ref());
}

/// What `stock` and `tallies` know: nothing finer than these has to be counted.
fn is_coarse(wanted: &FindingFilter) -> bool {
    let FindingFilter { run, text, target, rule, triage, assignee, .. } = wanted;
    let words =
        [text, target, rule, assignee].into_iter().all(|word| word.as_deref().unwrap_or("").is_empty());
    words && run.is_none() && triage.is_none() && (!has_days(wanted) || days_are_kept(wanted))
}

fn has_days(wanted: &FindingFilter) -> bool {
    wanted.first_from.is_some() || wanted.first_before.is_some()
}

/// The first day is kept of open findings only.
fn days_are_kept(wanted: &FindingFilter) -> bool {
    let whole = |at: Option<Timestamp>| at.is_none_or(|at| micros(at) >= 0 && micros(at) % DAY == 0);
    let open = !wanted.status.is_empty() && wanted.status.iter().all(|status| status.is_open());
    open && whole(wanted.first_from) && whole(wanted.first_before)
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
        let rows = match is_coarse(wanted) {
            true => self.coarse_counts(wanted).await?,
            false => self.fine_counts(wanted).await?,
        };
        let mut counts = FindingCounts::default();
        let add = |map: &mut BTreeMap<String, u64>, key, n| *map.entry(key).or_default() += n;
        for (rank, status, technique, scanner, n) in rows {
            counts.total += n;
            add_severity(&mut counts.severity, rank, n);
            add(&mut counts.status, status, n);
            add(&mut counts.technique, technique, n);
            add(&mut counts.scanner, scanner, n);
        }
        Ok(counts)
    }

    async fn fine_counts(&self, wanted: &FindingFilter) -> Result<Vec<Counted>> {
        let sql = filter(wanted);
        let text = format!(
            "SELECT severity, status, technique, scanner, COUNT(*) FROM findings{} \
             GROUP BY severity, status, technique, scanner",
            sql.sql()
        );
        all(&self.db, "findings", text, sql.values(), |cells| {
            Ok((cells.int()?, cells.text()?, cells.text()?, cells.text()?, cells.count()?))
        })
        .await
    }

    /// The same from the sums, of which there are few.
    async fn coarse_counts(&self, wanted: &FindingFilter) -> Result<Vec<Counted>> {
        let rows = match (&wanted.project, &wanted.projects) {
            (None, None) if !has_days(wanted) => self.counts_of_all().await?,
            _ => self.counts_of_some(wanted).await?,
        };
        let wants = |(rank, status, technique, scanner, _): &Counted| {
            let severity =
                wanted.severity.is_empty() || wanted.severity.iter().any(|one| *one as i64 == *rank);
            let status = wanted.status.is_empty() || wanted.status.iter().any(|one| one.name() == status);
            severity
                && status
                && wanted.technique.is_none_or(|one| one.name() == technique)
                && wanted.scanner.as_ref().is_none_or(|one| one == scanner)
        };
        Ok(rows.into_iter().filter(wants).collect())
    }

    async fn counts_of_all(&self) -> Result<Vec<Counted>> {
        let sql = "SELECT name, word, n FROM tallies WHERE kind = 'finding' AND wide = 1 AND n > 0";
        let rows = all(&self.db, "tallies", sql.to_owned(), vec![], |cells| {
            Ok((cells.text()?, cells.text()?, cells.count()?))
        });
        let row = |(name, word, n): (String, String, u64)| {
            let (technique, scanner) = name.split_once('/')?;
            let (severity, status) = word.split_once('/')?;
            let rank = Severity::from_name(severity)? as i64;
            Some((rank, status.to_owned(), technique.to_owned(), scanner.to_owned(), n))
        };
        Ok(rows.await?.into_iter().filter_map(row).collect())
    }

    async fn counts_of_some(&self, wanted: &FindingFilter) -> Result<Vec<Counted>> {
        let day = |at: Option<Timestamp>| at.map(|at| micros(at) / DAY);
        let mut filter = Filter::default();
        filter
            .and_maybe("project = $", wanted.project.as_ref())
            .among("project", wanted.projects.as_deref())
            .and_maybe("day >= $", day(wanted.first_from))
            .and_maybe("day < $", day(wanted.first_before));
        if has_days(wanted) {
            filter.plain("status <> 'fixed'");
        }
        let sql = format!(
            "SELECT severity, status, technique, scanner, CAST(SUM(n) AS BIGINT) FROM stock{} \
             GROUP BY severity, status, technique, scanner",
            filter.sql()
        );
        all(&self.db, "stock", sql, filter.values(), |cells| {
            Ok((cells.int()?, cells.text()?, cells.text()?, cells.text()?, cells.count()?))
        })
        .await
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
