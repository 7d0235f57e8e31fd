//! A scanner that has found nothing for a year.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, days, point};

pub(super) static RULE: Rule = Rule { name: "silent-scanner", kind: ReviewKind::Scanners, look };

/// Scans that make silence worth something.
const LEAST: u64 = 10;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let silent = look
        .practice
        .scanners
        .iter()
        .filter(|one| one.scans >= LEAST && one.findings == 0 && days(one.first, look.now) >= 365);
    let points = silent.map(|one| {
        let seen =
            format!("{} ({}) found nothing in {} scans within a year", one.tool, one.technique, one.scans);
        let suggestion = "let it look at something that it must find; if it does, ask whether it is needed";
        let what = format!("{}/{}", one.tool, one.technique);
        point(&RULE, &what, None, seen, suggestion.to_owned(), &[one.index])
    });
    Ok(points.collect())
}
