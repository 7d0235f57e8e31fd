//! An accepted risk that has ended while what it covered is still there, and nobody accepted it anew.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, day, point};

pub(super) static RULE: Rule = Rule { name: "missed-exception", kind: ReviewKind::DeploymentPractice, look };

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let all = &look.practice.exceptions;
    let missed = all.iter().filter(|one| {
        let same = |other: &&model::practice::ExceptionPractice| {
            (&other.project, other.finding, &other.rule) == (&one.project, one.finding, &one.rule)
                && (other.environment.is_none() || other.environment == one.environment)
        };
        // The newest of several that ended is told.
        let replaced = |other: &model::practice::ExceptionPractice| {
            other.expires > look.now || (other.expires, other.index) > (one.expires, one.index)
        };
        one.expires <= look.now && one.remains && !all.iter().filter(same).any(replaced)
    });
    let points = missed.map(|one| {
        let covered = match (&one.finding, &one.rule) {
            (Some(id), _) => format!("the finding {}", id.0.short()),
            (None, rule) => format!("the rule {}", rule.as_deref().unwrap_or("?")),
        };
        let seen = format!("{} accepted {covered} until {}; it is still there", one.by, day(one.expires));
        let suggestion = "mend it, or let somebody accept it anew with a reason";
        point(&RULE, &one.index.to_string(), Some(&one.project), seen, suggestion.to_owned(), &[one.index])
    });
    Ok(points.collect())
}
