//! Scanners as they were last seen.

use std::collections::BTreeMap;

use model::{BySeverity, Severity, portfolio::ToolHealth};

use super::PortfolioQuery;
use crate::{
    Result, Store,
    db::Cells,
    query::{
        add_severity,
        paging::{Filter, all, newest_first},
    },
    views::{Page, PageRequest, StreamFilter, StreamView},
};

const STREAM: &str = "SELECT idx, stream, project, technique, tool, version, digest, target, ended, complete, \
    complete_ended, scans, incomplete, info, low, medium, high, critical FROM health";

fn stream(cells: &mut Cells) -> Result<StreamView> {
    let mut view = StreamView {
        index: cells.count()?,
        stream: cells.count()?,
        project: cells.text()?,
        technique: cells.named()?,
        tool: cells.text()?,
        version: cells.text()?,
        digest: cells.maybe_parse()?,
        target: cells.text()?,
        ended: cells.time()?,
        complete: cells.yes()?,
        complete_ended: cells.maybe_time()?,
        scans: cells.count()?,
        incomplete: cells.count()?,
        open: BySeverity::default(),
    };
    for severity in Severity::ALL {
        add_severity(&mut view.open, severity as i64, cells.count()?);
    }
    Ok(view)
}

impl Store {
    /// What the scanners look at, newest scans first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn streams(&self, wanted: &StreamFilter, page: &PageRequest) -> Result<Page<StreamView>> {
        let mut filter = Filter::default();
        filter
            .and_maybe("project = $", wanted.project.as_ref())
            .and_maybe("tool = $", wanted.tool.as_ref())
            .and_maybe("technique = $", wanted.technique.map(model::Technique::name))
            .and_maybe("complete = $", wanted.failing.then_some(false))
            .among("project", wanted.projects.as_deref());
        newest_first(&self.db, "health", STREAM, filter, page, stream, |view| view.index).await
    }

    /// Scanners over all projects, those that fail most first.
    ///
    /// # Errors
    /// Any database error.
    pub async fn tools(&self, query: &PortfolioQuery<'_>) -> Result<Vec<ToolHealth>> {
        let mut filter = Filter::default();
        filter.among("project", query.projects);
        let sum = |what: &str| format!("CAST(SUM({what}) AS BIGINT)");
        let sql = format!(
            "SELECT tool, technique, COUNT(DISTINCT project), MAX(ended), MAX(idx), {}, {}, {}, \
             COUNT(DISTINCT version), {} FROM health{} GROUP BY tool, technique",
            sum("scans"),
            sum("incomplete"),
            sum("1 - complete"),
            sum("critical + high + medium + low + info"),
            filter.sql()
        );
        let rows = all(&self.db, "health", sql, filter.values(), |cells| {
            Ok(ToolHealth {
                tool: cells.text()?,
                technique: cells.named()?,
                projects: cells.count()?,
                last: cells.time()?,
                last_scan: cells.count()?,
                scans: cells.count()?,
                incomplete: cells.count()?,
                failing: cells.count()?,
                versions: cells.count()?,
                drift: false,
                open: cells.count()?,
            })
        });
        let mut tools = rows.await?;
        let drifting = self.drifting(&filter).await?;
        for tool in &mut tools {
            tool.drift = drifting.get(&tool.tool).is_some_and(|versions| *versions > 0);
        }
        tools.sort_by_cached_key(|tool| (std::cmp::Reverse(tool.failing), tool.tool.clone()));
        Ok(tools)
    }

    /// Tools of which one version has several digests: somewhere it is not what it was pinned as.
    async fn drifting(&self, filter: &Filter) -> Result<BTreeMap<String, u64>> {
        let sql = format!(
            "SELECT tool, COUNT(*) FROM (SELECT tool, version FROM health{} GROUP BY tool, version \
             HAVING COUNT(DISTINCT digest) > 1) AS several GROUP BY tool",
            filter.sql()
        );
        let rows = all(&self.db, "health", sql, filter.values(), |cells| Ok((cells.text()?, cells.count()?)))
            .await?;
        Ok(rows.into_iter().collect())
    }
}
