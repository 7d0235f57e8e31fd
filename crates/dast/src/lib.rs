//! Baseline dynamic checks against one deployed address.
//!
//! First the routes are discovered (OpenAPI, robots.txt, sitemap, links, forms), then every check of
//! the registry runs on them, one request after the other, so that a report is the same each time.
//!
//! **Architecture Invariant:** every request goes to the scheme, host and port of the target and
//! nowhere else; redirects are read, never followed off it; requests, time, body size and depth are
//! bounded (`client.rs`). One check is one file under `checks/` and one line in its registry.
//!
//! Probes are harmless by intent: GET and declared POST only (unless allowed), no statement that ends
//! or changes data, no links that look like signing out or deleting. Still a POST is a POST: scan
//! environments that hold test data.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod checks;
mod client;
mod der;
mod discover;
mod html;
mod openapi;
mod route;
mod session;
mod target;

pub use target::{Budget, DastError, Target};

use model::{Confidence, Coverage, ScanReport, Severity, Technique, ToolRef};

/// Name of the tool in reports and findings.
pub const TOOL: &str = "proofhouse-dast";

/// What one rule is, for listings and documents. A check has one or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Id, e.g. `dast-sql-injection`.
    pub id: &'static str,
    /// One short line.
    pub title: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// CWE numbers, most specific first.
    pub cwe: &'static [u32],
    /// How to fix it.
    pub fix: &'static str,
}

/// All rules, in the order of the checks.
pub fn rules() -> Vec<RuleInfo> {
    checks::ALL.iter().flat_map(|check| check.rules.iter().map(|rule| **rule)).collect()
}

/// Discovers the routes of the target and runs all checks within the budget.
///
/// # Errors
/// When the target is not an http(s) address, cannot be reached, or the given OpenAPI document is unusable.
pub async fn scan(target: &Target) -> Result<ScanReport, DastError> {
    target.check()?;
    let (client, first) = client::Client::connect(target).await?;
    let mut session = session::Session::new(target, client);
    discover::discover(&mut session, first).await?;
    let mut findings = vec![];
    for check in checks::ALL {
        findings.extend((check.run)(&session).await.into_iter().map(checks::Hit::finding));
    }
    let key = |f: &model::Finding| (f.place.label(), f.rule.clone());
    findings.sort_by_key(key);
    findings.dedup_by_key(|f| key(f));
    let mut identifier = model::identity::Identifier::default();
    findings.iter_mut().for_each(|finding| identifier.assign(finding));
    let tool = ToolRef { name: TOOL.into(), version: env!("CARGO_PKG_VERSION").into(), digest: None };
    Ok(ScanReport { tool, technique: Technique::Dast, findings, coverage: coverage(&session) })
}

fn coverage(session: &session::Session<'_>) -> Coverage {
    let mut coverage = Coverage { stated: true, rules: Some(rules().len() as u64), ..Coverage::default() };
    let undone = session.undone();
    let labels: std::collections::BTreeSet<_> = session.routes.iter().map(route::Route::label).collect();
    let left_out = undone.keys().filter(|what| !labels.contains(*what)).count();
    coverage.seen = (labels.len() + left_out) as u64;
    coverage.scanned = labels.iter().filter(|label| !undone.contains_key(*label)).count() as u64;
    for (what, why) in undone {
        coverage.skip(what, why);
    }
    // One broken answer among many is normal for malformed input; a target that went away is not.
    let failures = session.failures();
    if failures.len() * 2 > session.client.asked() as usize {
        failures.into_iter().take(20).for_each(|failure| coverage.error(failure));
    }
    coverage
}

/// The readers of foreign bytes, for the fuzz targets.
#[doc(hidden)]
pub mod fuzz {
    use url::Url;

    /// Number of links, forms, and fields of the largest form of a page.
    pub fn page(html: &str) -> [usize; 3] {
        let page = crate::html::page(html);
        let fields = page.forms.iter().map(|form| form.fields.len()).max();
        [page.links.len(), page.forms.len(), fields.unwrap_or(0)]
    }

    /// The addresses that the routes of an OpenAPI document lead to, each with and without a probe.
    pub fn addresses(document: &[u8], base: &Url, probe: &str) -> Option<Vec<Url>> {
        let routes = crate::openapi::parse(document).ok()?;
        let probed = |route: &crate::route::Route| {
            let each = (0..route.parameters.len()).map(|which| route.ask_with(base, which, probe).url);
            each.chain([route.ask(base).url]).collect::<Vec<_>>()
        };
        Some(routes.iter().flat_map(probed).collect())
    }

    /// Whether the end of validity of a certificate could be read.
    pub fn certificate(der: &[u8]) -> bool {
        crate::der::not_after(der).is_some()
    }
}
