//! `proofhouse demo`: the bundled application, from commit to deployment.
//!
//! It has a home of its own, so it leaves a real installation alone, and starts afresh every time. The larger
//! one, a whole organisation, is in `demo/organisation.rs`.

mod organisation;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use engine::home::cannot;
use model::{
    Exit, Problem,
    predicate::{DeploymentResult, RunResult},
};
use rust_embed::RustEmbed;
use server::Config;

use crate::{
    app::{App, SystemClock, actor},
    args::{DemoArgs, Global, RunArgs},
    commands::{deploy, environments, run, serve},
    ui::{self, BAD, BOLD, DIM, GOOD, eprintln, println},
};

#[derive(RustEmbed)]
#[folder = "../../examples/bookshelf"]
#[exclude = "dist/*"]
#[exclude = "*.pyc"]
struct Bookshelf;

/// What the demo shows: it blocked where it should, and let through where it should.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    run: RunResult,
    staging: DeploymentResult,
    production: DeploymentResult,
    home: PathBuf,
    project: PathBuf,
}

pub fn demo(global: &Global, arguments: &DemoArgs) -> Result<Exit, Problem> {
    if arguments.organisation {
        return organisation::organisation(global, arguments);
    }
    let folder = folder(global, "demo")?;
    let global = Global {
        home: Some(folder.join("home")),
        database: None,
        directory: folder.join("bookshelf"),
        ..global.clone()
    };
    reset(&folder, &global)?;
    headline("Bookshelf, a small web service with a few weaknesses, becomes a commit");
    unpack(&global.directory)?;
    let app = App::open(&global)?;
    headline("Facts about known vulnerabilities come in (no network needed)");
    let advisories = global.directory.join("advisories");
    let feed = engine::feeds::import(&advisories, "bookshelf-advisories", &actor(), &app.recorder)?;
    eprintln!("feed     {}", ui::count(feed.advisories, "advisory record"));
    headline("Build, test, scan, sign, record: `proofhouse run`");
    let plain = RunArgs { steps: vec![], jobs: None, no_cache: false, update_lock: false, platform: None };
    let outcome = run::perform(&app, &plain, "demo")?;
    if !app.json() {
        run::summary(&outcome);
    }
    headline("Into staging, which only warns: `proofhouse deploy staging`");
    let staging = deploy::perform(&app, "staging", None)?;
    if !app.json() {
        deploy::summary(&staging);
    }
    headline("Into production, which does not: `proofhouse deploy production`");
    let production = deploy::perform(&app, "production", None)?;
    if !app.json() {
        deploy::summary(&production);
    }
    let shown = Shown {
        run: outcome.run.result.unwrap_or(RunResult::Failed),
        staging: staging.deployment.result,
        production: production.deployment.result,
        home: app.home.root().to_owned(),
        project: global.directory.clone(),
    };
    let ok = verdict(&app, &shown);
    if !arguments.no_serve {
        let config = Config {
            listen: arguments.listen,
            names: vec![],
            tls: None,
            public_log: false,
            owner: crate::app::actor(),
            folder: app.home.root().join("server"),
            clock: Arc::new(SystemClock),
        };
        serve::until_stopped(&app, config, None, |bound| {
            eprintln!(
                "\nThe dashboard: {BOLD}{}{BOLD:#} (the link works once; Ctrl-C ends the demo)",
                bound.login
            );
        })?;
    }
    stop_environments(&app)?;
    Ok(if ok { Exit::Success } else { Exit::Verdict })
}

fn headline(text: &str) {
    eprintln!("\n{BOLD}== {text}{BOLD:#}");
}

/// A short verdict, and where to look further.
fn verdict(app: &App, shown: &Shown) -> bool {
    let ok = shown.run == RunResult::Passed
        && shown.staging == DeploymentResult::Deployed
        && shown.production == DeploymentResult::Denied;
    if app.json() {
        ui::json(shown);
        return ok;
    }
    headline("Verdict");
    let mark = |good: bool| if good { (GOOD, "as it should be") } else { (BAD, "not as expected") };
    let line = |what: &str, result: &str, good: bool| {
        let (style, word) = mark(good);
        println!("  {what:<11} {BOLD}{result:<10}{BOLD:#} {style}{word}{style:#}");
    };
    line("run", shown.run.name(), shown.run == RunResult::Passed);
    line("staging", shown.staging.name(), shown.staging == DeploymentResult::Deployed);
    line("production", shown.production.name(), shown.production == DeploymentResult::Denied);
    println!(
        "  Everything above is {} in a ledger that anyone can check.",
        ui::count(app.recorder.size(), "signed statement")
    );
    println!("  {DIM}cd {}{DIM:#}", shown.project.display());
    println!("  {DIM}export PROOFHOUSE_HOME={}{DIM:#}", shown.home.display());
    println!("  then try: proofhouse findings, proofhouse gate explain production, proofhouse ledger verify");
    ok
}

