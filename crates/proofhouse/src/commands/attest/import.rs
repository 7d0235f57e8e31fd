//! `proofhouse attest import`: attestations of others, verified and kept as they are.

use attest::{
    Trust,
    sigstore::{Signer, TrustedRoot},
};
use engine::{
    foreign::{self, Import, Imported, Root},
    project::Project,
    source::{CONFIG, Source},
};
use model::{Exit, Problem, Sha256, problem::erase};

use crate::{
    app::{App, actor, load_project},
    args::{AttestImportArgs, Global},
    commands::{conformance::public_key, verify::read},
    ui::{self, BOLD, DIM, println},
};

pub fn import(global: &Global, arguments: &AttestImportArgs) -> Result<Exit, Problem> {
    let root = root(arguments)?;
    let project = project(global, arguments)?;
    let app = App::open(global)?;
    let request = Import { files: &arguments.files, root: &root, project: &project, actor: &actor() };
    let (imported, warning) = foreign::import(&request, &app.recorder)?;
    warning.iter().for_each(ui::warning);
    match app.json() {
        true => ui::json(&imported),
        false => imported.iter().for_each(tell),
    }
    Ok(Exit::Success)
}

fn root(arguments: &AttestImportArgs) -> Result<Root, Problem> {
    if let Some(file) = &arguments.trust {
        let bytes = read(file)?;
        let trust = Box::new(Trust::parse(&bytes).map_err(|e| erase(&e))?);
        return Ok(Root::Trust { trust, digest: Sha256::of(&bytes) });
    }
    let key = arguments.key.as_deref().map(public_key).transpose()?;
    let signer = match (&arguments.certificate_identity, &arguments.certificate_oidc_issuer, key) {
        (Some(identity), Some(issuer), _) => {
            Signer::Identity { identity: identity.clone(), issuer: issuer.clone() }
        }
        (_, _, Some(key)) if arguments.trusted_root.is_none() => return Ok(Root::Key(key)),
        (_, _, Some(key)) => Signer::Key(key),
        _ => {
            return Err(Problem::new("usage", Exit::Input, "who must have signed is not said")
                .with_hint("give --certificate-identity and --certificate-oidc-issuer, or --key"));
        }
    };
    let Some(file) = &arguments.trusted_root else {
        return Err(Problem::new(
            "usage",
            Exit::Input,
            "an identity is believed under a --trusted-root only",
        ));
    };
    let bytes = read(file)?;
    let root = Box::new(TrustedRoot::parse(&bytes).map_err(|e| erase(&e))?);
    Ok(Root::Sigstore { root, digest: Sha256::of(&bytes), signer })
}

/// Given, of the configuration, or after the folder.
fn project(global: &Global, arguments: &AttestImportArgs) -> Result<String, Problem> {
    if let Some(name) = &arguments.project {
        return pipeline::project_name(name).map(|()| name.clone());
    }
    let root = Source::around(&global.directory)?;
    match root.join(CONFIG).is_file() {
        true => Ok(load_project(global)?.config.project),
        false => Ok(Project::bare(&root)?.config.project),
    }
}

fn tell(imported: &Imported) {
    let attestation = &imported.attestation;
    let signer = &attestation.signer;
    let who = signer.identity.as_ref().or(signer.key.as_ref()).map_or("", String::as_str);
    println!(
        "{BOLD}{}{BOLD:#} by {} {DIM}under {} {}, ledger entry {}{DIM:#}",
        ui::one_line(&attestation.predicate_type),
        ui::one_line(who),
        attestation.root.kind,
        attestation.root.sha256.short(),
        imported.index
    );
    for subject in &imported.subjects {
        let digest = subject.sha256_digest().map_or(String::new(), |digest| format!("sha256:{digest}"));
        println!("  {} {DIM}{digest}{DIM:#}", ui::one_line(&subject.name));
    }
}
