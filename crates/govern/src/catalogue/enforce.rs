//! What the catalogue comes to over all projects: who still ships what they should not and until when, entries that
//! nobody uses, and objectives. Pure: use, owners and the day are arguments.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::{
    entry::{Catalogue, Goal, Measure, Quadrant, Ring},
    identify::Inventory,
    judge::{denies, judge},
    matching::Matcher,
    settings::Objective,
    signing::{Standings, State},
};

/// Something in use that the catalogue does not want.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Misuse {
    /// Last day (UTC) on which it only warns; absent when there is none.
    pub until: Option<String>,
    /// Whether it denies today.
    pub denied: bool,
    /// Name of the entry; absent for what is in none.
    pub technology: Option<String>,
    /// Project that uses it.
    pub project: String,
    /// Package URL without version, or the name.
    pub component: String,
    /// Version in use.
    pub version: Option<String>,
    /// As at the gate: `technology-hold`, `technology-version`, …
    pub code: String,
    /// Who answers for the entry.
    pub owner: Option<String>,
    /// Who answers for the project.
    pub teams: Vec<String>,
    /// One sentence for people.
    pub message: String,
}

/// How far an objective is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Reached.
    Met,
    /// Not reached, and there is time.
    Open,
    /// Not reached, and its day is over.
    Missed,
}

impl Progress {
    /// As written in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Open => "open",
            Self::Missed => "missed",
        }
    }
}

/// An objective with what was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    /// As the file says.
    #[serde(flatten)]
    pub objective: Objective,
    /// What was counted.
    pub number: u64,
    /// How far it is.
    pub progress: Progress,
    /// Days until its last one; negative afterwards.
    pub days_left: i64,
    /// Why it cannot be measured as it is meant, when that is so; it is not met then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmeasured: Option<String>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Enforcement {
    /// What is used and not wanted: first what ends first, without a day before all.
    pub misused: Vec<Misuse>,
    /// Entries that should be in use somewhere and are not.
    pub unused: Vec<String>,
    /// Projects that use each entry.
    pub users: BTreeMap<String, BTreeSet<String>>,
    /// Objectives, in file order.
    pub objectives: Vec<Reached>,
}

/// Holds the use of all projects against the catalogue. `owners` gives who answers for a project.
pub fn enforcement(
    catalogue: &Catalogue,
    standings: &Standings,
    inventories: &[Inventory],
    owners: &dyn Fn(&str) -> Vec<String>,
    today: Date,
) -> Enforcement {
    let mut misused = vec![];
    for inventory in inventories {
        let judged = judge(catalogue, standings, &inventory.components, &inventory.tools, today);
        let teams = owners(&inventory.project);
        misused.extend(judged.violations.into_iter().map(|one| {
            let entry = one
                .technology
                .as_deref()
                .and_then(|name| catalogue.technologies.iter().find(|e| e.name == name));
            Misuse {
                denied: denies(&one, today),
                until: one.until,
                owner: entry.and_then(|entry| entry.owner.clone()),
                technology: one.technology,
                project: inventory.project.clone(),
                component: one.component,
                version: one.version,
                code: one.code,
                teams: teams.clone(),
                message: one.message,
            }
        }));
    }
    misused.sort();
    let users = users(catalogue, inventories);
    let wanted = |ring| matches!(ring, Ring::Adopt | Ring::Trial);
    let entries = catalogue.technologies.iter();
    let unused = entries.filter(|entry| {
        entry.quadrant != Quadrant::Techniques && wanted(entry.ring) && !users.contains_key(&entry.name)
    });
    let unused = unused.map(|entry| entry.name.clone()).collect();
    let mut all = Enforcement { misused, unused, users, objectives: vec![] };
    all.objectives = catalogue
        .objectives
        .iter()
        .map(|one| reached(one, catalogue, standings, inventories.is_empty(), &all, today))
        .collect();
    all
}

