//! `proofhouse release`: everything about a run in one file, for others.

use std::{fs::File, io::BufReader, path::Path};

use attest::{
    Trust,
    release::{Release, ReleaseReport, read},
    verify::Policy,
};
use engine::{home::cannot, ports::Projection};
use model::{Clock, Exit, Problem, RunId, Sha256, problem::erase};

use super::verify;
use crate::{
    app::{App, SystemClock, actor},
    args::{Format, Global, ReleaseCommand},
    ui::{self, BAD, BOLD, DIM, GOOD, println},
};

pub fn release(global: &Global, command: &ReleaseCommand) -> Result<Exit, Problem> {
    match command {
        ReleaseCommand::Export { what, to, without_blobs } => export(global, what, to, !without_blobs),
        ReleaseCommand::Verify { file, trust, environment } => {
            let report = judge(file, trust, environment.clone())?;
            tell(global, &report, None);
            Ok(if report.ok { Exit::Success } else { Exit::Verdict })
        }
        ReleaseCommand::Review(command) => super::release_review::release_review(global, command),
        ReleaseCommand::Import { file, trust, to } => import(global, file, trust, to.as_deref()),
    }
}

fn export(global: &Global, what: &str, to: &Path, complete: bool) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let run = run(&app, what)?;
    let done = engine::release::export(run, complete, &actor(), &app.recorder, to)?;
    if app.json() {
        ui::json(&done);
        return Ok(Exit::Success);
    }
    println!(
        "wrote {}: {}, {}, {} ({} bytes), ledger entry {}",
        to.display(),
        ui::count(done.artifacts as u64, "artifact"),
        ui::count(done.statements as u64, "statement"),
        ui::count(done.blobs as u64, "blob"),
        done.bytes,
        done.index
    );
    ui::note(
        "others need it and the output of `proofhouse trust file`, which they must get from you another way",
    );
    Ok(Exit::Success)
}

/// The run that is meant: itself, or the newest that made an artifact.
fn run(app: &App, what: &str) -> Result<RunId, Problem> {
    if let Ok(run) = what.parse() {
        return Ok(run);
    }
    let digest: Sha256 = match what.strip_prefix("sha256:").unwrap_or(what).parse() {
        Ok(digest) => digest,
        Err(_) => verify::digest(Path::new(what))?,
    };
    app.database.makers(digest)?.first().copied().ok_or_else(|| {
        Problem::new("artifact-unknown", Exit::Verdict, format!("no run here made sha256:{digest}"))
            .with_hint("name a run, or an artifact that a run of this installation made")
    })
}

fn judge(file: &Path, trust: &Path, environment: Option<String>) -> Result<ReleaseReport, Problem> {
    engine::given::file(file)?;
    let trust = Trust::parse(&verify::read(trust)?).map_err(|e| erase(&e))?;
    let input = File::open(file).map_err(|e| cannot(file, "open", &e))?;
    let contents =
        read(BufReader::with_capacity(1 << 20, input), &mut |_, _| Ok(())).map_err(|e| erase(&e))?;
    let release = Release::judge(&contents, &trust, SystemClock.now()).map_err(|e| erase(&e))?;
    Ok(release.report(&Policy { provenance: true, environment, ..Policy::default() }))
}

fn import(global: &Global, file: &Path, trust: &Path, to: Option<&Path>) -> Result<Exit, Problem> {
    engine::given::file(file)?;
    let trust = verify::read(trust)?;
    let app = App::open(global)?;
    let imported = engine::release::import(file, &trust, to, &actor(), &app.recorder)?;
    tell(global, &imported.report, imported.index);
    match (imported.index, to) {
        (None, _) => {
            ui::note("nothing of it was kept");
            return Ok(Exit::Verdict);
        }
        (Some(_), Some(to)) => ui::note(&format!("the artifacts are in {}", to.display())),
        _ => {}
    }
    Ok(Exit::Success)
}

fn tell(global: &Global, report: &ReleaseReport, imported: Option<u64>) {
    if global.format == Format::Json {
        let mut value = serde_json::to_value(report).unwrap_or_default();
        if let (Some(index), Some(fields)) = (imported, value.as_object_mut()) {
            fields.insert("imported".to_owned(), index.into());
        }
        return ui::json(&value);
    }
    let blobs = if report.complete { "all blobs" } else { "artifacts only" };
    println!("{BOLD}release of {}{BOLD:#} {DIM}run {}, {blobs}{DIM:#}", report.project, report.run);
    println!(
        "  signed by    {} {DIM}{}, entry {} of {}{DIM:#}",
        report.signer, report.exported, report.index, report.log
    );
    report.artifacts.iter().for_each(verify::tell);
    let holds = format!(
        "{} in {}, {}",
        ui::count(report.artifacts.len() as u64, "artifact"),
        ui::count(report.members as u64, "member"),
        ui::count(report.statements as u64, "statement")
    );
    match report.ok {
        true => println!("{GOOD}the whole release is verified{GOOD:#}: {holds}"),
        false => println!("{BAD}the release is not verified{BAD:#}: {holds}"),
    }
    if let Some(index) = imported {
        println!("imported as ledger entry {index}");
    }
}
