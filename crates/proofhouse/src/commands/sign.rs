//! `proofhouse sign`: a signature over a file that other verifiers accept.

use std::path::Path;

use attest::Bundle;
use model::{Exit, Problem, problem::erase};

use super::{ledger::write_bytes, roles, verify::digest};
use crate::{
    app::App,
    args::{Global, SignArgs},
    ui::{self, println},
};

pub fn sign(global: &Global, arguments: &SignArgs) -> Result<Exit, Problem> {
    if let Some(socket) = &arguments.listen {
        return roles::listen(global, socket, &arguments.allow);
    }
    let Some(file) = arguments.file.as_deref().filter(|_| !arguments.stdio) else {
        return roles::sign(global);
    };
    let beside = || {
        let mut name = file.as_os_str().to_owned();
        name.push(".sigstore.json");
        name.into()
    };
    let to = arguments.bundle.clone().unwrap_or_else(beside);
    let app = App::open(global)?;
    let project = match &arguments.project {
        Some(project) => project.clone(),
        None => app.project().map(|project| project.config.project).unwrap_or_default(),
    };
    let bundle = app.recorder.sign_file(&project, digest(file)?)?;
    put(&bundle, &to)?;
    let verified = attest::verify::verify_bundle(&bundle, &app.recorder.trust()?, app.now());
    let (index, identity) = verified.map(|held| (held.index, held.key)).map_err(|e| erase(&e))?;
    match app.json() {
        true => ui::json(&serde_json::json!({ "bundle": to, "index": index, "identity": identity })),
        false => println!("signed by {identity}, ledger entry {index}: {}", to.display()),
    }
    Ok(Exit::Success)
}

/// Writes a bundle.
pub fn put(bundle: &Bundle, to: &Path) -> Result<(), Problem> {
    let mut bytes = bundle.to_json().map_err(|e| erase(&e))?;
    bytes.push(b'\n');
    write_bytes(&bytes, Some(to)).map(drop)
}