fn users(catalogue: &Catalogue, inventories: &[Inventory]) -> BTreeMap<String, BTreeSet<String>> {
    let matcher = Matcher::new(catalogue);
    let mut by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for inventory in inventories {
        let components = inventory.components.iter().flat_map(|one| matcher.of_component(one));
        let tools = inventory.tools.iter().flat_map(|tool| matcher.tool(&tool.name, Some(&tool.version)));
        for entry in components.chain(tools).filter_map(|n| catalogue.technologies.get(n)) {
            by.entry(entry.name.clone()).or_default().insert(inventory.project.clone());
        }
    }
    by
}

fn reached(
    objective: &Objective,
    catalogue: &Catalogue,
    standings: &Standings,
    nothing: bool,
    all: &Enforcement,
    today: Date,
) -> Reached {
    let measured = measure(objective, catalogue, standings, all, today);
    // Without any use nothing has been reached: it is not known.
    let about_use = objective.measure != Measure::ReviewsOverdue;
    let measured =
        if nothing && about_use { Err("no project has a bill of materials".to_owned()) } else { measured };
    let (number, unmeasured) = measured.map_or_else(|why| (0, Some(why)), |number| (number, None));
    let over = today > objective.due;
    let progress = match (unmeasured.is_none() && objective.goal.is_met(number), over) {
        (true, _) => Progress::Met,
        (false, false) => Progress::Open,
        (false, true) => Progress::Missed,
    };
    let days_left = objective.due.since(today).map_or(0, |span| i64::from(span.get_days()));
    Reached { objective: objective.clone(), number, progress, days_left, unmeasured }
}

fn measure(
    objective: &Objective,
    catalogue: &Catalogue,
    standings: &Standings,
    all: &Enforcement,
    today: Date,
) -> Result<u64, String> {
    let effective = |name: &String| standings.get(name).is_some_and(|one| one.state == State::Effective);
    let signed = || match catalogue.quorum {
        Some(_) => Ok(()),
        None => Err("the catalogue has no `quorum`, so nothing is signed".to_owned()),
    };
    Ok(match objective.measure {
        Measure::ProjectsUsing => {
            let name = objective.technology.as_deref().unwrap_or_default();
            let entry = catalogue.technologies.iter().find(|e| e.name.to_lowercase() == name.to_lowercase());
            let entry = entry.ok_or_else(|| format!("the catalogue has no entry {name}"))?;
            all.users.get(&entry.name).map_or(0, |projects| projects.len() as u64)
        }
        Measure::ProjectsOnHold => {
            let held = all.misused.iter().filter(|one| one.code == "technology-hold");
            held.map(|one| &one.project).collect::<BTreeSet<_>>().len() as u64
        }
        Measure::Unlisted if catalogue.unlisted == super::Policy::Ignore => {
            return Err("the catalogue ignores what is unlisted".to_owned());
        }
        Measure::Unlisted => {
            let unlisted = all.misused.iter().filter(|one| one.code == "technology-unlisted");
            unlisted.map(|one| &one.component).collect::<BTreeSet<_>>().len() as u64
        }
        Measure::NotEffective => {
            signed()?;
            all.users.keys().filter(|name| !effective(name)).count() as u64
        }
        Measure::EffectivePercent => {
            signed()?;
            let number = all.users.keys().filter(|name| effective(name)).count();
            (number * 100).checked_div(all.users.len()).unwrap_or(100) as u64
        }
        Measure::ReviewsOverdue => {
            let overdue =
                catalogue.technologies.iter().filter(|e| e.review_by.is_some_and(|day| day < today));
            overdue.count() as u64
        }
    })
}

impl Reached {
    /// The goal in words.
    pub fn goal(&self) -> String {
        match self.objective.goal {
            Goal::AtMost(number) => format!("at most {number}"),
            Goal::AtLeast(number) => format!("at least {number}"),
        }
    }
}
