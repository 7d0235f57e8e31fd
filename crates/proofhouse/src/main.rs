//! The one binary: roles and commands. Everything of substance is in the crates it calls.

mod agreements;
mod app;
mod args;
mod backend;
mod commands;
mod database;
mod ui;
mod usage;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Before anything else, and before any thread: this process may be the launcher of a sandbox.
    sandbox::run_if_launcher();
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error),
    };
    let format = cli.global.format;
    match commands::dispatch(cli) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(problem) => {
            ui::problem(&problem, format);
            ExitCode::from(problem.exit.code())
        }
    }
}
