//! An environment into which deployments often do not stay.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, per_cent, point};

pub(super) static RULE: Rule = Rule { name: "roll-backs", kind: ReviewKind::DeploymentPractice, look };

use std::collections::BTreeMap;

use model::predicate::DeploymentResult as Result_;

/// Failures from which an environment is told.
const LEAST: usize = 2;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let mut all: BTreeMap<(&str, &str), (u64, Vec<u64>)> = BTreeMap::new();
    // What a gate refused touched nothing.
    for one in look.practice.deployments.iter().filter(|one| one.result != Result_::Denied) {
        let known = all.entry((&one.project, &one.environment)).or_default();
        known.0 += 1;
        if one.result != Result_::Deployed {
            known.1.push(one.index);
        }
    }
    let often = all.into_iter().filter(|(_, (attempts, failed))| {
        failed.len() >= LEAST && per_cent(failed.len() as u64, *attempts) >= 20
    });
    let points = often.map(|((project, environment), (attempts, failed))| {
        let seen = format!(
            "{} of {attempts} deployments into {environment} failed or were brought back",
            failed.len()
        );
        let suggestion = "look at what they have in common, and test it before the gate";
        point(&RULE, &format!("{project}/{environment}"), Some(project), seen, suggestion.to_owned(), &failed)
    });
    Ok(points.collect())
}
