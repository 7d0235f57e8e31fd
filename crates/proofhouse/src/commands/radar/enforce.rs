//! The catalogue over all projects: what must go until when, what nobody uses, and objectives.

use engine::radar;
use govern::{
    catalogue::{Catalogue, Enforcement, Misuse, Progress, enforcement, today},
    organisation::Organisation,
};
use model::{Exit, Problem};
use serde_json::json;

use super::all;
use crate::{
    app::App,
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

fn measured(app: &App, catalogue: &Catalogue) -> Result<Enforcement, Problem> {
    let organisation = app.organisation()?;
    let standings = radar::standings(catalogue, &app.recorder, app.now())?;
    let owners = |project: &str| owners(&organisation, project);
    Ok(enforcement(catalogue, &standings, &all(app)?, &owners, today(app.now())))
}

/// Teams of a project, each with who leads it.
fn owners(organisation: &Organisation, project: &str) -> Vec<String> {
    let named = |(name, team): (&str, &govern::organisation::Team)| {
        team.lead.as_ref().map_or_else(|| name.to_owned(), |lead| format!("{name} (lead {lead})"))
    };
    organisation.owners(project).map(named).collect()
}

/// Who still ships what they should not, by when, and who answers for it.
pub(super) fn deadlines(
    app: &App,
    catalogue: &Catalogue,
    only: Option<&str>,
    fail: bool,
) -> Result<Exit, Problem> {
    let found = measured(app, catalogue)?;
    let wanted = |one: &&Misuse| {
        only.is_none_or(|name| {
            one.technology.as_ref().is_some_and(|t| t.to_lowercase() == name.to_lowercase())
        })
    };
    let shown: Vec<&Misuse> = found.misused.iter().filter(wanted).collect();
    let denied = shown.iter().any(|one| one.denied);
    if app.json() {
        ui::json(&shown);
    } else {
        if shown.is_empty() {
            ui::note("no project uses anything that the catalogue does not want");
        }
        shown.iter().for_each(|one| tell(one));
    }
    Ok(if fail && denied { Exit::Verdict } else { Exit::Success })
}

fn tell(one: &Misuse) {
    let (style, when) = match (&one.until, one.denied) {
        (Some(day), false) => (WARN, format!("until {day}")),
        (Some(day), true) => (BAD, format!("since {day}")),
        (None, true) => (BAD, "now".to_owned()),
        (None, false) => (WARN, "warns".to_owned()),
    };
    println!("{style}{when:<16}{style:#} {BOLD}{}{BOLD:#} {}", one.project, ui::one_line(&one.message));
    let of =
        |what: &str, name: Option<String>| format!("{what}: {}", name.unwrap_or_else(|| "nobody".to_owned()));
    let teams = Some(one.teams.join(", ")).filter(|teams| !teams.is_empty());
    let who = format!("{}, {}", of("project", teams), of("entry", one.owner.clone()));
    println!("                 {DIM}{} [{}]{DIM:#}", ui::one_line(&who), one.code);
}

/// Entries that are recommended and used nowhere, and those that are used although they are not wanted.
pub(super) fn unused(app: &App, catalogue: &Catalogue) -> Result<Exit, Problem> {
    let found = measured(app, catalogue)?;
    let misused: std::collections::BTreeSet<&String> =
        found.misused.iter().filter_map(|one| one.technology.as_ref()).collect();
    if app.json() {
        ui::json(&json!({ "unused": found.unused, "misused": misused, "users": found.users }));
        return Ok(Exit::Success);
    }
    for name in &found.unused {
        println!(
            "{WARN}unused{WARN:#}  {BOLD}{}{BOLD:#} {DIM}is recommended, and no project uses it{DIM:#}",
            ui::one_line(name)
        );
    }
    for name in misused {
        let users: Vec<&str> = found.users.get(name).into_iter().flatten().map(String::as_str).collect();
        println!("{BAD}misused{BAD:#} {BOLD}{}{BOLD:#} {DIM}{}{DIM:#}", ui::one_line(name), users.join(", "));
    }
    Ok(Exit::Success)
}

/// How far the objectives are.
pub(super) fn objectives(app: &App, catalogue: &Catalogue, fail: bool) -> Result<Exit, Problem> {
    let found = measured(app, catalogue)?.objectives;
    let missed = found.iter().any(|one| one.progress == Progress::Missed);
    if app.json() {
        ui::json(&found);
    } else if found.is_empty() {
        ui::note("the catalogue has no `objectives`");
    } else {
        for one in &found {
            let style = match one.progress {
                Progress::Met => GOOD,
                Progress::Open => WARN,
                Progress::Missed => BAD,
            };
            println!(
                "{style}{:<6}{style:#} {BOLD}{}{BOLD:#}",
                one.progress.word(),
                ui::one_line(&one.objective.objective)
            );
            let of = one.objective.technology.as_deref().map_or_else(String::new, |name| format!(" {name}"));
            let number = one.unmeasured.clone().unwrap_or_else(|| one.number.to_string());
            let owner = one.objective.owner.as_deref().map_or_else(String::new, |name| format!(", {name}"));
            let line = format!(
                "{}{of}: {number}, {} until {}{owner}",
                one.objective.measure.title(),
                one.goal(),
                one.objective.due
            );
            println!("       {DIM}{}{DIM:#}", ui::one_line(&line));
        }
    }
    Ok(if fail && missed { Exit::Verdict } else { Exit::Success })
}
