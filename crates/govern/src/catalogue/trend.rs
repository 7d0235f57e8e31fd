//! How use changes from month to month. Pure: what was used at the end of each month is an argument.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, tz::TimeZone};
use model::Timestamp;
use serde::Serialize;

use super::{
    entry::{Catalogue, Quadrant},
    identify::{Inventory, identify},
    matching::Matcher,
};

/// Projects that use a technology, month by month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trend {
    /// Name.
    pub technology: String,
    /// Quarter of the radar.
    pub quadrant: Quadrant,
    /// Whether the catalogue or one of our own rules knows it; otherwise it is a package by itself.
    pub known: bool,
    /// Each month (`2026-11`) with the number of projects at its end, oldest first.
    pub months: Vec<(String, u64)>,
    /// Projects now, less those at the beginning.
    pub change: i64,
}

/// The last `number` months (UTC), oldest first, each with its end; the newest ends now.
pub fn months(now: Timestamp, number: u16) -> Vec<(String, Timestamp)> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let first = today.first_of_month();
    let before = (1..i64::from(number.clamp(1, 120))).rev().filter_map(|back| {
        let month = first.checked_sub(back.months()).ok()?;
        let end = month.checked_add(1_i64.months()).ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some((label(month), end.timestamp()))
    });
    before.chain([(label(today), now)]).collect()
}

fn label(day: jiff::civil::Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// Counts projects by technology: entries of the catalogue, what our own rules know, and packages.
pub fn trend(catalogue: &Catalogue, months: &[(String, Vec<Inventory>)]) -> Vec<Trend> {
    let matcher = Matcher::new(catalogue);
    let mut by: BTreeMap<(bool, String), (Quadrant, Vec<u64>)> = BTreeMap::new();
    for (n, (_, inventories)) in months.iter().enumerate() {
        let mut note = |known: bool, name: &str, quadrant: Quadrant, projects: usize| {
            let (_, counts) =
                by.entry((known, name.to_owned())).or_insert_with(|| (quadrant, vec![0; months.len()]));
            if let Some(count) = counts.get_mut(n) {
                *count = projects as u64;
            }
        };
        let entries = of_entries(&matcher, inventories);
        for (at, entry) in catalogue.technologies.iter().enumerate() {
            note(true, &entry.name, entry.quadrant, entries.get(&at).map_or(0, BTreeSet::len));
        }
        let named =
            |name: &str| catalogue.technologies.iter().any(|e| e.name.to_lowercase() == name.to_lowercase());
        for found in identify(inventories).into_iter().filter(|found| !found.known || !named(&found.name)) {
            note(found.known, &found.name, found.quadrant, found.projects.len());
        }
    }
    let labels = || months.iter().map(|(label, _)| label.clone());
    let mut all: Vec<Trend> = by
        .into_iter()
        .map(|((known, technology), (quadrant, counts))| {
            let ends = |count: Option<&u64>| i64::try_from(count.copied().unwrap_or(0)).unwrap_or(i64::MAX);
            let change = ends(counts.last()) - ends(counts.first());
            Trend { technology, quadrant, known, months: labels().zip(counts).collect(), change }
        })
        .collect();
    let last = |one: &Trend| one.months.last().map_or(0, |(_, count)| *count);
    all.sort_by(|a, b| {
        (b.known, last(b), b.change)
            .cmp(&(a.known, last(a), a.change))
            .then_with(|| a.technology.cmp(&b.technology))
    });
    all
}

/// Projects by the entry that they use.
fn of_entries<'a>(matcher: &Matcher, inventories: &'a [Inventory]) -> BTreeMap<usize, BTreeSet<&'a str>> {
    let mut by: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for inventory in inventories {
        let components = inventory.components.iter().flat_map(|one| matcher.of_component(one));
        let tools = inventory.tools.iter().flat_map(|tool| matcher.tool(&tool.name, Some(&tool.version)));
        for entry in components.chain(tools) {
            by.entry(entry).or_default().insert(inventory.project.as_str());
        }
    }
    by
}
