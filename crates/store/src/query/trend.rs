//! Open findings over time, from the totals that every scan leaves.

use std::collections::BTreeMap;

use model::{BySeverity, Severity, Timestamp};

use super::paging::all;
use crate::{
    Result, Store,
    db::{Value, micros},
    views::TrendPoint,
};

const DAY: i64 = 86_400_000_000;

impl Store {
    /// Open findings at the end of each of the last `days` days (UTC, at most 400), oldest first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn trend(&self, project: Option<&str>, days: u32, today: Timestamp) -> Result<Vec<TrendPoint>> {
        let days = i64::from(days.clamp(1, 400));
        let last = micros(today).div_euclid(DAY);
        let first = last - days + 1;
        let scans = self.totals(project, (last + 1).saturating_mul(DAY)).await?;
        let mut scans = scans.into_iter().peekable();
        let mut open: BTreeMap<u64, BySeverity> = BTreeMap::new();
        let mut points = Vec::new();
        for day in first..=last {
            let end = (day + 1).saturating_mul(DAY);
            while let Some((_, stream, counts)) = scans.next_if(|(at, ..)| *at < end) {
                open.insert(stream, counts);
            }
            points.push(TrendPoint { day: name(day), open: sum(open.values()) });
        }
        Ok(points)
    }

    /// End, stream and open findings of every scan before `end`, in the order of their ends.
    async fn totals(&self, project: Option<&str>, end: i64) -> Result<Vec<(i64, u64, BySeverity)>> {
        let and = if project.is_some() { " AND project = $2" } else { "" };
        let sql = format!("SELECT ended, stream, open FROM scans WHERE ended < $1{and} ORDER BY ended, idx");
        let values = [Value::from(end)].into_iter().chain(project.map(Value::from)).collect();
        all(&self.db, "scans", sql, values, |cells| Ok((cells.int()?, cells.count()?, cells.json()?))).await
    }
}

fn name(day: i64) -> String {
    let noon = day.saturating_mul(DAY).saturating_add(DAY / 2);
    Timestamp::from_microsecond(noon).map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

fn sum<'a>(counts: impl Iterator<Item = &'a BySeverity>) -> BySeverity {
    let mut total = BySeverity::default();
    for count in counts {
        for severity in Severity::ALL {
            super::add_severity(&mut total, severity as i64, count.get(severity));
        }
    }
    total
}
