//! An exception from a whole rule, for a long time, in all environments.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, day, days, point};

pub(super) static RULE: Rule = Rule { name: "broad-exception", kind: ReviewKind::DeploymentPractice, look };

/// Days from which it is long.
const LONGEST: i64 = 90;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let broad = look.practice.exceptions.iter().filter(|one| {
        one.expires > look.now
            && one.finding.is_none()
            && one.environment.is_none()
            && days(one.at, one.expires) >= LONGEST
    });
    let points = broad.map(|one| {
        let rule = one.rule.as_deref().unwrap_or("nothing in particular");
        let seen = format!(
            "{} accepted the rule {rule} in all environments for {} days, until {}",
            one.by,
            days(one.at, one.expires),
            day(one.expires)
        );
        let suggestion = "limit it to a finding, an environment and a shorter time";
        point(&RULE, &one.index.to_string(), Some(&one.project), seen, suggestion.to_owned(), &[one.index])
    });
    Ok(points.collect())
}
