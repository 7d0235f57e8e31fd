//! `proofhouse ledger statement`: what is known about an artifact, in the words of a standard.

use model::{Exit, Problem, problem::erase};

use super::{ledger::write_bytes, verify::digest_of};
use crate::{app::App, args::StatementArgs};

pub fn statement(app: &App, arguments: &StatementArgs) -> Result<Exit, Problem> {
    let artifact = digest_of(&arguments.artifact)?;
    let here = || app.project().ok().map(|project| project.config.project);
    let project = arguments.project.clone().or_else(here);
    let logged = engine::standards::record(&arguments.kind, artifact, project.as_deref(), &app.recorder)?;
    let mut bytes = Vec::new();
    for entry in logged {
        bytes.extend(app.recorder.bundle(entry.index)?.to_json().map_err(|e| erase(&e))?);
        bytes.push(b'\n');
    }
    write_bytes(&bytes, arguments.to.as_deref())
}
