//! A step that takes much longer than it used to.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, point};

pub(super) static RULE: Rule = Rule { name: "slow-step", kind: ReviewKind::BuildProcess, look };

/// Executions in each half of the time that make a comparison worth something.
const LEAST: u64 = 5;
/// Shortest time that anybody waits for, in milliseconds.
const SHORTEST_MS: u64 = 10_000;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let steps = look.practice.steps.iter().filter(|step| step.recent >= LEAST && step.earlier >= LEAST);
    let points = steps.filter_map(|step| {
        let (now, before) = (step.recent_ms / step.recent, step.earlier_ms / step.earlier);
        if now < SHORTEST_MS || now < before.saturating_mul(3) / 2 {
            return None;
        }
        let seen = format!(
            "{} takes {} s on average over {} executions; before it was {} s over {}",
            step.step,
            now / 1000,
            step.recent,
            before / 1000,
            step.earlier
        );
        let suggestion =
            "find out what made it slower: inputs that grew, a cache that no longer answers, a tool";
        let what = format!("{}/{}", step.project, step.step);
        Some(point(&RULE, &what, Some(&step.project), seen, suggestion.to_owned(), &[step.index]))
    });
    Ok(points.collect())
}
