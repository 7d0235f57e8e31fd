//! A project that uses an older version of a tool than others do.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, point};

pub(super) static RULE: Rule = Rule { name: "outdated-tool", kind: ReviewKind::Tools, look };

use std::collections::BTreeMap;

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let mut newest: BTreeMap<&str, &str> = BTreeMap::new();
    for one in &look.practice.tools {
        let known = newest.entry(&one.tool.name).or_insert(&one.tool.version);
        if numbers(&one.tool.version) > numbers(known) {
            *known = &one.tool.version;
        }
    }
    let points = look.practice.tools.iter().filter_map(|one| {
        let newest = *newest.get(one.tool.name.as_str())?;
        if numbers(&one.tool.version) >= numbers(newest) {
            return None;
        }
        let seen =
            format!("{} uses {} {}; others use {newest}", one.project, one.tool.name, one.tool.version);
        let what = format!("{}/{}", one.project, one.tool.name);
        Some(point(&RULE, &what, Some(&one.project), seen, format!("move to {newest}"), &[one.index]))
    });
    Ok(points.collect())
}

/// The dotted numbers that a version begins with.
fn numbers(version: &str) -> Vec<u64> {
    let start = version.find(|c: char| c.is_ascii_digit()).unwrap_or(version.len());
    let dotted = version[start..].split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    dotted.split('.').filter(|part| !part.is_empty()).map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}
