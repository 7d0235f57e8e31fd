//! Facts for awareness: which weaknesses occur, appear, get fixed and grow old. Counting is the database's work;
//! only short lists leave it.

use model::{
    BySeverity, Severity, Timestamp,
    awareness::{Acceptance, AwarenessFacts, ClassFacts, Judgement, ObservedFinding},
};

use super::{
    add_severity,
    paging::{Filter, all},
};
use crate::{
    Result, Store,
    db::{Cells, micros},
};

/// Most projects that can be named at once: a parameter each, of which SQLite takes 32,766.
const MOST_PROJECTS: usize = 30_000;

const FROM: &str = " FROM findings AS f LEFT JOIN scans AS s ON s.idx = f.changed_idx";

const OBSERVED: &str = "SELECT f.id, f.project, f.technique, f.scanner, f.rule, f.severity, f.title, f.cwe, f.place, \
    f.first_seen, CASE WHEN f.status = 'fixed' THEN s.ended END";

fn observed(cells: &mut Cells) -> Result<ObservedFinding> {
    Ok(ObservedFinding {
        id: model::FindingId(cells.parse()?),
        project: cells.text()?,
        technique: cells.named()?,
        scanner: cells.text()?,
        rule: cells.text()?,
        severity: cells.rank()?,
        title: cells.text()?,
        cwe: cells.json()?,
        place: cells.json()?,
        first_seen: cells.time()?,
        fixed: cells.maybe_time()?,
    })
}

/// Findings of these projects (all, when none is named) that did not go on elsewhere.
fn of(projects: &[String]) -> Filter {
    let mut filter = Filter::default();
    filter.plain("f.moved_to IS NULL");
    among("f.project", projects, &mut filter);
    filter
}

fn among(column: &str, projects: &[String], filter: &mut Filter) {
    if !projects.is_empty() {
        filter.any_of(column, projects.iter().take(MOST_PROJECTS).map(String::as_str));
    }
}

