//! One file per suggestion, and one line in the registry.

mod broad_exception;
mod catalogue_objection;
mod dormant_administrator;
mod flaky_step;
mod missed_exception;
mod missing_coverage;
mod noisy_rule;
mod outdated_tool;
mod overridden_gate;
mod roll_backs;
mod silent_scanner;
mod slow_step;
mod unpinned_tool;
mod unused_secret;

pub use noisy_rule::is_noisy;

use model::predicate::{ReviewKind, ReviewPoint};

use super::Look;

/// A rule that suggests something. It gives its suggestions, or why it cannot look.
pub(super) struct Rule {
    /// Its name, the beginning of its points' ids.
    pub name: &'static str,
    /// The kind of review that it is part of.
    pub kind: ReviewKind,
    /// Looks.
    pub look: fn(&Look<'_>) -> Result<Vec<ReviewPoint>, &'static str>,
}

/// The registry.
static RULES: [&Rule; 14] = [
    &broad_exception::RULE,
    &catalogue_objection::RULE,
    &dormant_administrator::RULE,
    &flaky_step::RULE,
    &missed_exception::RULE,
    &missing_coverage::RULE,
    &noisy_rule::RULE,
    &outdated_tool::RULE,
    &overridden_gate::RULE,
    &roll_backs::RULE,
    &silent_scanner::RULE,
    &slow_step::RULE,
    &unpinned_tool::RULE,
    &unused_secret::RULE,
];

/// Rules of one kind of review.
pub(super) fn of(kind: ReviewKind) -> impl Iterator<Item = &'static Rule> {
    RULES.into_iter().filter(move |rule| rule.kind == kind)
}

/// Names of all rules with the kind of review that each is part of.
pub fn names() -> impl Iterator<Item = (&'static str, ReviewKind)> {
    RULES.into_iter().map(|rule| (rule.name, rule.kind))
}

/// A point of a rule: `what` makes its id.
fn point(
    rule: &Rule,
    what: &str,
    project: Option<&str>,
    seen: String,
    suggestion: String,
    evidence: &[u64],
) -> ReviewPoint {
    ReviewPoint {
        id: format!("{}:{what}", rule.name),
        rule: rule.name.to_owned(),
        project: project.map(str::to_owned),
        seen,
        suggestion,
        evidence: evidence.iter().copied().take(20).collect(),
    }
}

/// Whole per cent; of nothing it is 0.
fn per_cent(part: u64, whole: u64) -> u64 {
    (part.saturating_mul(100)).checked_div(whole).unwrap_or(0)
}

/// Whole days between two moments.
fn days(from: model::Timestamp, to: model::Timestamp) -> i64 {
    (to.as_second() - from.as_second()).div_euclid(86_400)
}

/// The day (UTC) of a moment.
fn day(at: model::Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
