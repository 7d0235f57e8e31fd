//! `proofhouse witness`: a witness of other people's logs (C2SP tlog-witness).

use std::sync::Arc;

use attest::{keys::WitnessSigner, log::MAX_REQUEST};
use engine::publiclog::{Witness, note_keys};
use model::{Exit, Problem, problem::erase};
use server::{WitnessAnswer, serve_witness};

use super::{serve::stop_signal, verify::read};
use crate::{
    app::SystemClock,
    args::{Format, Global, WitnessCommand, WitnessServeArgs},
    ui::{self, BOLD, eprintln, println},
};

pub fn witness(global: &Global, command: &WitnessCommand) -> Result<Exit, Problem> {
    match command {
        WitnessCommand::Key { name, out } => {
            let signer = WitnessSigner::create(out, name).map_err(|error| erase(&error))?;
            match global.format {
                Format::Json => ui::json(&serde_json::json!({ "key": signer.verifier().to_string() })),
                Format::Text => println!("{}", signer.verifier()),
            }
        }
        WitnessCommand::Serve(arguments) => serve(arguments)?,
    }
    Ok(Exit::Success)
}

fn serve(arguments: &WitnessServeArgs) -> Result<(), Problem> {
    // It holds a key: nobody else of this user may look into the process.
    nix::sys::prctl::set_dumpable(false).map_err(|e| {
        Problem::new("witness-open", Exit::Environment, format!("cannot close the process: {e}"))
    })?;
    let signer = WitnessSigner::open(&arguments.key).map_err(|error| erase(&error))?;
    let verifier = signer.verifier();
    let text = String::from_utf8(read(&arguments.logs)?).unwrap_or_default();
    let logs = note_keys(&text, &arguments.logs.display().to_string())?;
    let count = logs.len() as u64;
    let witness = Witness::open(signer, logs, &arguments.state, Arc::new(SystemClock))?;
    let decide = Arc::new(move |body: &[u8]| {
        let answer = witness.add_checkpoint(body);
        if let Some(problem) = &answer.trouble {
            ui::warning(problem);
        }
        WitnessAnswer { status: answer.status, kind: answer.kind, body: answer.body }
    });
    let ready = |address| {
        eprintln!("witness {BOLD}{verifier}{BOLD:#} for {}", ui::count(count, "log key"));
        eprintln!("listening on {BOLD}http://{address}{BOLD:#}; Ctrl-C stops it");
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|e| Problem::new("runtime", Exit::Environment, e.to_string()))?;
    let served = serve_witness(arguments.listen, MAX_REQUEST, decide, ready, stop_signal());
    runtime.block_on(served).map_err(|error| erase(&error))
}
