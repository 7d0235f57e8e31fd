//! What reopens an entry: facts that nobody who signed it could know.

use std::collections::BTreeSet;

use jiff::ToSpan;
use model::{Severity, Timestamp};

use super::{
    super::judge::today,
    criteria::{cve, has_ended},
    facts::Facts,
};

/// What is alarming about a technology at a moment, one sentence each: known exploited vulnerabilities, release
/// lines past their end, and critical vulnerabilities that were published `days` ago and have no fix.
pub fn alerts(facts: &Facts, now: Timestamp, days: u16) -> BTreeSet<String> {
    let day = today(now);
    let mut found = BTreeSet::new();
    let advisories = facts.advisories.iter().flatten();
    for one in advisories {
        let name = cve(one);
        if one.exploited_since.is_some() {
            found.insert(format!("{name} is known to be exploited"));
        }
        let late =
            |at: Timestamp| today(at).checked_add(i64::from(days).days()).is_ok_and(|limit| limit < day);
        if one.severity == Severity::Critical && one.fixed.is_empty() && one.published.is_some_and(late) {
            found.insert(format!("{name} is critical and has had no fix for more than {days} days"));
        }
    }
    if let Some(product) = &facts.product {
        for line in product.in_use.iter().filter(|line| has_ended(product, line, day)) {
            let end = product.ends.get(line).cloned().flatten();
            let end = end.map_or_else(String::new, |end| format!(" ({end})"));
            found.insert(format!("release line {line} is past its end of life{end}"));
        }
        if !product.ends.is_empty() && product.ends.keys().all(|line| has_ended(product, line, day)) {
            found.insert(format!("no release line of {} is supported any more", product.product));
        }
    }
    found
}

/// What happened between what was signed and what is known now.
pub fn happened(signed: &Facts, current: &Facts, now: Timestamp, days: u16) -> Vec<String> {
    let before = alerts(signed, signed.at, days);
    let mut found: Vec<String> =
        alerts(current, now, days).into_iter().filter(|alert| !before.contains(alert)).collect();
    // Without the data nothing could be found any more.
    let gone = [
        ("advisory data", signed.advisories.is_some() && current.advisories.is_none()),
        ("catalogue of exploited vulnerabilities", signed.exploited_known && !current.exploited_known),
        ("endoflife data", signed.product.is_some() && current.product.is_none()),
    ];
    let gone = gone.iter().filter(|(_, gone)| *gone);
    found.extend(gone.map(|(what, _)| format!("the {what} that it was signed with is not here any more")));
    found
}
