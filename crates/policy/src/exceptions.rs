//! Exceptions turn a denial into a warning, for the finding or rule they name, until they expire.

use model::{
    FindingId,
    evidence::{Evidence, ExceptionFacts, Outcome, Reason, RuleResult},
};

/// Applies the exceptions that are in force to the reasons of an exceptable rule.
pub(crate) fn apply(result: &mut RuleResult, evidence: &Evidence) {
    let live: Vec<&ExceptionFacts> = evidence.exceptions.iter().filter(|e| in_force(e, evidence)).collect();
    for reason in result.reasons.iter_mut().filter(|r| r.outcome == Outcome::Deny) {
        if let Some(exception) = covering(reason, &result.rule, &live) {
            reason.outcome = Outcome::Warn;
            reason.exception = Some(exception.index);
            reason.message =
                format!("{} — accepted by {} until {}", reason.message, exception.by, exception.expires);
        }
    }
    result.outcome = result.reasons.iter().map(|r| r.outcome).max().unwrap_or(Outcome::Pass);
}

fn in_force(exception: &ExceptionFacts, evidence: &Evidence) -> bool {
    !exception.unentitled
        && exception.expires > evidence.now
        && exception.environment.as_deref().is_none_or(|name| name == evidence.environment)
}

/// One exception must cover the rule, or each finding of the reason must be covered by one.
fn covering<'a>(reason: &Reason, rule: &str, live: &[&'a ExceptionFacts]) -> Option<&'a ExceptionFacts> {
    let by_rule = live.iter().find(|e| e.rule.as_deref() == Some(rule));
    let by_finding = |id: &FindingId| live.iter().find(|e| e.finding == Some(*id));
    if reason.findings.is_empty() || by_rule.is_some() {
        return by_rule.copied();
    }
    let covering: Option<Vec<_>> = reason.findings.iter().map(by_finding).collect();
    covering?.into_iter().min_by_key(|e| e.expires).copied()
}
