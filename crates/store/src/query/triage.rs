//! What people judged: the history of a finding, and how good the scanners' rules are.

use model::{FindingId, portfolio::RuleQuality, predicate::TriageState};

use super::paging::{Filter, all};
use crate::{Result, Store, db::Cells, views::TriageView};

fn read(cells: &mut Cells) -> Result<TriageView> {
    Ok(TriageView {
        index: cells.count()?,
        state: cells.maybe_named()?,
        duplicate_of: cells.maybe_parse()?.map(FindingId),
        reason: cells.maybe_text()?,
        assignee: cells.maybe_text()?,
        comment: cells.maybe_text()?,
        by: cells.json()?,
        at: cells.time()?,
    })
}

impl Store {
    /// Every act of triage about a finding, oldest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn triage(&self, project: &str, finding: FindingId) -> Result<Vec<TriageView>> {
        let sql = "SELECT idx, state, duplicate_of, reason, assignee, comment, actor, at FROM triage \
            WHERE project = $1 AND finding = $2 ORDER BY idx";
        all(&self.db, "triage", sql.to_owned(), vec![project.into(), finding.0.into()], read).await
    }

    /// Ledger indices of the newest judgement of each finding of a project, oldest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn judgements(&self, project: &str) -> Result<Vec<u64>> {
        let sql = "SELECT MAX(idx) FROM triage WHERE project = $1 AND state IS NOT NULL GROUP BY finding ORDER BY 1";
        all(&self.db, "triage", sql.to_owned(), vec![project.into()], Cells::count).await
    }

    /// Rules whose findings were judged, most false positives first, at most `most`.
    ///
    /// # Errors
    /// Any database error.
    pub async fn rule_quality(&self, projects: Option<&[String]>, most: u32) -> Result<Vec<RuleQuality>> {
        let mut filter = Filter::default();
        filter.plain("state IS NOT NULL AND scanner IS NOT NULL AND rule IS NOT NULL");
        filter.among("project", projects);
        let count = |state: TriageState| format!("COUNT(CASE WHEN state = '{}' THEN 1 END)", state.name());
        let sql = format!(
            "SELECT scanner, rule, {}, {}, {}, {} FROM judged{} GROUP BY scanner, rule \
             ORDER BY 3 DESC, scanner, rule LIMIT {most}",
            count(TriageState::FalsePositive),
            count(TriageState::Confirmed),
            count(TriageState::WontFix),
            count(TriageState::DuplicateOf),
            filter.sql()
        );
        all(&self.db, "judged", sql, filter.values(), |cells| {
            Ok(RuleQuality {
                scanner: cells.text()?,
                rule: cells.text()?,
                false_positive: cells.count()?,
                confirmed: cells.count()?,
                wont_fix: cells.count()?,
                duplicate: cells.count()?,
            })
        })
        .await
    }
}
