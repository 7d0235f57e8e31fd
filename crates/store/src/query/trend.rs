//! Open findings over time, from the sums that every scan leaves.

use std::collections::BTreeMap;

use model::{BySeverity, Severity, Timestamp, portfolio::RiskDay};

use super::{
    day_name,
    paging::{Filter, all},
};
use crate::{Result, Store, db::micros, project::tally::DAY, views::TrendPoint};

impl Store {
    /// Open findings at the end of each of the last `days` days (UTC, at most 400), oldest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn trend(&self, project: Option<&str>, days: u32, today: Timestamp) -> Result<Vec<TrendPoint>> {
        let project = project.map(|name| [name.to_owned()]);
        let points = self.risk(project.as_ref().map(|one| one.as_slice()), days, today).await?;
        Ok(points.into_iter().map(|RiskDay { day, open }| TrendPoint { day, open }).collect())
    }

    /// The same over some projects; `None`: all.
    ///
    /// # Errors
    /// Any database error.
    pub async fn risk(
        &self,
        projects: Option<&[String]>,
        days: u32,
        today: Timestamp,
    ) -> Result<Vec<RiskDay>> {
        let days = i64::from(days.clamp(1, 400));
        let last = micros(today) / DAY;
        let first = last - days + 1;
        let mut changes = self.risk_changes(projects, first, last).await?;
        let mut open = [0_i64; Severity::ALL.len()];
        let mut points = Vec::new();
        // What changed before the first day is booked on it.
        for day in first..=last {
            for (rank, n) in changes.remove(&day).unwrap_or_default() {
                open[rank as usize] += n;
            }
            let mut counts = BySeverity::default();
            for severity in Severity::ALL {
                let n = u64::try_from(open[severity as usize]).unwrap_or(0);
                super::add_severity(&mut counts, severity as i64, n);
            }
            points.push(RiskDay { day: day_name(day), open: counts });
        }
        Ok(points)
    }

    async fn risk_changes(
        &self,
        projects: Option<&[String]>,
        first: i64,
        last: i64,
    ) -> Result<BTreeMap<i64, Vec<(Severity, i64)>>> {
        let mut filter = Filter::default();
        filter.plain("kind = 'risk'").tier(projects).and("day <= $", last);
        let day = format!("CASE WHEN day < {first} THEN {first} ELSE day END");
        let sql = format!(
            "SELECT {day} AS day, word, CAST(SUM(n) AS BIGINT) FROM tallies{} GROUP BY {day}, word",
            filter.sql()
        );
        let rows = all(&self.db, "tallies", sql, filter.values(), |cells| {
            Ok((cells.int()?, cells.known(Severity::from_name)?, cells.int()?))
        });
        let mut changes: BTreeMap<i64, Vec<(Severity, i64)>> = BTreeMap::new();
        for (day, severity, n) in rows.await? {
            changes.entry(day).or_default().push((severity, n));
        }
        Ok(changes)
    }
}
