//! `proofhouse radar`: the technology catalogue on the command line.

mod enforce;
mod evaluate;
pub(crate) mod files;
mod people;
mod trend;
mod use_of;

use engine::{
    gate::find_run,
    project::Project,
    radar::{CatalogueFile, inventory, standings},
    record::Recorder,
};
use govern::catalogue::{Inventory, denies, judge, today};
use model::{Exit, Problem, evidence::TechnologyViolation};
use serde_json::json;
use store::{Store, views::PageRequest};

use crate::{
    app::{App, load_project},
    args::{CatalogueArg, Global, RadarCommand},
    database::Database,
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

pub fn radar(global: &Global, command: &RadarCommand) -> Result<Exit, Problem> {
    let open = |from: &CatalogueArg| files::catalogue(global, from.catalogue.as_deref());
    match command {
        RadarCommand::Identify { to } => use_of::identify(&App::open(global)?, to.as_deref()),
        RadarCommand::Who { technology, from } => {
            use_of::who(&App::open(global)?, technology, from.catalogue.as_deref())
        }
        RadarCommand::Evaluate { technology, save, from } => {
            let app = App::open(global)?;
            evaluate::evaluate(&app, technology, &evaluate::or_none(&app, from.catalogue.as_deref())?, *save)
        }
        RadarCommand::Compare { technologies, from } => {
            let app = App::open(global)?;
            evaluate::compare(&app, technologies, &evaluate::or_none(&app, from.catalogue.as_deref())?)
        }
        RadarCommand::Assess(arguments) => {
            let app = App::open(global)?;
            people::assess(&app, &evaluate::or_none(&app, arguments.from.catalogue.as_deref())?, arguments)
        }
        RadarCommand::Scorecard { technology, file, from } => {
            let app = App::open(global)?;
            people::scorecard(&app, &evaluate::or_none(&app, from.catalogue.as_deref())?, technology, file)
        }
        RadarCommand::Sign(arguments) => {
            people::sign(&App::open(global)?, &open(&arguments.from)?.open()?, arguments)
        }
        RadarCommand::Status { technology, fail, from } => {
            people::status(&App::open(global)?, &open(from)?.open()?, technology.as_deref(), *fail)
        }
        RadarCommand::History { technology } => people::history(&App::open(global)?, technology.as_deref()),
        RadarCommand::Trend { technology, months, from } => {
            let app = App::open(global)?;
            let catalogue = evaluate::or_none(&app, from.catalogue.as_deref())?;
            trend::trend(&app, &catalogue, technology.as_deref(), *months)
        }
        RadarCommand::Deadlines { technology, fail, from } => {
            enforce::deadlines(&App::open(global)?, &open(from)?.open()?, technology.as_deref(), *fail)
        }
        RadarCommand::Unused { from } => enforce::unused(&App::open(global)?, &open(from)?.open()?),
        RadarCommand::Objectives { fail, from } => {
            enforce::objectives(&App::open(global)?, &open(from)?.open()?, *fail)
        }
        RadarCommand::Check { from } => check(&App::open(global)?, &open(from)?),
        RadarCommand::Export { to, from, title } => files::export(&open(from)?, to, title),
        RadarCommand::Import(arguments) => files::import(global, arguments),
    }
}

/// This project's newest bill of materials against the catalogue; the exit status is the verdict.
fn check(app: &App, file: &CatalogueFile) -> Result<Exit, Problem> {
    let catalogue = file.open()?;
    let name = load_project(&app.global)?.config.project;
    let Some((inventory, gaps)) = of_project(app, &name)? else {
        let message = format!("{name} has no bill of materials yet");
        return Err(Problem::new("sbom-missing", Exit::Verdict, message)
            .with_hint("`proofhouse run` makes one, unless `scans: { sbom: false }`"));
    };
    let day = today(app.now());
    let standings = standings(&catalogue, &app.recorder, app.now())?;
    let judged = judge(&catalogue, &standings, &inventory.components, &inventory.tools, day);
    let denied = judged.violations.iter().filter(|violation| denies(violation, day)).count();
    let passed = denied == 0 && gaps.is_empty();
    if app.json() {
        let listed: Vec<_> = judged
            .violations
            .iter()
            .map(|violation| json!({ "violation": violation, "denies": denies(violation, day) }))
            .collect();
        ui::json(&json!({
            "project": name, "catalogue": file.path, "digest": file.digest(), "passed": passed,
            "listed": judged.listed, "unlisted": judged.unlisted, "gaps": gaps, "violations": listed,
        }));
    } else {
        gaps.iter().for_each(|gap| {
            println!("{BAD}deny{BAD:#} the bill of materials has a gap: {}", ui::one_line(gap))
        });
        judged.violations.iter().for_each(|violation| tell(violation, denies(violation, day)));
        let (style, word) = if passed { (GOOD, "passed") } else { (BAD, "denied") };
        println!(
            "{BOLD}{name}{BOLD:#}: {style}{word}{style:#}  {DIM}{} listed, {} unlisted, {}{DIM:#}",
            judged.listed,
            judged.unlisted,
            ui::count(judged.violations.len() as u64, "violation")
        );
    }
    Ok(if passed { Exit::Success } else { Exit::Verdict })
}

fn tell(violation: &TechnologyViolation, denied: bool) {
    let (style, word) = if denied { (BAD, "deny") } else { (WARN, "warn") };
    println!("{style}{word}{style:#} {} {DIM}[{}]{DIM:#}", ui::one_line(&violation.message), violation.code);
}

/// What the ledger knows of a project, and the gaps of its bill of materials.
fn of_project(app: &App, project: &str) -> Result<Option<(Inventory, Vec<String>)>, Problem> {
    of_one(project, &app.store, &app.database, &app.recorder)
}

/// What the ledger knows of every project that has a bill of materials.
fn all(app: &App) -> Result<Vec<Inventory>, Problem> {
    inventories(&app.store, &app.database, &app.recorder)
}

/// What the ledger knows of a project. The database says where its newest bill of materials is, the ledger what is
/// in it.
fn of_one(
    project: &str,
    store: &Store,
    database: &Database,
    recorder: &Recorder,
) -> Result<Option<(Inventory, Vec<String>)>, Problem> {
    let page = database.wait(store.sboms(Some(project), &PageRequest::first(1)))?;
    let Some(sbom) = page.items.first() else { return Ok(None) };
    // Tools are those of the newest run that passed; a project that only scans has none.
    let run = recorder.projection().latest_run(project, true, None)?;
    let run = run.map(|(run, _)| find_run(project, Some(run), recorder)).transpose()?.map(|(run, _)| run);
    let besides = database.wait(store.newest_technologies(project))?;
    let (mut inventory, gaps) = inventory(project, sbom.index, besides, run.as_ref(), recorder)?;
    if let Some(run) = &run {
        let detail = database.wait(store.run(run.run))?;
        for scan in detail.into_iter().flat_map(|detail| detail.scans) {
            let known =
                |tool: &model::ToolRef| (&tool.name, &tool.version) == (&scan.tool.name, &scan.tool.version);
            if !inventory.tools.iter().any(known) {
                inventory.tools.push(scan.tool);
            }
        }
    }
    Ok(Some((inventory, gaps)))
}

/// What the ledger knows of every project that has a bill of materials.
pub(crate) fn inventories(
    store: &Store,
    database: &Database,
    recorder: &Recorder,
) -> Result<Vec<Inventory>, Problem> {
    let mut all = vec![];
    for project in database.wait(store.projects())? {
        all.extend(of_one(&project.name, store, database, recorder)?.map(|(inventory, _)| inventory));
    }
    Ok(all)
}

/// The project of the working folder, when there is one.
fn project(global: &Global) -> Option<Project> {
    load_project(global).ok()
}
