//! `proofhouse verify`: what is proven about a file, a deployment or statements, offline, with nothing but
//! evidence and a trust file.

mod others;
mod told;

use std::path::{Path, PathBuf};

use attest::{
    Bundle, Trust,
    verify::{Evidence, Policy, Which, verify_artifact},
};
use engine::home::cannot;
use model::{Clock, Exit, Hasher, Problem, Sha256, problem::erase};

pub use told::tell;

use crate::{
    app::{App, SystemClock, home_folder},
    args::{Format, Global, VerifyArgs},
    ui,
};

pub fn verify(global: &Global, arguments: &VerifyArgs) -> Result<Exit, Problem> {
    if arguments.threshold.is_none() && arguments.trust.len() > 1 {
        return Err(Problem::new(
            "verify-several-trusts",
            Exit::Input,
            "evidence is judged under one trust file",
        )
        .with_hint("several count together with --threshold"));
    }
    match (&arguments.artifact, &arguments.deployment) {
        _ if arguments.statements => others::statements(global, arguments),
        (Some(artifact), _) if arguments.threshold.is_some() => {
            others::threshold(global, arguments, artifact)
        }
        (artifact, Some(place)) => deployment(global, arguments, place, artifact.as_deref()),
        (Some(path), None) => artifact(global, arguments, path),
        // Which the command line does not let through.
        (None, None) => Err(Problem::new("verify-what", Exit::Input, "nothing is named to verify")),
    }
}

fn artifact(global: &Global, arguments: &VerifyArgs, path: &Path) -> Result<Exit, Problem> {
    let digest = digest(path)?;
    let (bundles, trust) =
        given(global, arguments, &|app| engine::evidence::of_artifact(digest, &app.recorder))?;
    let policy = Policy {
        environment: arguments.environment.clone(),
        project: arguments.project.clone(),
        provenance: true,
        ..Policy::default()
    };
    let report = verify_artifact(&digest, &bundles, &trust, SystemClock.now(), &policy);
    match global.format {
        Format::Json => ui::json(&report),
        Format::Text => tell(&report),
    }
    if report.ok() && arguments.bundle.is_some() && arguments.environment.is_some() {
        // Evidence can be left out of a file; only the ledger has all of it.
        ui::note(
            "the decision is the latest in this evidence; `proofhouse ledger export` gives all there is",
        );
    }
    Ok(if report.ok() { Exit::Success } else { Exit::Verdict })
}

fn deployment(
    global: &Global,
    arguments: &VerifyArgs,
    place: &str,
    artifact: Option<&Path>,
) -> Result<Exit, Problem> {
    let which = match place.parse() {
        Ok(id) => Which::Id(id),
        Err(_) => Which::Active { environment: place.to_owned(), project: arguments.project.clone() },
    };
    let (bundles, trust) =
        given(global, arguments, &|app| engine::evidence::of_deployment(&which, &app.recorder))?;
    let evidence = Evidence::judge(&bundles, &trust, SystemClock.now());
    let report = evidence.deployment(&which).map_err(|failure| erase(&failure))?;
    match global.format {
        Format::Json => ui::json(&report),
        Format::Text => told::deployment(&report),
    }
    let same = artifact.map(digest).transpose()?.is_none_or(|digest| digest == report.deployment.digest);
    if !same {
        return Err(Problem::new(
            "verify-other-artifact",
            Exit::Verdict,
            "another artifact was deployed than this file",
        ));
    }
    if report.ok() && arguments.bundle.is_some() && matches!(which, Which::Active { .. }) {
        ui::note("it is the latest in this evidence; only the ledger has all of it");
    }
    Ok(if report.ok() { Exit::Success } else { Exit::Verdict })
}

/// Bundles and trust file, as given or from this installation.
fn given(
    global: &Global,
    arguments: &VerifyArgs,
    evidence: &dyn Fn(&App) -> Result<Vec<u8>, Problem>,
) -> Result<(Vec<Bundle>, Trust), Problem> {
    let (bundle, trust) = (arguments.bundle.as_deref(), arguments.trust.first().map(PathBuf::as_path));
    let (evidence, trust) = match (bundle, trust) {
        (Some(bundle), Some(trust)) => (read(bundle)?, read(trust)?),
        (bundle, trust) => own(global, bundle, trust, evidence)?,
    };
    let bundles = attest::bundle::parse_evidence(&evidence).map_err(|e| erase(&e))?;
    Ok((bundles, Trust::parse(&trust).map_err(|e| erase(&e))?))
}

/// SHA-256 of a file.
pub fn digest(path: &Path) -> Result<Sha256, Problem> {
    engine::given::file(path)?;
    let mut file = std::fs::File::open(path).map_err(|e| cannot(path, "open", &e))?;
    let mut hasher = Hasher::new();
    std::io::copy(&mut file, &mut hasher).map_err(|e| cannot(path, "read", &e))?;
    Ok(hasher.finish())
}

/// SHA-256 that is given as such, or of a file.
pub fn digest_of(artifact: &str) -> Result<Sha256, Problem> {
    artifact.parse().or_else(|_| digest(Path::new(artifact)))
}

/// At most 512 MiB of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    use std::io::Read;
    engine::given::file(path)?;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| cannot(path, "open", &e))?;
    file.take(512 << 20).read_to_end(&mut bytes).map_err(|e| cannot(path, "read", &e))?;
    Ok(bytes)
}

/// What is not given comes from this installation.
fn own(
    global: &Global,
    bundle: Option<&Path>,
    trust: Option<&Path>,
    evidence: &dyn Fn(&App) -> Result<Vec<u8>, Problem>,
) -> Result<(Vec<u8>, Vec<u8>), Problem> {
    if global.signer.is_none() && !home_folder(global)?.join("keys").exists() {
        return Err(Problem::new("trust-missing", Exit::Input, "this installation has no keys to trust")
            .with_hint("give --bundle and --trust; `proofhouse ledger trust` prints the trust file where it was built"));
    }
    let app = App::open(global)?;
    let evidence = match bundle {
        Some(path) => read(path)?,
        None => evidence(&app)?,
    };
    let trust = match trust {
        Some(path) => read(path)?,
        None => app.recorder.trust()?.to_json(),
    };
    Ok((evidence, trust))
}
