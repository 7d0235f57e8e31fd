//! One file per command.

mod attest;
mod awareness;
mod conformance;
mod controls;
mod demo;
mod deploy;
mod doctor;
mod environments;
mod exceptions;
mod feeds;
mod findings;
mod gate;
mod import;
mod init;
mod keyless;
mod ledger;
mod mail;
mod monitor;
mod outputs;
mod people;
mod plan;
mod publiclog;
pub(crate) mod radar;
mod release;
mod release_review;
mod remind;
mod reproduce;
mod requirements;
mod retain;
mod review;
mod roles;
mod run;
mod scan;
mod serve;
mod sign;
mod statement;
mod threats;
mod token;
mod triage;
mod trust;
mod verify;
mod vsa;
mod witness;

pub use retain::resume as finish_removal;

use clap::CommandFactory;
use model::{Exit, Problem};

use crate::args::{Cli, Command};

/// Runs the command; its answer is the exit status.
pub fn dispatch(cli: Cli) -> Result<Exit, Problem> {
    let global = &cli.global;
    match cli.command {
        Command::Init => init::init(global),
        Command::Plan => plan::plan(global),
        Command::Run(arguments) => run::run(global, &arguments),
        Command::Outputs(arguments) => outputs::outputs(global, &arguments),
        Command::Reproduce(arguments) => reproduce::reproduce(global, &arguments),
        Command::Scan => scan::scan(global),
        Command::Attest(arguments) => attest::attest(global, &arguments),
        Command::Import(arguments) => import::import(global, &arguments),
        Command::Findings(arguments) => findings::findings(global, &arguments),
        Command::Guidance(arguments) => awareness::guidance(global, &arguments),
        Command::Digest(arguments) => awareness::digest(global, &arguments),
        Command::Remind(arguments) => remind::remind(global, &arguments),
        Command::Requirements(command) => requirements::requirements(global, &command),
        Command::Gate(command) => gate::gate(global, command),
        Command::Deploy(arguments) => deploy::deploy(global, &arguments),
        Command::Env(command) => environments::environments(global, &command),
        Command::Verify(arguments) => verify::verify(global, &arguments),
        Command::Release(command) => release::release(global, &command),
        Command::Review(command) => review::review(global, &command),
        Command::Conformance(command) => conformance::conformance(global, &command),
        Command::Sign(arguments) => sign::sign(global, &arguments),
        Command::Trust(command) => trust::trust(global, &command),
        Command::Ledger(command) => ledger::ledger(global, command),
        Command::Witness(command) => witness::witness(global, &command),
        Command::Radar(command) => radar::radar(global, &command),
        Command::Controls(arguments) => controls::controls(global, &arguments),
        Command::Feeds(command) => feeds::feeds(global, &command),
        Command::Serve(arguments) => serve::serve(global, &arguments),
        Command::Organisation(command) => people::organisation(global, &command),
        Command::Account(command) => people::account(global, &command),
        Command::Token(command) => token::token(global, command),
        Command::Doctor => doctor::doctor(global),
        Command::Schema => {
            crate::ui::json(&engine::project::schema());
            Ok(Exit::Success)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "proofhouse", &mut std::io::stdout());
            Ok(Exit::Success)
        }
        Command::Demo(arguments) => demo::demo(global, &arguments),
        Command::TargetVerify(arguments) => roles::target_verify(arguments),
        Command::Launch { root, digest } => roles::launch(&root, digest),
        Command::Supervise { root } => roles::supervise(&root),
    }
}
