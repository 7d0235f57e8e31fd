//! What is used, and by whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use engine::radar::CatalogueFile;
use govern::catalogue::{Catalogue, Found, Inventory, Matcher, identify as group, starter, yaml};
use model::{Exit, Problem, identity::unversioned};
use serde_json::json;

use super::{all, files, project};
use crate::{
    app::App,
    ui::{self, BOLD, DIM, println},
};

/// Lists technologies over all projects, or writes a first catalogue of them.
pub(super) fn identify(app: &App, to: Option<&Path>) -> Result<Exit, Problem> {
    let found = group(&all(app)?);
    if let Some(to) = to {
        files::write_new(to, &yaml(&starter(&found)))?;
        println!("{}", ui::one_line(&to.to_string_lossy()));
        return Ok(Exit::Success);
    }
    if app.json() {
        ui::json(&found);
        return Ok(Exit::Success);
    }
    if found.is_empty() {
        ui::note("no project has a bill of materials yet; `proofhouse run` makes one");
    }
    for one in &found {
        tell(one);
    }
    Ok(Exit::Success)
}

fn tell(one: &Found) {
    let versions: Vec<&str> = one.versions.iter().map(String::as_str).collect();
    let projects: Vec<&str> = one.projects.keys().map(String::as_str).collect();
    println!(
        "{BOLD}{}{BOLD:#} {DIM}{}, {}, {}{DIM:#} {}",
        ui::one_line(&one.name),
        if one.known { one.quadrant.name() } else { "package" },
        ui::count(one.components, "component"),
        ui::one_line(&projects.join(", ")),
        ui::one_line(&versions.join(", ")),
    );
}

/// The catalogue that the project of the working folder names; the question has an answer without one too.
pub(super) fn of_project(app: &App) -> Catalogue {
    let Some(file) = project(&app.global).and_then(|project| project.catalogue) else {
        return Catalogue::default();
    };
    file.parse().unwrap_or_else(|unusable| {
        ui::note(&format!("{} is left out: {}", ui::one_line(&file.path), unusable.without_text()));
        Catalogue::default()
    })
}

/// Components and their versions.
type Shipped = BTreeMap<String, BTreeSet<String>>;

/// Which projects ship a technology.
pub(super) fn who(app: &App, words: &str, given: Option<&Path>) -> Result<Exit, Problem> {
    let catalogue = match given {
        Some(path) => CatalogueFile::read(&app.global.directory, &path.to_string_lossy()).open()?,
        None => of_project(app),
    };
    let inventories = all(app)?;
    let by_rule = by_rule(&inventories, words);
    let mut shipping: BTreeMap<&str, Shipped> = BTreeMap::new();
    for inventory in &inventories {
        let mut shipped = by_entry(&catalogue, inventory, words);
        shipped.extend(inventory.ships(words));
        if shipped.is_empty() {
            // Only a name that our own rules know, such as a language.
            shipped = by_rule.get(&inventory.project).cloned().unwrap_or_default();
        }
        for (what, version) in shipped {
            let versions = shipping.entry(&inventory.project).or_default().entry(what).or_default();
            versions.extend(version);
        }
    }
    if app.json() {
        ui::json(&json!({ "technology": words, "projects": shipping }));
        return Ok(Exit::Success);
    }
    if shipping.is_empty() {
        ui::note(&format!("no project ships {}", ui::one_line(words)));
    }
    for (project, shipped) in &shipping {
        for (what, versions) in shipped {
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            println!(
                "{BOLD}{project}{BOLD:#} {} {DIM}{}{DIM:#}",
                ui::one_line(what),
                ui::one_line(&versions.join(", "))
            );
        }
    }
    Ok(Exit::Success)
}

/// What counts as an entry of the catalogue.
fn by_entry(catalogue: &Catalogue, inventory: &Inventory, words: &str) -> Vec<(String, Option<String>)> {
    let entry = catalogue.technologies.iter().position(|entry| entry.name.eq_ignore_ascii_case(words));
    let Some(entry) = entry else { return vec![] };
    let matcher = Matcher::new(catalogue);
    let components = inventory.components.iter().filter_map(|one| {
        let purl = one.purl.as_deref()?;
        let hit = matcher.component(purl, one.version.as_deref()).contains(&entry);
        hit.then(|| (unversioned(purl).to_owned(), one.version.clone()))
    });
    let tools =
        inventory.tools.iter().filter(|tool| matcher.tool(&tool.name, Some(&tool.version)).contains(&entry));
    let tools = tools.map(|tool| (format!("tool {}", tool.name), Some(tool.version.clone())));
    components.chain(tools).collect()
}

/// What our own rules group under the name, by project: counted, with versions where they mean something.
fn by_rule(inventories: &[Inventory], words: &str) -> BTreeMap<String, Vec<(String, Option<String>)>> {
    let found =
        group(inventories).into_iter().filter(|one| one.known && one.name.eq_ignore_ascii_case(words));
    let mut by = BTreeMap::new();
    for (project, used) in found.flat_map(|one| one.projects) {
        let what = ui::count(used.components, "component");
        let versions: Vec<String> = used.versions.into_iter().collect();
        let shown = (!versions.is_empty()).then(|| versions.join(", "));
        by.insert(project, vec![(what, shown)]);
    }
    by
}
