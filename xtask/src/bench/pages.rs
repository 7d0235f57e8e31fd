//! How fast the server's pages are over a thousand projects and a million findings.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Figure, example};
use crate::bootstrap;

/// Target of a page, in milliseconds of server time.
const TARGET: f64 = 50.0;

/// p50 and p99 of every page, and the p99 of the portfolio as a part of its target. The database is kept in the
/// cache folder: filling it takes some minutes.
pub fn million_findings(root: &Path) -> Result<Vec<Figure>> {
    println!("== pages over 1,000 projects and 1,000,000 findings");
    let folder = bootstrap::cache()?.join("bench");
    let folder = folder.to_str().context("the cache folder's name is not text")?;
    let lines = example(root, "proofhouse-server", "pages_bench", &[folder, "1000", "1000"])?;
    let mut figures = Vec::new();
    for line in &lines {
        let (Some(page), Some(p50), Some(p99)) =
            (line["name"].as_str(), line["p50_ms"].as_f64(), line["p99_ms"].as_f64())
        else {
            continue;
        };
        let what = format!("page {page}, 1,000 projects, 1,000,000 findings");
        figures.push(Figure::beside(&format!("{what}: median"), p50, "ms"));
        figures.push(Figure::at_most(&format!("{what}: p99"), p99, "ms", TARGET, "under 50 ms"));
        if page == "/portfolio" {
            figures.push(Figure::beside(&format!("{what}: p99 to target"), p99 / TARGET, "x"));
        }
    }
    Ok(figures)
}
