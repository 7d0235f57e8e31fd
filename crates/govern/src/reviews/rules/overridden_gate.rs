//! A rule of a gate that is nearly always overridden by exceptions.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, per_cent, point};

pub(super) static RULE: Rule = Rule { name: "overridden-gate", kind: ReviewKind::DeploymentPractice, look };

/// Decisions that make a habit.
const LEAST: u64 = 5;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let habits = look
        .practice
        .gates
        .iter()
        .filter(|gate| gate.objected >= LEAST && per_cent(gate.overridden, gate.objected) >= 80);
    let points = habits.map(|gate| {
        let seen = format!(
            "the rule {} objected {} times in {} and was overridden {} times",
            gate.rule, gate.objected, gate.environment, gate.overridden
        );
        let suggestion = "decide what it should demand: a rule that never stops anything protects nobody";
        let what = format!("{}/{}/{}", gate.project, gate.environment, gate.rule);
        point(&RULE, &what, Some(&gate.project), seen, suggestion.to_owned(), &gate.evidence)
    });
    Ok(points.collect())
}
