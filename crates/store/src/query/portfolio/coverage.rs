//! Which project has which scan, and how recent it is.

use std::collections::BTreeMap;

use model::{
    Technique, Timestamp,
    portfolio::{Coverage, CoverageState, TechniqueCoverage},
};

use super::PortfolioQuery;
use crate::{
    Result, Store,
    db::micros,
    project::tally::DAY,
    query::paging::{Filter, all, cut},
    views::{Page, PageRequest},
};

/// One row for every project and technique that was scanned.
const SCANNED: &str = "SELECT project, technique, MAX(idx), MAX(complete_ended) FROM health";

/// Project, technique, newest scan, end of the newest complete one.
type Scanned = (String, Technique, u64, Option<Timestamp>);

impl Store {
    /// How far each of the wanted techniques reaches.
    ///
    /// # Errors
    /// Any database error.
    pub async fn coverage_totals(&self, query: &PortfolioQuery<'_>) -> Result<Vec<TechniqueCoverage>> {
        let projects = self.project_count(query.projects).await?;
        let counts = self.coverage_counts(query).await?;
        let total = |technique: &Technique| {
            let count = |state: CoverageState| {
                counts.get(&(technique.name().to_owned(), state.name().to_owned())).copied().unwrap_or(0)
            };
            let (fresh, stale) = (count(CoverageState::Fresh), count(CoverageState::Stale));
            let incomplete = count(CoverageState::Incomplete);
            let missing = projects.saturating_sub(fresh + stale + incomplete);
            TechniqueCoverage { technique: *technique, fresh, stale, incomplete, missing }
        };
        Ok(query.techniques.iter().map(total).collect())
    }

    /// How many projects have a technique in a state, by the names of both.
    async fn coverage_counts(&self, query: &PortfolioQuery<'_>) -> Result<BTreeMap<(String, String), u64>> {
        let mut filter = Filter::default();
        filter.among("project", query.projects);
        let oldest = oldest(query);
        let sql = format!(
            "SELECT technique, CASE WHEN complete IS NULL THEN 'incomplete' WHEN complete < {oldest} THEN 'stale' \
             ELSE 'fresh' END, COUNT(*) FROM (SELECT technique, MAX(complete_ended) AS complete FROM health{} \
             GROUP BY project, technique) AS newest GROUP BY 1, 2",
            filter.sql()
        );
        let rows = all(&self.db, "health", sql, filter.values(), |cells| {
            Ok(((cells.text()?, cells.text()?), cells.count()?))
        });
        Ok(rows.await?.into_iter().collect())
    }

    /// Projects with the state of each wanted technique, by project and technique; `only` keeps one state.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn coverage(
        &self,
        query: &PortfolioQuery<'_>,
        only: Option<CoverageState>,
        page: &PageRequest,
    ) -> Result<Page<Coverage>> {
        let mut filter = Filter::default();
        filter.among("name", query.projects);
        let sql = format!("SELECT name FROM projects{} ORDER BY name", filter.sql());
        let names = all(&self.db, "projects", sql, filter.values(), |cells| cells.text()).await?;
        let scanned = self.scanned(query.projects).await?;
        let mut known: BTreeMap<(String, &str), (u64, Option<Timestamp>)> = BTreeMap::new();
        for (project, technique, scan, complete) in scanned {
            known.insert((project, technique.name()), (scan, complete));
        }
        let after = page.after.as_deref().map(|marker| split(marker)).transpose()?;
        let mut items = Vec::new();
        let size = page.size() as usize;
        for (project, technique) in
            names.iter().flat_map(|name| query.techniques.iter().map(move |t| (name, *t)))
        {
            let place = (project.as_str(), technique.name());
            // Techniques come in the order that was asked for, so a place is found again by name.
            let passed = after.as_ref().is_some_and(|(at, technique_at)| {
                let position = |name: &str| query.techniques.iter().position(|t| t.name() == name);
                (place.0, position(place.1)) <= (at.as_str(), position(technique_at))
            });
            if passed {
                continue;
            }
            let (scan, complete) = match known.get(&(project.clone(), technique.name())) {
                Some((scan, complete)) => (Some(*scan), *complete),
                None => (None, None),
            };
            let state = if scan.is_some() { state(query, complete) } else { CoverageState::Missing };
            if only.is_none_or(|only| only == state) {
                items.push(Coverage { project: project.clone(), technique, state, scan, complete });
            }
            if items.len() > size {
                break;
            }
        }
        Ok(cut(items, size, |last| format!("{}/{}", last.technique, last.project)))
    }

    async fn scanned(&self, projects: Option<&[String]>) -> Result<Vec<Scanned>> {
        let mut filter = Filter::default();
        filter.among("project", projects);
        let sql = format!("{SCANNED}{} GROUP BY project, technique", filter.sql());
        all(&self.db, "health", sql, filter.values(), |cells| {
            Ok((cells.text()?, cells.named()?, cells.count()?, cells.maybe_time()?))
        })
        .await
    }
}

/// A complete scan that ended before this moment is stale.
fn oldest(query: &PortfolioQuery<'_>) -> i64 {
    micros(query.now).saturating_sub(i64::from(query.stale_days) * DAY)
}

/// State of a technique that was scanned.
fn state(query: &PortfolioQuery<'_>, complete: Option<Timestamp>) -> CoverageState {
    match complete {
        None => CoverageState::Incomplete,
        Some(at) if micros(at) < oldest(query) => CoverageState::Stale,
        Some(_) => CoverageState::Fresh,
    }
}

/// Project and technique of a marker.
fn split(marker: &str) -> Result<(String, &str)> {
    let bad = || crate::StoreError::BadCursor(marker.chars().take(80).collect());
    let (technique, project) = marker.split_once('/').ok_or_else(bad)?;
    Technique::from_name(technique).ok_or_else(bad)?;
    Ok((project.to_owned(), technique))
}
