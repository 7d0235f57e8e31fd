//! `proofhouse env`: what is active where, and stopping it.

use std::{
    io::{BufRead, IsTerminal, Read, Write},
    path::PathBuf,
};

use deploy::host::{self, Layout};
use engine::{home::cannot, project::Project, ship};
use model::{Exit, Problem, problem::erase};
use serde::Serialize;

use crate::{
    app::App,
    args::{EnvCommand, Global},
    ui::{self, BAD, BOLD, DIM, GOOD, println},
};

pub fn environments(global: &Global, command: &EnvCommand) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let project = app.project()?;
    match command {
        EnvCommand::Status => status(&app, &project),
        EnvCommand::Stop { environment } => {
            let root = root(&app, &project, environment)?;
            own(&app, &root)?;
            host::stop(&root).map_err(|e| erase(&e))?;
            println!("{environment} is stopped");
            Ok(Exit::Success)
        }
        EnvCommand::Trust { environment } => trust(&app, &root(&app, &project, environment)?, environment),
        EnvCommand::Logs { environment } => {
            let path = Layout { root: root(&app, &project, environment)? }.log("app");
            let mut file = std::fs::File::open(&path).map_err(|e| cannot(&path, "read", &e))?;
            let printed = match std::io::stdout().is_terminal() {
                // A program gets the bytes as they are.
                false => std::io::copy(&mut file, &mut std::io::stdout().lock()).map(drop),
                true => tamed(file),
            };
            printed.map_err(|e| cannot(&path, "print", &e))?;
            let _ = std::io::stdout().flush();
            Ok(Exit::Success)
        }
    }
}

/// What a target trusts is changed by nothing but this command.
fn trust(app: &App, root: &std::path::Path, environment: &str) -> Result<Exit, Problem> {
    own(app, root)?;
    let trust = app.recorder.trust()?;
    Layout { root: root.to_owned() }.replace_trust(&trust.to_json()).map_err(|e| erase(&e))?;
    println!("{environment} trusts the keys of today (change {})", trust.serial);
    Ok(Exit::Success)
}

/// The application wrote this: it must not steer the terminal.
fn tamed(file: std::fs::File) -> std::io::Result<()> {
    let mut lines = std::io::BufReader::new(file);
    let mut line = Vec::new();
    while lines.by_ref().take(64 * 1024).read_until(b'\n', &mut line)? > 0 {
        write!(std::io::stdout(), "{}", ui::tame(&String::from_utf8_lossy(&line)))?;
        line.clear();
    }
    Ok(())
}

/// An environment that another installation set up is not ours to stop.
fn own(app: &App, root: &std::path::Path) -> Result<(), Problem> {
    let Ok(pinned) = std::fs::read(Layout { root: root.to_owned() }.trust()) else { return Ok(()) };
    let pinned = attest::Trust::parse(&pinned).map_err(|e| erase(&e))?;
    let trust = app.recorder.trust()?;
    match pinned.logs.iter().any(|log| trust.logs.iter().any(|own| own.public_key == log.public_key)) {
        true => Ok(()),
        false => {
            let message = format!("another installation set up the environment at {}", root.display());
            Err(Problem::new("environment-foreign", Exit::Environment, message)
                .with_hint("use its home, or give the environment a `root` of its own"))
        }
    }
}

/// Folder of an environment.
pub fn root(app: &App, project: &Project, name: &str) -> Result<PathBuf, Problem> {
    Ok(ship::root(project, project.environment(name)?, &app.environments()))
}

#[derive(Serialize)]
struct State {
    environment: String,
    active: Option<model::Sha256>,
    running: Option<host::Status>,
    interrupted: bool,
    /// Another installation set it up.
    foreign: bool,
}

fn status(app: &App, project: &Project) -> Result<Exit, Problem> {
    let mut all = Vec::new();
    for environment in &project.config.environments {
        let layout = Layout { root: root(app, project, &environment.name)? };
        let active = layout.current().unwrap_or(None);
        let running = host::status(&layout.root);
        let interrupted = layout.root.join("journal.json").exists();
        let foreign = own(app, &layout.root).is_err();
        all.push(State { environment: environment.name.clone(), active, running, interrupted, foreign });
    }
    if app.json() {
        ui::json(&all);
        return Ok(Exit::Success);
    }
    for state in &all {
        let release = state.active.map_or("nothing".to_owned(), |digest| digest.short());
        let (style, how) = match &state.running {
            Some(status) if status.pid.is_some() && !status.gave_up => (GOOD, status.detail.clone()),
            Some(status) => (BAD, status.detail.clone()),
            None => (DIM, "not running".to_owned()),
        };
        println!("{BOLD}{:<12}{BOLD:#} {release:<12} {style}{how}{style:#}", state.environment);
        if state.foreign {
            ui::note("another installation set this environment up");
        }
        if state.interrupted {
            ui::note("a deployment into it is under way, or was interrupted: the next one repairs that");
        }
    }
    Ok(Exit::Success)
}
