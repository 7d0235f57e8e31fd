//! Addresses of the lists that the figures count.

use model::{Severity, portfolio::ToolHealth};

use crate::text;

/// Findings that are open.
pub(super) const OPEN: &str = "new,existing,reopened";

/// Open findings of a severity, first seen from one day on and before another.
pub(super) fn findings(
    project: Option<&str>,
    severity: Option<Severity>,
    from: Option<&str>,
    before: Option<&str>,
) -> String {
    let pairs = [
        ("project", project),
        ("status", Some(OPEN)),
        ("severity", severity.map(Severity::name)),
        ("from", from),
        ("before", before),
    ];
    format!("/findings{}", text::query(pairs))
}

/// Decisions about an environment since a day.
pub(super) fn decisions(environment: Option<&str>, outcome: Option<&str>, from: &str) -> String {
    let pairs = [("environment", environment), ("outcome", outcome), ("from", Some(from))];
    format!("/decisions{}", text::query(pairs))
}

/// Deployments into an environment since a day.
pub(super) fn deployments(environment: Option<&str>, result: Option<&str>, from: &str) -> String {
    let pairs = [("environment", environment), ("result", result), ("from", Some(from))];
    format!("/deployments{}", text::query(pairs))
}

/// What a scanner looks at; only where its newest scan is not complete.
pub(super) fn scanners(tool: &ToolHealth, failing: bool) -> String {
    let pairs = [
        ("tool", Some(tool.tool.as_str())),
        ("technique", Some(tool.technique.name())),
        ("failing", Some("true").filter(|_| failing)),
    ];
    format!("/scanners{}", text::query(pairs))
}

/// Projects by the state of a technique.
pub(super) fn coverage(technique: Option<&str>, state: Option<&str>) -> String {
    format!("/coverage{}", text::query([("technique", technique), ("state", state)]))
}
