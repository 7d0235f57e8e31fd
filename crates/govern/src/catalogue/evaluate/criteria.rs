//! Each criterion: a score, and the data behind it in words.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    super::judge::today,
    facts::{AdvisoryFacts, Facts, ProductFacts},
};

/// Years of history that count.
const YEARS: i16 = 5;
/// Days after which advisory data is old.
const OLD: i32 = 30;
/// Days after which it says nothing about lately any more.
const STALE: i32 = 365;

pub(super) type Scored = (Option<f64>, Vec<String>);

fn unknown(why: &str) -> Scored {
    (None, vec![format!("unknown: {why}")])
}

fn count(number: usize, what: &str) -> String {
    match what.strip_suffix('y') {
        _ if number == 1 => format!("1 {what}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {what}s"),
    }
}

/// Advisories that are the same vulnerability are one; the one with the most known about it stands for them.
fn distinct(all: &[AdvisoryFacts]) -> Vec<&AdvisoryFacts> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&AdvisoryFacts>> = vec![];
    for one in all {
        let names = || one.aliases.iter().chain([&one.id]).map(String::as_str);
        let at = names().find_map(|name| known.get(name).copied()).unwrap_or(groups.len());
        if at == groups.len() {
            groups.push(vec![]);
        }
        names().for_each(|name| {
            known.insert(name, at);
        });
        groups[at].push(one);
    }
    let worth = |one: &&&AdvisoryFacts| (one.days_to_fix.is_some(), !one.fixed.is_empty(), one.published);
    groups.iter().filter_map(|group| group.iter().max_by_key(worth).copied()).collect()
}

/// 10, less 1.5 for each advisory a year (over five years) and 2 for each known to be exploited in them.
pub(super) fn incidents(facts: &Facts) -> Scored {
    let Some(all) = &facts.advisories else {
        return unknown("no imported advisory data covers its packages");
    };
    let all = distinct(all);
    let year = |one: &AdvisoryFacts| one.published.map(|at| today(at).year());
    let this = today(facts.at).year();
    let mut by_year: BTreeMap<i16, usize> = BTreeMap::new();
    for one in &all {
        year(one).into_iter().for_each(|year| *by_year.entry(year).or_default() += 1);
    }
    let recent: usize = by_year.range(this - YEARS + 1..).map(|(_, number)| number).sum();
    let exploited: Vec<&&AdvisoryFacts> = all.iter().filter(|one| one.exploited_since.is_some()).collect();
    let lately = |one: &&&&AdvisoryFacts| year(one).is_some_and(|year| year > this - YEARS);
    let score =
        10.0 - 1.5 * recent as f64 / f64::from(YEARS) - 2.0 * exploited.iter().filter(lately).count() as f64;
    let years: Vec<String> = by_year.iter().rev().map(|(year, number)| format!("{year}: {number}")).collect();
    let mut because = vec![format!("{} in the last {YEARS} years", count(recent, "vulnerability"))];
    if !years.is_empty() {
        because.push(format!("by year: {}", years.join(", ")));
    }
    let undated = all.iter().filter(|one| one.published.is_none()).count();
    if undated > 0 {
        because.push(format!("{undated} without a date"));
    }
    because.push(age(facts));
    because.push(match (facts.exploited_known, exploited.as_slice()) {
        (false, _) => "known exploited: unknown, no such catalogue is imported".to_owned(),
        (true, []) => "none is known to be exploited".to_owned(),
        (true, some) => {
            let ids: Vec<String> = some.iter().take(10).map(|one| cve(one)).collect();
            format!("known to be exploited: {}", ids.join(", "))
        }
    });
    if days_old(facts).is_some_and(|days| days > STALE) {
        because.insert(0, "unknown: the advisory data is too old to speak of these years".to_owned());
        return (None, because);
    }
    (Some(score), because)
}

fn days_old(facts: &Facts) -> Option<i32> {
    let as_of = facts.advisories_as_of.map(today)?;
    Some(today(facts.at).since(as_of).map_or(0, |span| span.get_days()))
}

/// How old the advisory data is: what came later is in none of these numbers.
fn age(facts: &Facts) -> String {
    let Some((as_of, days)) = facts.advisories_as_of.map(today).zip(days_old(facts)) else {
        return "the age of the advisory data is unknown".to_owned();
    };
    let old = if days > OLD { format!(", {days} days old: import newer data") } else { String::new() };
    format!("advisory data of {as_of}{old}")
}

pub(super) fn cve(one: &AdvisoryFacts) -> String {
    let named = one.aliases.iter().chain([&one.id]).find(|name| name.starts_with("CVE-"));
    named.unwrap_or(&one.id).clone()
}