impl Store {
    /// Facts about `projects` (at most 30,000; all, when none is named) with the window from `since` to `until`.
    ///
    /// # Errors
    /// Any database error.
    pub async fn awareness(
        &self,
        projects: &[String],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<AwarenessFacts> {
        let mut appeared = of(projects);
        appeared.and("f.first_seen >= $", micros(since)).and("f.first_seen < $", micros(until));
        let mut fixed = of(projects);
        fixed
            .plain("f.status = 'fixed'")
            .and("s.ended >= $", micros(since))
            .and("s.ended < $", micros(until));
        let mut open = of(projects);
        open.plain("f.status <> 'fixed'");
        Ok(AwarenessFacts {
            classes: self.weakness_classes(projects).await?,
            appeared_count: self.by_severity(&appeared).await?,
            appeared: self.worst(&appeared).await?,
            fixed_count: self.by_severity(&fixed).await?,
            fixed: self.worst(&fixed).await?,
            open_count: self.by_severity(&open).await?,
            oldest: self.oldest(projects).await?,
            accepted: self.accepted(projects, since, until).await?,
            judged: self.set_aside(projects, since, until).await?,
            rules: {
                let named = (!projects.is_empty()).then_some(&projects[..projects.len().min(MOST_PROJECTS)]);
                self.rule_quality(named, AwarenessFacts::MOST_LISTED as u32).await?
            },
        })
    }

    /// Everything of these projects that is fixed, newest last, at most `most`.
    ///
    /// # Errors
    /// Any database error.
    pub async fn fixed_findings(&self, projects: &[String], most: usize) -> Result<Vec<ObservedFinding>> {
        let mut fixed = of(projects);
        fixed.plain("f.status = 'fixed'");
        let sql = format!("{OBSERVED}{FROM}{} ORDER BY s.ended, f.stream, f.id LIMIT {most}", fixed.sql());
        all(&self.db, "findings", sql, fixed.values(), observed).await
    }

    /// How often each class of weakness occurred in `projects` (at most 30,000; all, when none is named).
    ///
    /// # Errors
    /// Any database error.
    pub async fn weakness_classes(&self, projects: &[String]) -> Result<Vec<ClassFacts>> {
        let filter = of(projects);
        let sql = format!(
            "SELECT f.project, f.cwe, f.severity, SUM(CASE WHEN f.status = 'fixed' THEN 0 ELSE 1 END), \
             SUM(CASE WHEN f.status = 'fixed' THEN 1 ELSE 0 END), MIN(f.first_seen), \
             MIN(CASE WHEN f.status = 'fixed' THEN s.ended END){FROM}{} \
             GROUP BY f.project, f.cwe, f.severity ORDER BY f.project, f.cwe, f.severity",
            filter.sql()
        );
        let read = |cells: &mut Cells| {
            Ok(ClassFacts {
                project: cells.text()?,
                cwe: cells.json()?,
                severity: cells.rank()?,
                open: cells.count()?,
                fixed: cells.count()?,
                first_seen: cells.time()?,
                first_fixed: cells.maybe_time()?,
            })
        };
        all(&self.db, "findings", sql, filter.values(), read).await
    }

    async fn by_severity(&self, filter: &Filter) -> Result<BySeverity> {
        let sql = format!("SELECT f.severity, COUNT(*){FROM}{} GROUP BY f.severity", filter.sql());
        let rows =
            all(&self.db, "findings", sql, filter.values(), |cells| Ok((cells.int()?, cells.count()?)))
                .await?;
        let mut counts = BySeverity::default();
        rows.into_iter().for_each(|(rank, n)| add_severity(&mut counts, rank, n));
        Ok(counts)
    }

    async fn worst(&self, filter: &Filter) -> Result<Vec<ObservedFinding>> {
        let order = "ORDER BY f.severity DESC, f.first_seen, f.stream, f.id";
        let sql = format!("{OBSERVED}{FROM}{} {order} LIMIT {}", filter.sql(), AwarenessFacts::MOST_LISTED);
        all(&self.db, "findings", sql, filter.values(), observed).await
    }

    async fn oldest(&self, projects: &[String]) -> Result<Vec<ObservedFinding>> {
        let mut oldest = Vec::new();
        for severity in Severity::ALL.into_iter().rev() {
            let mut filter = of(projects);
            filter.plain("f.status <> 'fixed'").and("f.severity = $", severity as i64);
            let order = "ORDER BY f.first_seen, f.stream, f.id";
            let sql =
                format!("{OBSERVED}{FROM}{} {order} LIMIT {}", filter.sql(), AwarenessFacts::MOST_LISTED);
            oldest.extend(all(&self.db, "findings", sql, filter.values(), observed).await?);
        }
        Ok(oldest)
    }

    /// Judgements that a finding is none, or is left as it is, that nobody took back since.
    async fn set_aside(
        &self,
        projects: &[String],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Judgement>> {
        let mut filter = Filter::default();
        filter.and("t.at >= $", micros(since)).and("t.at < $", micros(until));
        filter.plain("t.state IN ('false-positive', 'wont-fix') AND j.state = t.state");
        // Of one finding the newest judgement is told.
        filter.plain(
            "NOT EXISTS (SELECT 1 FROM triage AS n WHERE n.project = t.project AND n.finding = t.finding \
             AND n.state IS NOT NULL AND n.idx > t.idx)",
        );
        among("t.project", projects, &mut filter);
        let sql = format!(
            "SELECT t.project, t.finding, (SELECT MIN(f.title) FROM findings AS f WHERE f.project = t.project \
             AND f.id = t.finding), j.scanner, j.rule, t.state, t.reason, t.actor FROM triage AS t \
             JOIN judged AS j ON j.project = t.project AND j.finding = t.finding{} ORDER BY t.idx LIMIT {}",
            filter.sql(),
            AwarenessFacts::MOST_LISTED
        );
        let read = |cells: &mut Cells| {
            let (project, finding) = (cells.text()?, cells.parse::<model::Sha256>()?);
            Ok(Judgement {
                project,
                finding: model::FindingId(finding),
                title: cells.maybe_text()?.unwrap_or_else(|| finding.short()),
                rule: cells.maybe_text()?.zip(cells.maybe_text()?),
                state: cells.named()?,
                reason: cells.maybe_text()?.unwrap_or_default(),
                by: cells.json::<model::By>()?.name,
            })
        };
        all(&self.db, "triage", sql, filter.values(), read).await
    }

    async fn accepted(
        &self,
        projects: &[String],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Acceptance>> {
        let mut filter = Filter::default();
        filter.and("at >= $", micros(since)).and("at < $", micros(until));
        among("project", projects, &mut filter);
        let sql = format!(
            "SELECT project, COALESCE(finding, rule), reason, accepted_by, expires FROM exceptions{} \
             ORDER BY at, idx LIMIT {}",
            filter.sql(),
            AwarenessFacts::MOST_LISTED
        );
        let read = |cells: &mut Cells| {
            Ok(Acceptance {
                project: cells.text()?,
                what: cells.maybe_text()?.unwrap_or_default(),
                reason: cells.text()?,
                by: cells.text()?,
                expires: cells.time()?,
            })
        };
        all(&self.db, "exceptions", sql, filter.values(), read).await
    }
}
