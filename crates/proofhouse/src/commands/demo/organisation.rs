//! `proofhouse demo --organisation`: an invented mail-order company with its projects, teams and decisions.
//!
//! What happens is told by `examples/organisation/story.txt`; [`story`] reads it, [`play`] does it, with the
//! commands that users type. Nothing is recorded in any other way.

mod play;
mod sources;
mod story;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use engine::home::cannot;
use model::{Exit, Problem};
use server::Config;
use store::{StatementFilter, views::PageRequest};

use super::{folder, headline};
use crate::{
    app::{App, SystemClock},
    args::{DemoArgs, Global},
    commands::serve,
    ui::{self, BOLD, DIM, eprintln, println},
};

/// What is there at the end.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    projects: Vec<String>,
    /// Statements by kind.
    statements: BTreeMap<String, u64>,
    home: PathBuf,
    /// Where the projects are.
    folder: PathBuf,
    /// What every command said.
    log: PathBuf,
}

/// The account that looks at the dashboard; the organisation's file gives it every role.
const VISITOR: &str = "visitor";

pub fn organisation(global: &Global, arguments: &DemoArgs) -> Result<Exit, Problem> {
    let folder = folder(global, "organisation")?;
    // The story goes from folder to folder.
    let folder = folder.canonicalize().map_err(|e| cannot(&folder, "find", &e))?;
    reset(&folder)?;
    let projects = folder.join("projects");
    fs::create_dir_all(&projects).map_err(|e| cannot(&projects, "make", &e))?;
    let global = Global {
        home: Some(folder.join("home")),
        database: None,
        directory: projects.clone(),
        quiet: global.quiet,
        ..global.clone()
    };
    let log = folder.join("story.log");
    if let Err(problem) = play::all(&story::bundled()?, &global, &log) {
        stop_all(&folder);
        return Err(problem);
    }
    let app = App::open(&global)?;
    let shown = Shown {
        projects: app.database.wait(app.store.project_names())?,
        statements: statements(&app)?,
        home: app.home.root().to_owned(),
        folder: projects,
        log,
    };
    tell(&app, &shown);
    if !arguments.no_serve {
        let config = Config {
            listen: arguments.listen,
            names: vec![],
            tls: None,
            public_log: false,
            owner: VISITOR.to_owned(),
            folder: app.home.root().join("server"),
            clock: Arc::new(SystemClock),
        };
        serve::until_stopped(&app, config, Some(shown.folder.join("shared/technologies.yaml")), |bound| {
            eprintln!(
                "\nThe dashboard: {BOLD}{}{BOLD:#} (the link works once; Ctrl-C ends the demo)",
                bound.login
            );
        })?;
    }
    stop_all(&folder);
    Ok(Exit::Success)
}

/// How many statements of each kind the ledger has.
fn statements(app: &App) -> Result<BTreeMap<String, u64>, Problem> {
    let mut counts = BTreeMap::new();
    let mut page = PageRequest::first(PageRequest::MOST);
    loop {
        let got = app.database.wait(app.store.statements(&StatementFilter::default(), &page))?;
        for statement in got.items {
            *counts.entry(statement.kind).or_insert(0) += 1;
        }
        match got.next {
            Some(next) => page.after = Some(next),
            None => return Ok(counts),
        }
    }
}

fn tell(app: &App, shown: &Shown) {
    if app.json() {
        return ui::json(shown);
    }
    headline("What there is now");
    println!(
        "  {BOLD}{}{BOLD:#}: {}",
        ui::count(shown.projects.len() as u64, "project"),
        shown.projects.join(", ")
    );
    let kinds: Vec<String> =
        shown.statements.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
    println!("  {BOLD}{}{BOLD:#}: {}", ui::count(app.recorder.size(), "signed statement"), kinds.join(", "));
    println!("  {DIM}what every command said: {}{DIM:#}", shown.log.display());
    println!("  {DIM}cd {}/till{DIM:#}", shown.folder.display());
    println!("  {DIM}export PROOFHOUSE_HOME={}{DIM:#}", shown.home.display());
    for line in story::LOOK {
        println!("  {line}");
    }
}

/// Ends what an earlier demo left running, and removes it.
fn reset(folder: &Path) -> Result<(), Problem> {
    stop_all(folder);
    for part in ["home", "projects", "environments"] {
        let path = folder.join(part);
        match fs::remove_dir_all(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(cannot(&path, "remove", &e)),
            _ => {}
        }
    }
    Ok(())
}

/// Stops every application of the demo, wherever its environments are.
fn stop_all(folder: &Path) {
    let below = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    for environments in ["environments", "home/environments"] {
        for project in below(&folder.join(environments)) {
            below(&project).for_each(|root| drop(::deploy::host::stop(&root)));
        }
    }
}
