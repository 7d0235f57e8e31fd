//! Somebody who may administer and has not signed in for a long time.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, day, days, point};

pub(super) static RULE: Rule = Rule { name: "dormant-administrator", kind: ReviewKind::AccessRights, look };

/// Days after which they count as dormant.
const LONGEST: i64 = 90;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let all = look.practice.administrators.as_ref().ok_or("no organisation says who may administer")?;
    let dormant = all.iter().filter(|one| one.last_signed_in.is_none_or(|at| days(at, look.now) >= LONGEST));
    let points = dormant.map(|one| {
        let since = one
            .last_signed_in
            .map_or("has never signed in".to_owned(), |at| format!("last signed in on {}", day(at)));
        let seen = format!("{} may administer and {since}", one.name);
        point(&RULE, &one.name, None, seen, "take the role away until it is needed".to_owned(), &[one.index])
    });
    Ok(points.collect())
}