/// Where a demo of this name lives. As root, the application runs as another user, who must get there: then it
/// is below the folder for temporary files, in a folder that only root can write.
fn folder(global: &Global, name: &str) -> Result<PathBuf, Problem> {
    let folder = match &global.home {
        Some(home) => home.clone(),
        None if nix::unistd::geteuid().is_root() => {
            std::env::temp_dir().join(format!("proofhouse-{name}-root"))
        }
        None => {
            let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
            cache.or_else(home).unwrap_or_else(std::env::temp_dir).join("proofhouse").join(name)
        }
    };
    make_own(&folder, global.home.is_some())?;
    Ok(folder)
}

/// Makes the folder, or accepts it only when it is a real folder of ours that others cannot write. One
/// that was `given` must be a demo's already, or empty.
fn make_own(folder: &Path, given: bool) -> Result<(), Problem> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(folder);
    made.map_err(|e| cannot(folder, "make", &e))?;
    let meta = fs::symlink_metadata(folder).map_err(|e| cannot(folder, "look at", &e))?;
    let ours = meta.is_dir() && meta.uid() == nix::unistd::geteuid().as_raw();
    if !ours || meta.mode() & 0o022 != 0 {
        let message = format!("{} is not a folder that only this user can write", folder.display());
        return Err(
            Problem::new("demo-folder", Exit::Environment, message).with_hint("remove it, or give --home")
        );
    }
    let mark = folder.join(MARK);
    let empty = fs::read_dir(folder).map_err(|e| cannot(folder, "list", &e))?.next().is_none();
    if given && !empty && !mark.exists() {
        let message = format!("{} holds something else than a demo", folder.display());
        return Err(Problem::new("demo-folder", Exit::Environment, message)
            .with_hint("the demo empties its folder: give --home one of its own"));
    }
    fs::write(&mark, "").map_err(|e| cannot(&mark, "write", &e))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(|e| cannot(folder, "open", &e))
}

/// File by which a folder is known to be a demo's. Any other is never emptied, nor opened to others: it
/// may be a real installation.
const MARK: &str = ".proofhouse-demo";

/// Ends what an earlier demo left running, and removes it.
fn reset(folder: &Path, global: &Global) -> Result<(), Problem> {
    if global.directory.join("proofhouse.yaml").exists() {
        for name in ["staging", "production"] {
            let roots = [folder.join("environments"), folder.join("home/environments")];
            for root in roots.map(|root| root.join("bookshelf").join(name)) {
                let _ = ::deploy::host::stop(&root);
            }
        }
    }
    for part in ["home", "bookshelf", "environments"] {
        let path = folder.join(part);
        match fs::remove_dir_all(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(cannot(&path, "remove", &e)),
            _ => {}
        }
    }
    Ok(())
}

/// Writes the application out and commits it.
fn unpack(to: &Path) -> Result<(), Problem> {
    for name in Bookshelf::iter() {
        let path = to.join(name.as_ref());
        let Some(file) = Bookshelf::get(&name) else { continue };
        let parent = path.parent().unwrap_or(to);
        fs::create_dir_all(parent).map_err(|e| cannot(parent, "make", &e))?;
        fs::write(&path, &file.data).map_err(|e| cannot(&path, "write", &e))?;
    }
    git(to, &["init", "--quiet", "--initial-branch=main"])?;
    git(to, &["add", "--all"])?;
    git(to, &["commit", "--quiet", "--message=Bookshelf"])
}

fn git(folder: &Path, arguments: &[&str]) -> Result<(), Problem> {
    let author =
        ["-c", "user.name=Proofhouse demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false"];
    let output =
        Command::new("git").current_dir(folder).args(author).args(arguments).stdin(Stdio::null()).output();
    let failed =
        |why: String| Problem::new("git-failed", Exit::Environment, format!("git {}: {why}", arguments[0]));
    let output = output.map_err(|e| failed(e.to_string()))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

fn stop_environments(app: &App) -> Result<(), Problem> {
    let project = app.project()?;
    for environment in &project.config.environments {
        let root = environments::root(app, &project, &environment.name)?;
        ::deploy::host::stop(&root).map_err(|e| model::problem::erase(&e))?;
    }
    Ok(())
}
