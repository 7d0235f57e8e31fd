//! The roles that other commands start: signer, target-side verifier, supervisor.

use std::path::Path;

use engine::ship::{TargetQuestion, verify_on_target};
use model::{Clock, Exit, Problem, problem::erase};

use crate::{
    app::{SystemClock, home_folder},
    args::{Global, TargetVerifyArgs},
    ui,
};

/// Holds the keys: nobody may look into this process, and it ends with its parent.
pub fn sign(global: &Global) -> Result<Exit, Problem> {
    let closed = nix::sys::prctl::set_dumpable(false);
    closed.map_err(|e| {
        Problem::new("signer-open", Exit::Environment, format!("cannot close the signer: {e}"))
    })?;
    let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM);
    attest::signer::run_stdio(&home_folder(global)?, &SystemClock).map_err(|e| erase(&e))?;
    Ok(Exit::Success)
}

/// Holds the keys for other users, at a socket, until it is stopped.
pub fn listen(global: &Global, socket: &Path, allow: &[String]) -> Result<Exit, Problem> {
    let home = engine::Home::open(&home_folder(global)?)?;
    let mut users = vec![nix::unistd::geteuid().as_raw()];
    for name in allow {
        users.push(user(name)?);
    }
    let count = ui::count(users.len() as u64, "user");
    ui::note(&format!("signing at {} for {count}", socket.display()));
    let clock: std::sync::Arc<dyn Clock> = std::sync::Arc::new(SystemClock);
    match attest::signer::listen(home.root(), socket, &users, &clock) {
        Ok(never) => match never {},
        Err(error) => Err(erase(&error)),
    }
}

fn user(name: &str) -> Result<u32, Problem> {
    if let Ok(uid) = name.parse() {
        return Ok(uid);
    }
    let found = nix::unistd::User::from_name(name).ok().flatten();
    found.map(|user| user.uid.as_raw()).ok_or_else(|| {
        Problem::new("user-unknown", Exit::Input, format!("there is no user {}", ui::one_line(name)))
            .with_hint("give the name of a user of this machine, or a number")
    })
}

/// Prints the checks as JSON; the caller judges them.
pub fn target_verify(arguments: TargetVerifyArgs) -> Result<Exit, Problem> {
    let question = TargetQuestion {
        release: arguments.release,
        artifact: arguments.artifact,
        digest: arguments.digest,
        project: arguments.project,
        environment: arguments.environment,
        trust: arguments.trust,
    };
    let checks = verify_on_target(&question, SystemClock.now())?;
    ui::json(&checks);
    Ok(if checks.iter().all(|check| check.ok) { Exit::Success } else { Exit::Verdict })
}

/// Becomes the application.
pub fn launch(root: &Path, digest: model::Sha256) -> Result<Exit, Problem> {
    let Err(error) = deploy::host::launch(root, &digest);
    Err(Problem::new(
        "launch-failed",
        Exit::Environment,
        format!("the application cannot be started: {error}"),
    ))
}

/// Runs until it is told to stop.
pub fn supervise(root: &Path) -> Result<Exit, Problem> {
    deploy::host::supervise(root).map_err(|e| erase(&e))?;
    Ok(Exit::Success)
}
