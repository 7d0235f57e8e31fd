//! A scanner's rule whose findings are mostly none.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, per_cent, point};

pub(super) static RULE: Rule = Rule { name: "noisy-rule", kind: ReviewKind::Scanners, look };

/// Decisions that make a rate worth something.
const LEAST: u64 = 10;

/// Whether so many of the findings that people decided about were none that the rule costs more than it gives.
pub fn is_noisy(false_positives: u64, decided: u64) -> bool {
    decided >= LEAST && per_cent(false_positives, decided) >= 50
}

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let triage =
        look.practice.triage.as_ref().ok_or("it is not known which findings people found to be none")?;
    let noisy = triage.iter().filter(|one| is_noisy(one.false_positives, one.decided));
    let points = noisy.map(|one| {
        let rate = per_cent(one.false_positives, one.decided);
        let seen = format!(
            "{} of {} decided findings of {} {} were none ({rate} %)",
            one.false_positives, one.decided, one.scanner, one.rule
        );
        let suggestion = "narrow the rule down, lower its severity, or switch it off";
        point(
            &RULE,
            &format!("{}/{}", one.scanner, one.rule),
            None,
            seen,
            suggestion.to_owned(),
            &one.evidence,
        )
    });
    Ok(points.collect())
}
