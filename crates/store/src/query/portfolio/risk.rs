//! Open findings by age, and who is over the service levels.

use model::{
    BySeverity, Severity,
    portfolio::{AgeRow, ProjectAge},
};

use super::PortfolioQuery;
use crate::{
    Result, Store,
    query::{
        add_severity, day_name,
        paging::{Filter, all},
    },
};

impl Store {
    /// Open findings by severity and age, worst first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn ages(&self, query: &PortfolioQuery<'_>) -> Result<Vec<AgeRow>> {
        let row = |severity: Severity| AgeRow {
            severity,
            open: 0,
            classes: [0; 4],
            service_level: query.service_levels.get(&severity).copied(),
            overdue: 0,
            due_before: query.due(severity).map(day_name),
        };
        let mut rows: Vec<AgeRow> = Severity::ALL.into_iter().rev().map(row).collect();
        for (severity, day, n) in self.first_days(query.projects).await? {
            let age = query.today() - day;
            let class =
                AgeRow::CLASSES.iter().position(|(_, most)| most.is_none_or(|most| age <= most.into()));
            for row in rows.iter_mut().filter(|row| row.severity == severity) {
                row.open += n;
                row.classes[class.unwrap_or(0)] += n;
                row.overdue += if query.due(severity).is_some_and(|due| day < due) { n } else { 0 };
            }
        }
        Ok(rows)
    }

    /// Open findings by severity and day of the first sight.
    async fn first_days(&self, projects: Option<&[String]>) -> Result<Vec<(Severity, i64, u64)>> {
        let mut filter = Filter::default();
        let sql = match projects {
            None => "SELECT word, day, n FROM tallies WHERE kind = 'age' AND wide = 1 AND n > 0".to_owned(),
            Some(_) => {
                filter.plain("status <> 'fixed'").among("project", projects);
                let name = severity_name("severity");
                format!(
                    "SELECT {name}, day, CAST(SUM(n) AS BIGINT) FROM stock{} GROUP BY severity, day",
                    filter.sql()
                )
            }
        };
        all(&self.db, "tallies", sql, filter.values(), |cells| {
            Ok((cells.known(Severity::from_name)?, cells.int()?, cells.count()?))
        })
        .await
    }

    /// Projects with most findings over their service level, worst first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn overdue(&self, query: &PortfolioQuery<'_>) -> Result<Vec<ProjectAge>> {
        let due = |severity: Severity| {
            Some(format!("severity = {} AND day < {}", severity as i64, query.due(severity)?))
        };
        let due: Vec<String> = Severity::ALL.into_iter().filter_map(due).collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut filter = Filter::default();
        filter.plain("status <> 'fixed'").plain(due.join(" OR ")).among("project", query.projects);
        let sum = |severity: Severity| {
            format!("CAST(SUM(CASE WHEN severity = {} THEN n ELSE 0 END) AS BIGINT)", severity as i64)
        };
        let sums: Vec<_> = Severity::ALL.into_iter().rev().map(sum).collect();
        let sql = format!(
            "SELECT project, {} FROM stock{} GROUP BY project \
             ORDER BY 2 DESC, 3 DESC, 4 DESC, 5 DESC, 6 DESC, project LIMIT {}",
            sums.join(", "),
            filter.sql(),
            query.most
        );
        all(&self.db, "stock", sql, filter.values(), |cells| {
            let mut worst = ProjectAge { project: cells.text()?, overdue: BySeverity::default() };
            for severity in Severity::ALL.into_iter().rev() {
                add_severity(&mut worst.overdue, severity as i64, cells.count()?);
            }
            Ok(worst)
        })
        .await
    }
}

/// The name of a severity by its rank, in SQL.
fn severity_name(column: &str) -> String {
    let cases = Severity::ALL.map(|severity| format!("WHEN {} THEN '{severity}'", severity as i64));
    format!("CASE {column} {} ELSE 'critical' END", cases.join(" "))
}
