//! `proofhouse ledger publish`, `consistency` and `witness`: the ledger's side towards others.

use std::path::Path;

use attest::log::{Checkpoint, Continuation, SignedCheckpoint, VerifierKey};
use engine::publiclog::{Asked, Witnesses, log_keys};
use model::{Clock, Exit, Problem, problem::erase};
use serde_json::json;

use super::verify::read;
use crate::{
    app::{App, SystemClock},
    args::{AskArgs, ConsistencyArgs, Format, Global},
    ui::{self, BAD, GOOD, println},
};

/// The log's keys as lines for monitors and witnesses.
pub fn log_key(app: &App) -> Result<Exit, Problem> {
    for key in app.recorder.trust()?.logs.iter().filter_map(|log| log.note_key()) {
        println!("{}", VerifierKey::Log(key));
    }
    Ok(Exit::Success)
}

pub fn publish(app: &App, to: &Path) -> Result<Exit, Problem> {
    let published = app.recorder.with_ledger(|ledger| engine::publiclog::publish(ledger, to))?;
    match app.json() {
        true => ui::json(&published),
        false => println!(
            "published {} entries in {} ({} new, {} written, {})",
            published.size,
            to.display(),
            published.size - published.before,
            ui::count(published.tiles, "tile"),
            ui::count(published.cosignatures as u64, "cosignature"),
        ),
    }
    Ok(Exit::Success)
}

pub fn consistency(global: &Global, arguments: &ConsistencyArgs) -> Result<Exit, Problem> {
    if let (Some(proof), Some(key)) = (&arguments.check, &arguments.key) {
        return check(global, &arguments.from, proof, key);
    }
    let app = App::open(global)?;
    let known = match arguments.from.parse::<u64>() {
        Ok(size) => Known::Size(size),
        Err(_) => Known::Checkpoint(checkpoint(Path::new(&arguments.from))?.checkpoint),
    };
    let old = match &known {
        Known::Size(size) => *size,
        Known::Checkpoint(checkpoint) => checkpoint.size,
    };
    let proof = app.recorder.with_ledger(|ledger| ledger.continuation(old)).map_err(|e| erase(&e))?;
    if let Known::Checkpoint(known) = &known {
        let keys: Vec<_> = app.recorder.trust()?.logs.iter().filter_map(|log| log.note_key()).collect();
        proof.check(known, &keys).map_err(|error| erase(&error))?;
    }
    ui::json(&proof);
    Ok(Exit::Success)
}

/// What somebody has of the log.
enum Known {
    Size(u64),
    Checkpoint(Checkpoint),
}

fn check(global: &Global, from: &str, proof: &Path, key: &str) -> Result<Exit, Problem> {
    let keys = log_keys(key, SystemClock.now())?.all;
    let known = checkpoint(Path::new(from))?;
    if !keys.iter().any(|key| known.verify(key).is_ok()) {
        let message = format!("{from} is not signed by this log's key");
        return Err(Problem::new("consistency-signature", Exit::Verdict, message)
            .with_hint("a checkpoint that nobody signed proves nothing"));
    }
    let proof = Continuation::parse(&read(proof)?).map_err(|error| erase(&error))?;
    let newer = proof.check(&known.checkpoint, &keys).map_err(|error| erase(&error))?.checkpoint;
    let old = known.checkpoint.size;
    match global.format {
        Format::Json => ui::json(&json!({
            "consistent": true, "origin": newer.origin, "oldSize": old, "size": newer.size, "root": newer.root,
        })),
        Format::Text => println!(
            "{GOOD}consistent{GOOD:#}: the {} entries of {} continue the {old} that you knew",
            newer.size, newer.origin
        ),
    }
    Ok(Exit::Success)
}

fn checkpoint(path: &Path) -> Result<SignedCheckpoint, Problem> {
    let text = String::from_utf8(read(path)?).unwrap_or_default();
    SignedCheckpoint::parse(&text).map_err(|error| {
        Problem::new("checkpoint-malformed", Exit::Input, format!("{}: {error}", path.display()))
            .with_hint("expected is a signed checkpoint as the log serves it")
    })
}

pub fn ask(app: &App, arguments: &AskArgs) -> Result<Exit, Problem> {
    let list = match arguments.urls.is_empty() {
        false => Witnesses::new(&arguments.witness_key, &arguments.urls, arguments.quorum)?,
        true => Witnesses::load(app.home.root())?.ok_or_else(|| {
            Problem::new("witness-list", Exit::Input, "no witness is known")
                .with_hint("give --ask URL and --witness-key KEY for each, and --save to keep them")
        })?,
    };
    if arguments.save {
        list.save(app.home.root())?;
    }
    let (size, asked) = engine::publiclog::ask(&app.recorder, &list)?;
    let have = asked.iter().filter(|asked| asked.cosigned.is_some()).count();
    match app.json() {
        true => ui::json(&json!({
            "size": size, "cosigned": have, "quorum": list.quorum, "reached": have >= list.quorum, "witnesses": asked,
        })),
        false => tell(size, &asked, have, list.quorum),
    }
    let contradicts = |asked: &Asked| asked.problem.as_ref().is_some_and(|p| p.exit == Exit::Integrity);
    Ok(match () {
        () if asked.iter().any(contradicts) => Exit::Integrity,
        () if have >= list.quorum => Exit::Success,
        () => Exit::Environment,
    })
}

fn tell(size: u64, asked: &[Asked], have: usize, quorum: usize) {
    for Asked { name, cosigned, problem } in asked {
        match (cosigned, problem) {
            (Some(at), _) => println!("{GOOD}cosigned{GOOD:#} {name} {at}"),
            (None, Some(problem)) => {
                println!("{BAD}not cosigned{BAD:#} {name}: {} [{}]", problem.message, problem.code)
            }
            (None, None) => println!("{BAD}not cosigned{BAD:#} {name}"),
        }
    }
    println!(
        "{have} of {} witnesses cosigned the checkpoint of {size} entries; {quorum} are wanted",
        asked.len()
    );
}