/// By the median of days from publication to the fixed release; vulnerabilities without a fix take up to half.
pub(super) fn response(facts: &Facts) -> Scored {
    let Some(all) = &facts.advisories else {
        return unknown("no imported advisory data covers its packages");
    };
    let all = distinct(all);
    if all.is_empty() {
        return unknown("there is no advisory to respond to");
    }
    let fixed = all.iter().filter(|one| !one.fixed.is_empty()).count();
    let mut days: Vec<i64> = all.iter().filter_map(|one| one.days_to_fix).collect();
    days.sort_unstable();
    let told = format!("a fixed release exists for {fixed} of {}", count(all.len(), "vulnerability"));
    let Some(median) = days.get(days.len() / 2).copied() else {
        let why = "no release day of a fixed version is known (endoflife data of its product would tell)";
        return (None, vec![format!("unknown: {why}"), told]);
    };
    let speed = match median {
        ..=0 => 10.0,
        1..=7 => 9.0,
        8..=30 => 7.0,
        31..=90 => 4.0,
        _ => 2.0,
    };
    let unfixed = 1.0 - fixed as f64 / all.len() as f64;
    let range = (days.first().copied().unwrap_or(0), days.last().copied().unwrap_or(0));
    let because = vec![
        format!(
            "median {median} days from publication to the fixed release ({} measured, {} to {})",
            days.len(),
            range.0,
            range.1
        ),
        told,
    ];
    (Some(speed - 5.0 * unfixed), because)
}

/// By the age of the newest release; 0 when every release line has ended, 3 less when one in use has.
pub(super) fn maintenance(facts: &Facts) -> Scored {
    let Some(product) = &facts.product else {
        return unknown("no endoflife data is about it (name its `product`)");
    };
    let day = today(facts.at);
    let alive = product.ends.keys().filter(|line| !has_ended(product, line, day)).count();
    let mut because = vec![format!("{alive} of {} are supported", count(product.ends.len(), "release line"))];
    let gone: Vec<&str> =
        product.in_use.iter().filter(|line| has_ended(product, line, day)).map(String::as_str).collect();
    if !gone.is_empty() {
        because.push(format!("in use past its end: {}", gone.join(", ")));
    }
    if let Some((version, date)) = &product.newest {
        because.push(format!("newest release {version} of {date}"));
        because.push(format!(
            "{} in a year",
            count(usize::try_from(product.releases_in_a_year).unwrap_or(0), "release")
        ));
    }
    if alive == 0 && !product.ends.is_empty() {
        return (Some(0.0), because);
    }
    let age = product.newest.as_ref().and_then(|(_, date)| date.parse::<Date>().ok());
    let Some(age) = age.and_then(|date| day.since(date).ok()).map(|span| span.get_days()) else {
        return (None, [vec!["unknown: no day of a release is known".to_owned()], because].concat());
    };
    let score = match age {
        ..=90 => 10.0,
        91..=180 => 8.0,
        181..=365 => 6.0,
        366..=730 => 3.0,
        _ => 1.0,
    };
    (Some(score - if gone.is_empty() { 0.0 } else { 3.0 }), because)
}

pub(super) fn has_ended(product: &ProductFacts, line: &str, day: Date) -> bool {
    let end = product.ends.get(line).cloned().flatten().and_then(|end| end.parse::<Date>().ok());
    product.ended.contains(line) || end.is_some_and(|end| end < day)
}

pub(super) fn scorecard(facts: &Facts) -> Scored {
    match &facts.scorecard {
        None => unknown("no OpenSSF Scorecard was imported"),
        Some(card) => {
            (Some(card.score), vec![format!("{} of 10 for {} on {}", card.score, card.repository, card.date)])
        }
    }
}

/// The mean of what people say, 1 to 5, doubled.
pub(super) fn opinion(facts: &Facts, criterion: &str) -> Scored {
    let of = facts.opinions.iter().filter(|one| one.criterion.as_deref() == Some(criterion));
    let scores: Vec<(u8, String)> = of.filter_map(|one| Some((one.score?, said(one)))).collect();
    if scores.is_empty() {
        return unknown("nobody has assessed it");
    }
    let mean = scores.iter().map(|(score, _)| f64::from(*score)).sum::<f64>() / scores.len() as f64;
    (Some(mean * 2.0), scores.into_iter().map(|(_, said)| said).collect())
}

fn said(one: &super::OpinionFacts) -> String {
    let comment = one.comment.as_deref().map_or_else(String::new, |text| format!(": {text}"));
    format!("{} of 5 by {}{comment}", one.score.unwrap_or(0), one.by.name)
}

/// By how many projects use it, and one more for three people.
pub(super) fn familiarity(facts: &Facts) -> Scored {
    let used = &facts.familiarity;
    if used.of == 0 {
        return unknown("no project has a bill of materials");
    }
    let score = match used.projects.len() {
        0 => 0.0,
        1 => 3.0,
        2..=3 => 5.0,
        4..=9 => 7.0,
        _ => 9.0,
    };
    let versions: BTreeSet<&String> = used.projects.values().flatten().collect();
    let because = vec![
        format!(
            "{} of {} use it",
            used.projects.len(),
            count(usize::try_from(used.of).unwrap_or(0), "project")
        ),
        format!("{} in use", count(versions.len(), "version")),
        match used.people.len() {
            0 => "people: unknown, nobody has deployed these projects yet".to_owned(),
            1 => "1 person has deployed or answered for these projects".to_owned(),
            number => format!("{number} people have deployed or answered for these projects"),
        },
    ];
    (Some(score + if used.people.len() >= 3 { 1.0 } else { 0.0 }), because)
}
