//! Runs one sandbox: its specification as JSON on standard input, its outcome as JSON on standard
//! output after the command's own output. The launcher of this crate's tests and measurements.

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

fn main() -> ExitCode {
    sandbox::run_if_launcher();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let spec: sandbox::Spec = serde_json::from_reader(io::stdin().lock())?;
    let mut running = sandbox::spawn(&spec)?;
    let errors =
        running.stderr().map(|mut pipe| thread::spawn(move || io::copy(&mut pipe, &mut io::stderr())));
    if let Some(mut pipe) = running.stdout() {
        io::copy(&mut pipe, &mut io::stdout())?;
    }
    if let Some(errors) = errors {
        let _ = errors.join();
    }
    let outcome = running.wait()?;
    let mut out = io::stdout().lock();
    writeln!(out, "\n{}", serde_json::to_string(&outcome)?)?;
    Ok(())
}
