//! `proofhouse sign`: a signature over a file that other verifiers accept.

use std::path::Path;

use engine::home::cannot;
use model::{Exit, Problem, problem::erase};

use super::{roles, verify::digest};
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
    let (index, identity) = write(&app, file, &project, &to)?;
    match app.json() {
        true => ui::json(&serde_json::json!({ "bundle": to, "index": index, "identity": identity })),
        false => println!("signed by {identity}, ledger entry {index}: {}", to.display()),
    }
    Ok(Exit::Success)
}

/// Signs `file` and writes the bundle; its index in the ledger and the identity.
pub fn write(app: &App, file: &Path, project: &str, to: &Path) -> Result<(u64, String), Problem> {
    let bundle = app.recorder.sign_file(project, digest(file)?)?;
    let mut bytes = bundle.to_json().map_err(|e| erase(&e))?;
    bytes.push(b'\n');
    std::fs::write(to, bytes).map_err(|e| cannot(to, "write", &e))?;
    let trust = app.recorder.trust()?;
    let verified = attest::verify::verify_bundle(&bundle, &trust, app.now()).map_err(|e| erase(&e))?;
    Ok((verified.index, verified.key))
}
