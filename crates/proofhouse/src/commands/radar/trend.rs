//! How use changes from month to month.

use std::collections::BTreeMap;

use govern::catalogue::{Catalogue, Component, Inventory, Trend, months, trend as count};
use model::{Exit, Problem, ToolRef};
use store::views::UsedView;

use crate::{
    app::App,
    ui::{self, BAD, BOLD, DIM, GOOD, println},
};

/// Most technologies that are shown when none is named.
const MOST_SHOWN: usize = 40;

/// Projects by technology at the end of each of the last months.
pub(super) fn trend(
    app: &App,
    catalogue: &Catalogue,
    only: Option<&str>,
    number: u16,
) -> Result<Exit, Problem> {
    let mut all = vec![];
    for (label, end) in months(app.now(), number) {
        all.push((label, inventories(app.database.wait(app.store.used_at(end))?)));
    }
    let wanted =
        |one: &Trend| only.map_or(one.known, |name| name.to_lowercase() == one.technology.to_lowercase());
    let mut shown: Vec<Trend> = count(catalogue, &all).into_iter().filter(wanted).collect();
    if only.is_none() {
        shown.retain(|one| one.months.iter().any(|(_, projects)| *projects > 0));
    }
    if app.json() {
        ui::json(&shown);
        return Ok(Exit::Success);
    }
    if shown.is_empty() {
        ui::note("nothing of it was used in these months");
    }
    let left = shown.len().saturating_sub(MOST_SHOWN);
    for one in shown.iter().take(MOST_SHOWN) {
        let counts: Vec<String> = one.months.iter().map(|(_, projects)| projects.to_string()).collect();
        let (style, change) = match one.change {
            0 => (DIM, "steady".to_owned()),
            more if more > 0 => (GOOD, format!("+{more}")),
            less => (BAD, less.to_string()),
        };
        let first = one.months.first().map_or("", |(label, _)| label.as_str());
        println!(
            "{BOLD}{}{BOLD:#} {} {DIM}projects a month from {first}{DIM:#} {style}{change}{style:#}",
            ui::one_line(&one.technology),
            counts.join(" ")
        );
    }
    if left > 0 {
        ui::note(&format!("{left} more: --format json has all, a name shows one"));
    }
    Ok(Exit::Success)
}

/// What was used, by project.
fn inventories(used: Vec<UsedView>) -> Vec<Inventory> {
    let mut by: BTreeMap<String, Inventory> = BTreeMap::new();
    for one in used {
        let inventory = by
            .entry(one.project.clone())
            .or_insert_with(|| Inventory { project: one.project.clone(), ..Inventory::default() });
        match one.package {
            Some(purl) => inventory.components.push(Component {
                purl: Some(purl),
                name: one.name,
                version: one.version,
                ..Component::default()
            }),
            None => inventory.tools.push(ToolRef {
                name: one.name,
                version: one.version.unwrap_or_default(),
                digest: None,
            }),
        }
    }
    by.into_values().collect()
}
