//! `proofhouse attest`: a command of another pipeline with its evidence; attestations of others.

mod import;

use std::{fs, path::Path};

use engine::{
    ci::{self, CiError, Environment},
    given,
    home::cannot,
    identity::{self, Reach, Rules},
    ship,
    source::{self, Source},
    wrap::{self, Attested, Custom, Request},
};
use model::{
    Exit, Problem,
    predicate::{CiClaims, StepResult},
    problem::erase,
};

use crate::{
    app::{App, actor},
    args::{AttestArgs, AttestCommand, Global, IssuerNetwork},
    ui::{self, BAD, BOLD, DIM, GOOD, eprintln},
};

/// Largest file with a token, and largest key set, that are looked at.
const LARGEST: u64 = 2 << 20;

pub fn attest(global: &Global, arguments: &AttestArgs) -> Result<Exit, Problem> {
    if let Some(AttestCommand::Import(arguments)) = &arguments.command {
        return import::import(global, arguments);
    }
    let custom = match (&arguments.predicate_type, &arguments.predicate) {
        (Some(kind), Some(file)) => Some(Custom::new(kind, global.directory.join(file))?),
        _ => None,
    };
    if let Some(to) = &arguments.to {
        writable(to)?;
    }
    let app = App::open(global)?;
    let environment = environment();
    let ci = claims(&app, arguments, &environment)?;
    let request = Request {
        folder: &global.directory,
        argv: &arguments.argv,
        name: &arguments.name,
        project: arguments.project.as_deref(),
        outputs: &arguments.outputs,
        custom,
        ci,
        environment: &environment,
        actor: &actor(),
        random: rand::random(),
    };
    let run = || app.runtime.block_on(wrap::execute(&arguments.argv, &global.directory));
    let attested = wrap::attest(&request, &app.recorder, run)?;
    if let Some(to) = &arguments.to {
        let evidence = ship::evidence(&attested.entries, &app.recorder)?;
        fs::write(to, evidence).map_err(|e| cannot(to, "write", &e))?;
    }
    match app.json() {
        true => ui::json(&attested),
        false => tell(&app, &attested),
    }
    let code = status(&attested);
    if code == 0 {
        return Ok(Exit::Success);
    }
    // Not one of our own statuses: the command's is passed on. Everything is on disk; the signer ends first.
    drop(app);
    std::process::exit(code)
}

/// The command's status; where that is good and something else is not, ours.
fn status(attested: &Attested) -> i32 {
    match attested.exit_code {
        0 if attested.result != StepResult::Passed => i32::from(Exit::Verdict.code()),
        code => code,
    }
}

/// Variables that are text; others have no name that could be told either.
fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// It will not fail only after the command has run.
fn writable(to: &Path) -> Result<(), Problem> {
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    given::folder(parent)?;
    if to.exists() { given::file(to) } else { Ok(()) }
}

/// What the CI says, confirmed by its token when there is one.
fn claims(app: &App, arguments: &AttestArgs, environment: &Environment) -> Result<Option<CiClaims>, Problem> {
    let found = ci::detect(environment);
    if arguments.no_identity {
        return Ok(found);
    }
    let keys = arguments.jwks.as_deref().map(small).transpose()?;
    let issuers = match arguments.issuers.is_empty() {
        true => ci::public_issuers(),
        false => arguments.issuers.clone(),
    };
    let reach = match arguments.issuer_network {
        IssuerNetwork::Public => Reach::Public,
        IssuerNetwork::Private => Reach::Private,
        IssuerNetwork::Loopback => Reach::Loopback,
    };
    let rules = Rules { issuers: &issuers, audience: &arguments.audience, reach, keys: keys.as_deref() };
    let token = match &arguments.identity_token {
        Some(file) => Some(small(file)?),
        None => app.runtime.block_on(identity::token(environment, &rules))?,
    };
    let Some(token) = token else {
        return if arguments.require_identity { Err(identity::missing()) } else { Ok(found) };
    };
    let found = found.ok_or_else(|| erase(&CiError::NoSystem))?;
    let now = app.now();
    let proven = app.runtime.block_on(identity::prove(&token, &rules, now))?;
    let head = source::head(&Source::around(&app.global.directory)?)?;
    let confirmed = ci::confirm(found, &proven.token, proven.keys, &arguments.audience, head.as_deref(), now);
    confirmed.map(Some).map_err(|e| erase(&e))
}

fn small(file: &Path) -> Result<Vec<u8>, Problem> {
    given::file(file)?;
    engine::project::read_bounded(file, LARGEST)
}

/// On stderr: stdout is the command's.
fn tell(app: &App, attested: &Attested) {
    attested.warnings.iter().for_each(ui::warning);
    if app.global.quiet {
        return;
    }
    let (style, word) = match attested.result {
        StepResult::Passed => (GOOD, "passed"),
        _ => (BAD, "failed"),
    };
    let why = attested.message.as_ref().map_or(String::new(), |why| format!(": {}", ui::one_line(why)));
    eprintln!("{BOLD}attest{BOLD:#}   {} {style}{word}{style:#}{why}, not isolated", attested.step);
    for output in &attested.outputs {
        eprintln!("         {} {DIM}sha256:{}{DIM:#}", ui::one_line(&output.path), output.digest.hash);
    }
    for path in &attested.unchanged {
        ui::note(&format!("{} is as it was before the command and is not attested", ui::one_line(path)));
    }
    if attested.dirty {
        ui::note("the folder differs from its commit; that is recorded");
    }
    if let Some(ci) = &attested.ci {
        let said = ci.claims.get("commit");
        if said.is_some() && attested.commit.is_some() && said != attested.commit.as_ref() {
            ui::note("the CI says another commit than the folder is at; both are recorded");
        }
        let proven = match ci.proven_identity() {
            Some((identity, issuer)) => format!("{identity}, as {issuer} says"),
            None if ci.verified => "its token was verified and names no workflow".to_owned(),
            None => "its claims are recorded unverified".to_owned(),
        };
        eprintln!("{BOLD}ci{BOLD:#}       {}: {}", ci.system, ui::one_line(&proven));
    }
    eprintln!(
        "{BOLD}ledger{BOLD:#}   run {} {DIM}{}{DIM:#}",
        attested.run,
        ui::count(attested.entries.len() as u64, "statement")
    );
}
