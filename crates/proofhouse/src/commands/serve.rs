//! `proofhouse serve`: the dashboard and the API.

use std::{path::PathBuf, sync::Arc, time::Duration};

use model::{Exit, Problem, problem::erase};
use server::{Bound, Config, TlsFiles};

use crate::{
    app::{App, SystemClock},
    args::{Global, ServeArgs},
    backend::Installation,
    commands::token,
    ui::{self, BOLD, eprintln},
};

/// How often the server looks for statements that other commands recorded.
const FOLLOW: Duration = Duration::from_millis(500);

pub fn serve(global: &Global, arguments: &ServeArgs) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let tls = arguments.tls_certificate.clone().zip(arguments.tls_key.clone());
    let config = Config {
        listen: arguments.listen,
        names: arguments.hosts.clone(),
        tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
        folder: token::folder(global)?,
        public_log: arguments.public_log,
        owner: crate::app::actor(),
        clock: Arc::new(SystemClock),
    };
    until_stopped(&app, config, arguments.catalogue.clone(), |bound| {
        eprintln!("serving {BOLD}{}{BOLD:#}", bound.url);
        eprintln!("open {BOLD}{}{BOLD:#} (works once)", bound.login);
        if arguments.public_log {
            eprintln!("everybody may read the log at {BOLD}{}/log/{BOLD:#}", bound.url);
        }
        eprintln!("Ctrl-C stops it");
    })?;
    Ok(Exit::Success)
}

/// Serves until Ctrl-C or SIGTERM, following the ledger meanwhile.
pub fn until_stopped(
    app: &App,
    config: Config,
    catalogue: Option<PathBuf>,
    ready: impl FnOnce(&Bound) + Send,
) -> Result<(), Problem> {
    let recorder = Arc::clone(&app.recorder);
    app.runtime.spawn(async move {
        loop {
            tokio::time::sleep(FOLLOW).await;
            let recorder = Arc::clone(&recorder);
            let followed = tokio::task::spawn_blocking(move || recorder.catch_up()).await;
            if let Ok(Err(problem)) = followed {
                ui::warning(&problem);
                tokio::time::sleep(FOLLOW * 10).await;
            }
        }
    });
    app.runtime.spawn(super::remind::Desk::new(app, catalogue.clone()).follow());
    let backend = Arc::new(Installation::new(app, catalogue));
    // Many open connections must not leave the database without files.
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
    let served = server::serve(config, (*app.store).clone(), backend, ready, stop_signal());
    app.runtime.block_on(served).map_err(|e| erase(&e))
}

/// Resolves at Ctrl-C or SIGTERM.
pub async fn stop_signal() {
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
