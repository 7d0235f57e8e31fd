//! `proofhouse verify`: what is proven about a file, offline, with nothing but its evidence and a
//! trust file.

use attest::{
    Trust,
    verify::{ArtifactReport, Policy, verify_artifact},
};
use engine::home::cannot;
use model::{Clock, Exit, Hasher, Problem, Sha256, problem::erase};

use crate::{
    app::{App, SystemClock, home_folder},
    args::{Format, Global, VerifyArgs},
    commands::run::severities,
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

pub fn verify(global: &Global, arguments: &VerifyArgs) -> Result<Exit, Problem> {
    let digest = digest(&arguments.artifact)?;
    let (evidence, trust) = match (&arguments.bundle, &arguments.trust) {
        (Some(bundle), Some(trust)) => (read(bundle)?, read(trust)?),
        (bundle, trust) => own(global, digest, bundle.as_deref(), trust.as_deref())?,
    };
    let bundles = attest::bundle::parse_evidence(&evidence).map_err(|e| erase(&e))?;
    let trust = Trust::parse(&trust).map_err(|e| erase(&e))?;
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

/// SHA-256 of a file.
pub fn digest(path: &std::path::Path) -> Result<Sha256, Problem> {
    engine::given::file(path)?;
    let mut file = std::fs::File::open(path).map_err(|e| cannot(path, "open", &e))?;
    let mut hasher = Hasher::new();
    std::io::copy(&mut file, &mut hasher).map_err(|e| cannot(path, "read", &e))?;
    Ok(hasher.finish())
}

/// SHA-256 that is given as such, or of a file.
pub fn digest_of(artifact: &str) -> Result<Sha256, Problem> {
    artifact.parse().or_else(|_| digest(std::path::Path::new(artifact)))
}

/// At most 512 MiB of a file.
pub fn read(path: &std::path::Path) -> Result<Vec<u8>, Problem> {
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
    digest: Sha256,
    bundle: Option<&std::path::Path>,
    trust: Option<&std::path::Path>,
) -> Result<(Vec<u8>, Vec<u8>), Problem> {
    if global.signer.is_none() && !home_folder(global)?.join("keys").exists() {
        return Err(Problem::new("trust-missing", Exit::Input, "this installation has no keys to trust")
            .with_hint("give --bundle and --trust; `proofhouse ledger trust` prints the trust file where it was built"));
    }
    let app = App::open(global)?;
    let evidence = match bundle {
        Some(path) => read(path)?,
        None => engine::evidence::of_artifact(digest, &app.recorder)?,
    };
    let trust = match trust {
        Some(path) => read(path)?,
        None => app.recorder.trust()?.to_json(),
    };
    Ok((evidence, trust))
}

/// The report of one artifact for people.
pub fn tell(report: &ArtifactReport) {
    let names = if report.names.is_empty() { "unknown".to_owned() } else { report.names.join(", ") };
    println!("{BOLD}{names}{BOLD:#} {DIM}sha256:{}{DIM:#}", report.digest);
    for build in &report.proven.builds {
        println!("  built by     {}", build.builder);
        let commits =
            if build.commits.is_empty() { "no commit".to_owned() } else { build.commits.join(", ") };
        println!("  from commit  {commits}");
        for tool in build.dependencies.iter().filter(|d| d.role == "tool") {
            let version = tool.version.as_deref().unwrap_or("");
            println!("  with tool    {} {version} {DIM}{}{DIM:#}", tool.name, tool.digests.join(" "));
        }
    }
    for check in &report.proven.checks {
        let (style, word) = if check.good { (GOOD, "good") } else { (WARN, "not good") };
        let findings = check.findings.map_or(String::new(), |counts| severities(&counts));
        println!("  {:<12} {} {style}{word}{style:#} {findings}", check.kind, check.name);
    }
    for decision in &report.proven.decisions {
        let (style, word) = ui::of_outcome(decision.outcome);
        println!(
            "  decision     {}/{} {style}{word}{style:#} {DIM}{}{DIM:#}",
            decision.project, decision.environment, decision.at
        );
    }
    for deployment in &report.proven.deployments {
        println!(
            "  deployment   {} {} {DIM}{}{DIM:#}",
            deployment.environment, deployment.result, deployment.at
        );
    }
    for foreign in report.proven.others.iter().filter_map(|other| other.foreign.as_ref()) {
        let signer = foreign.signer.identity.as_ref().or(foreign.signer.key.as_ref());
        println!(
            "  foreign      {} by {} {DIM}verified {} under {} {}{DIM:#}",
            ui::one_line(&foreign.predicate_type),
            ui::one_line(signer.map_or("", String::as_str)),
            foreign.verified_at,
            foreign.root.kind,
            foreign.root.sha256.short()
        );
    }
    for compared in &report.proven.reproductions {
        let (style, word) = if compared.reproduced { (GOOD, "reproduced") } else { (WARN, "not reproduced") };
        let who = if compared.independent { "independently by" } else { "again by" };
        let differing = match compared.differing.is_empty() {
            true => String::new(),
            false => format!(", differing: {}", ui::one_line(&compared.differing.join(", "))),
        };
        println!("  built twice  {style}{word}{style:#} {who} {}{differing}", ui::one_line(&compared.by));
    }
    // What is only ours to read is told by `ledger show`.
    let own = |kind: &str| kind.starts_with(model::statement::OWN_PREFIX);
    for other in report.proven.others.iter().filter(|other| !own(&other.predicate_type)) {
        let name = other.name.unwrap_or(&other.predicate_type);
        println!("  statement    {} {DIM}entry {}{DIM:#}", ui::one_line(name), other.index);
    }
    for failure in &report.failures {
        let at = failure.bundle.map_or(String::new(), |n| format!(" (line {} of the evidence)", n + 1));
        println!("  {BAD}fails{BAD:#}        {} {DIM}[{}]{at}{DIM:#}", failure.failure, failure.code);
    }
    let signers = report.signers.join(", ");
    match report.ok() {
        true => println!("{GOOD}verified{GOOD:#}: {} statements, signed by {signers}", report.verified),
        false => println!("{BAD}not verified{BAD:#}"),
    }
}
