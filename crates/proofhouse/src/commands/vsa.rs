//! `proofhouse gate vsa`: a decision in the form that verifiers of SLSA summaries take.

use engine::gate;
use model::{Exit, Problem, problem::erase};

use super::{ledger::write_bytes, verify::digest_of};
use crate::{app::App, args::VsaArgs};

pub fn vsa(app: &App, arguments: &VsaArgs) -> Result<Exit, Problem> {
    let artifact = digest_of(&arguments.artifact)?;
    let project =
        arguments.project.clone().or_else(|| app.project().ok().map(|project| project.config.project));
    let logged = gate::plain(artifact, &arguments.environment, project.as_deref(), &app.recorder)?;
    let mut bytes = match arguments.bundle {
        true => app.recorder.bundle(logged.index)?.to_json().map_err(|e| erase(&e))?,
        false => app.recorder.envelope(logged.index)?,
    };
    bytes.push(b'\n');
    write_bytes(&bytes, arguments.to.as_deref())
}
