//! `proofhouse sign`: a signature over a file that other verifiers accept.

use std::path::Path;

use attest::{Bundle, sigstore::Accepted};
use model::{Exit, Problem, problem::erase};

use super::{
    keyless::{self, Asked},
    ledger::write_bytes,
    roles,
    verify::digest,
};
use crate::{
    app::App,
    args::{Format, Global, SignArgs},
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
    if let (Some(services), Some(trusted_root)) = (&arguments.services, &arguments.trusted_root) {
        let (token, in_toto) = (keyless::token(arguments)?, arguments.in_toto);
        let asked = Asked { services, trusted_root, token: &token, in_toto, file };
        return with_services(global, &asked, &to);
    }
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

fn with_services(global: &Global, asked: &Asked<'_>, to: &Path) -> Result<Exit, Problem> {
    let (bundle, accepted) = keyless::sign(asked)?;
    put(&bundle, to)?;
    let Accepted { identity, log, index, .. } = accepted;
    let identity = identity.unwrap_or_default();
    match global.format {
        Format::Json => ui::json(&serde_json::json!({
            "bundle": to, "log": log, "index": index, "identity": identity,
        })),
        Format::Text => println!("signed by {identity}, entry {index} of {log}: {}", to.display()),
    }
    Ok(Exit::Success)
}

/// Writes a bundle.
pub fn put(bundle: &Bundle, to: &Path) -> Result<(), Problem> {
    let mut bytes = bundle.to_json().map_err(|e| erase(&e))?;
    bytes.push(b'\n');
    write_bytes(&bytes, Some(to)).map(drop)
}
