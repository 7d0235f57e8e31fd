//! What gates said, what was deployed, and the catalogue in the newest decisions.

use std::collections::BTreeMap;

use model::portfolio::{CatalogueStanding, CatalogueViolations, Delivery, GateRate, Outcomes};

use super::PortfolioQuery;
use crate::{
    Result, Store,
    query::{
        day_name,
        paging::{Filter, all},
    },
};

/// Name, word, day and sum of a row of `tallies`.
type Sum = (String, String, i64, u64);

impl Store {
    /// What gates said in the period, by environment.
    ///
    /// # Errors
    /// Any database error.
    pub async fn gate_rates(&self, query: &PortfolioQuery<'_>) -> Result<Vec<GateRate>> {
        let mut rates: BTreeMap<String, (Outcomes, BTreeMap<i64, Outcomes>)> = BTreeMap::new();
        for (environment, outcome, day, n) in self.sums(query, "gate").await? {
            let (total, days) = rates.entry(environment).or_default();
            for counts in [total, days.entry(day).or_default()] {
                match outcome.as_str() {
                    "pass" => counts.pass += n,
                    "warn" => counts.warn += n,
                    _ => counts.deny += n,
                }
            }
        }
        let rate = |(environment, (total, days)): (String, (Outcomes, BTreeMap<i64, Outcomes>))| GateRate {
            environment,
            total,
            days: days.into_iter().map(|(day, outcomes)| (day_name(day), outcomes)).collect(),
        };
        Ok(rates.into_iter().map(rate).collect())
    }

    /// Deployments of the period, by environment.
    ///
    /// # Errors
    /// Any database error.
    pub async fn delivery(&self, query: &PortfolioQuery<'_>) -> Result<Vec<Delivery>> {
        let mut all: BTreeMap<String, (Delivery, BTreeMap<i64, u64>)> = BTreeMap::new();
        for (environment, result, day, n) in self.sums(query, "delivery").await? {
            let (delivery, days) = all.entry(environment).or_default();
            if result == "deployed" {
                *days.entry(day).or_default() += n;
            }
            *delivery.results.entry(result).or_default() += n;
        }
        for kind in ["lead", "restore"] {
            for (environment, class, _, n) in self.sums(query, kind).await? {
                let (delivery, _) = all.entry(environment).or_default();
                let times = if kind == "lead" { &mut delivery.lead } else { &mut delivery.restore };
                times.of(&class).into_iter().for_each(|count| *count += n);
            }
        }
        let finish = |(environment, (delivery, days)): (String, (Delivery, BTreeMap<i64, u64>))| Delivery {
            environment,
            days: days.into_iter().map(|(day, n)| (day_name(day), n)).collect(),
            ..delivery
        };
        Ok(all.into_iter().map(finish).collect())
    }

    /// Sums of one kind in the period; those that came to nothing are left out.
    async fn sums(&self, query: &PortfolioQuery<'_>, kind: &'static str) -> Result<Vec<Sum>> {
        let mut filter = Filter::default();
        filter.plain(format!("kind = '{kind}'")).tier(query.projects);
        filter.and("day >= $", query.since()).and("day <= $", query.today());
        let sql = format!(
            "SELECT name, word, day, CAST(SUM(n) AS BIGINT) FROM tallies{} GROUP BY name, word, day \
             HAVING SUM(n) > 0",
            filter.sql()
        );
        all(&self.db, "tallies", sql, filter.values(), |cells| {
            Ok((cells.text()?, cells.text()?, cells.int()?, cells.count()?))
        })
        .await
    }

    /// What the newest decisions say about the technology catalogue.
    ///
    /// # Errors
    /// Any database error.
    pub async fn catalogue(&self, query: &PortfolioQuery<'_>) -> Result<CatalogueStanding> {
        let mut filter = Filter::default();
        filter.plain("technologies_deny IS NOT NULL").among("project", query.projects);
        let sql = format!(
            "SELECT project, environment, idx, technologies_deny, technologies_warn FROM standings{} \
             ORDER BY technologies_deny DESC, technologies_warn DESC, project, environment",
            filter.sql()
        );
        let rows = all(&self.db, "standings", sql, filter.values(), |cells| {
            Ok(CatalogueViolations {
                project: cells.text()?,
                environment: cells.text()?,
                decision: cells.count()?,
                deny: cells.count()?,
                warn: cells.count()?,
            })
        });
        let mut worst = rows.await?;
        let standing = CatalogueStanding {
            judged: worst.len() as u64,
            denied: worst.iter().filter(|one| one.deny > 0).count() as u64,
            warned: worst.iter().filter(|one| one.deny == 0 && one.warn > 0).count() as u64,
            violations: worst.iter().map(|one| one.deny + one.warn).sum(),
            worst: Vec::new(),
        };
        worst.retain(|one| one.deny + one.warn > 0);
        worst.truncate(query.most as usize);
        Ok(CatalogueStanding { worst, ..standing })
    }
}
