//! A secret that no step was given for a long time.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, day, days, point};

pub(super) static RULE: Rule = Rule { name: "unused-secret", kind: ReviewKind::BuildProcess, look };

/// Days after which it counts as unused.
const LONGEST: i64 = 90;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let secrets = look.practice.secrets.as_ref().ok_or("it is not known which secrets steps were given")?;
    let unused = secrets.iter().filter(|one| one.last_used.is_none_or(|at| days(at, look.now) >= LONGEST));
    let points = unused.map(|one| {
        let since = one.last_used.map_or("never".to_owned(), |at| format!("last on {}", day(at)));
        let seen = format!("the secret {} was used {since}", one.name);
        let what = format!("{}/{}", one.project, one.name);
        point(
            &RULE,
            &what,
            Some(&one.project),
            seen,
            "revoke it where it is valid, and delete it".to_owned(),
            &[],
        )
    });
    Ok(points.collect())
}
