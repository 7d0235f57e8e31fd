//! A step that gives different results for the same command and inputs, or needs several attempts.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, point};

pub(super) static RULE: Rule = Rule { name: "flaky-step", kind: ReviewKind::BuildProcess, look };

use std::collections::BTreeMap;

/// Executions with a second attempt from which a step is told.
const LEAST: u64 = 3;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let mut differing: BTreeMap<(&str, &str), (u64, Vec<u64>)> = BTreeMap::new();
    for action in &look.practice.differing {
        let known = differing.entry((&action.project, &action.step)).or_default();
        known.0 += 1;
        known.1.push(action.index);
    }
    for step in look.practice.steps.iter().filter(|step| step.retried >= LEAST) {
        differing.entry((&step.project, &step.step)).or_default().1.push(step.index);
    }
    let retried = |project: &str, name: &str| {
        let step = look.practice.steps.iter().find(|step| step.project == project && step.step == name);
        step.map_or((0, 0), |step| (step.retried, step.recent + step.earlier))
    };
    let points = differing.into_iter().map(|((project, step), (actions, evidence))| {
        let (retried, executions) = retried(project, step);
        let seen = format!(
            "{step}: {actions} actions passed and failed with the same inputs; {retried} of {executions} \
             executions needed another attempt"
        );
        let suggestion = "make it steady, or take what varies (time, order, network) out of it";
        point(&RULE, &format!("{project}/{step}"), Some(project), seen, suggestion.to_owned(), &evidence)
    });
    Ok(points.collect())
}
