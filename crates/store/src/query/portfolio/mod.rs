//! The portfolio: every figure is a sum over tables that are as small as the number of projects, or
//! smaller; none is counted finding by finding.
//!
//! `projects` limits every figure to some projects (what somebody may see); `None` means all, and is read
//! from sums over all.

mod coverage;
mod delivery;
mod risk;
mod tools;

use model::{
    Severity, Technique, Timestamp,
    portfolio::{ExceptionTotals, Portfolio, ServiceLevels},
};

use super::{
    day_name,
    paging::{Filter, all},
};
use crate::{Result, Store, db::micros, project::tally::DAY};

/// What a portfolio is asked for.
#[derive(Clone, Debug)]
pub struct PortfolioQuery<'a> {
    /// Only these projects; `None`: all.
    pub projects: Option<&'a [String]>,
    /// The moment of the question.
    pub now: Timestamp,
    /// Days that figures about a period go back, today included, 1 to 400.
    pub days: u32,
    /// Days until a finding must be dealt with.
    pub service_levels: &'a ServiceLevels,
    /// Techniques that every project should have.
    pub techniques: &'a [Technique],
    /// A complete scan that is older is stale.
    pub stale_days: u32,
    /// Length of lists of the worst.
    pub most: u32,
}

impl PortfolioQuery<'_> {
    /// Today, as days since 1970.
    fn today(&self) -> i64 {
        micros(self.now) / DAY
    }

    /// First day of the period.
    fn since(&self) -> i64 {
        self.today() - i64::from(self.days.clamp(1, 400)) + 1
    }

    /// First day that is not over the service level of this severity.
    fn due(&self, severity: Severity) -> Option<i64> {
        self.service_levels.get(&severity).map(|days| self.today() - i64::from(*days))
    }
}

impl Store {
    /// Everything about the portfolio.
    ///
    /// # Errors
    /// Any database error.
    pub async fn portfolio(&self, query: &PortfolioQuery<'_>) -> Result<Portfolio> {
        Ok(Portfolio {
            projects: self.project_count(query.projects).await?,
            since: day_name(query.since()),
            today: day_name(query.today()),
            trend: self.risk(query.projects, query.days, query.now).await?,
            ages: self.ages(query).await?,
            overdue: self.overdue(query).await?,
            gates: self.gate_rates(query).await?,
            coverage: self.coverage_totals(query).await?,
            delivery: self.delivery(query).await?,
            exceptions: self.exception_totals(query).await?,
            tools: self.tools(query).await?,
            catalogue: self.catalogue(query).await?,
            quality: self.rule_quality(query.projects, query.most).await?,
        })
    }

    /// How many projects there are.
    ///
    /// # Errors
    /// Any database error.
    pub async fn project_count(&self, projects: Option<&[String]>) -> Result<u64> {
        let mut filter = Filter::default();
        filter.among("name", projects);
        let sql = format!("SELECT COUNT(*) FROM projects{}", filter.sql());
        let counts = all(&self.db, "projects", sql, filter.values(), |cells| cells.count()).await?;
        Ok(counts.into_iter().sum())
    }

    /// Accepted risks by their end.
    ///
    /// # Errors
    /// Any database error.
    pub async fn exception_totals(&self, query: &PortfolioQuery<'_>) -> Result<ExceptionTotals> {
        let now = micros(query.now);
        let soon = now.saturating_add(ExceptionTotals::SOON_DAYS * DAY);
        let lapsed = now.saturating_sub(ExceptionTotals::LAPSED_DAYS * DAY);
        let mut filter = Filter::default();
        filter.and("expires > $", lapsed).among("project", query.projects);
        let sql = format!(
            "SELECT CASE WHEN expires <= {now} THEN 'lapsed' WHEN expires <= {soon} THEN 'soon' ELSE 'later' END, \
             COUNT(*) FROM exceptions{} GROUP BY 1",
            filter.sql()
        );
        let rows =
            all(&self.db, "exceptions", sql, filter.values(), |cells| Ok((cells.text()?, cells.count()?)));
        let mut totals = ExceptionTotals::default();
        for (class, n) in rows.await? {
            match class.as_str() {
                "lapsed" => totals.lapsed = n,
                "soon" => totals.soon = n,
                _ => totals.active = n,
            }
        }
        totals.active += totals.soon;
        Ok(totals)
    }
}
