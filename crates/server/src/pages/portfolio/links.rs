//! Addresses of the lists that the figures count.

use model::Severity;

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

/// Projects by the state of a technique.
pub(super) fn coverage(technique: Option<&str>, state: Option<&str>) -> String {
    format!("/coverage{}", text::query([("technique", technique), ("state", state)]))
}
