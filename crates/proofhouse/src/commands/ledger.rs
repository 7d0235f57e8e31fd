//! `proofhouse ledger`: look at it, check it, take it elsewhere.

use std::{fs, path::Path};

use attest::{
    LedgerError,
    bundle::TlogEntry,
    ledger::{Part, RemovedPayload},
};
use engine::{home::cannot, inspect::inspect, ports::Projection};
use model::{Exit, Problem, problem::erase};

use super::{monitor, publiclog, retain::retain};
use crate::{
    app::App,
    args::{Global, LedgerCommand},
    ui::{self, BAD, BOLD, DIM, GOOD, println},
};

/// Statements projected at a time.
const BATCH: u64 = 256;

pub fn ledger(global: &Global, command: LedgerCommand) -> Result<Exit, Problem> {
    match command {
        LedgerCommand::Verify => verify(&App::open_unprojected(global)?),
        LedgerCommand::Show { index, most } => show(&App::open(global)?, index, most),
        LedgerCommand::Prove { index } => prove(&App::open(global)?, index),
        LedgerCommand::Retain(arguments) => retain(&App::open(global)?, &arguments),
        LedgerCommand::Rebuild => rebuild(&App::open_unprojected(global)?),
        LedgerCommand::Export { to, artifact } => export(&App::open(global)?, &to, artifact.as_deref()),
        LedgerCommand::Statement(arguments) => super::statement::statement(&App::open(global)?, &arguments),
        LedgerCommand::Trust { log_key: true } => publiclog::log_key(&App::open(global)?),
        LedgerCommand::Trust { log_key: false } => {
            let app = App::open(global)?;
            print_bytes(&app.recorder.trust()?.to_json())
        }
        LedgerCommand::Publish { to } => publiclog::publish(&App::open(global)?, &to),
        LedgerCommand::Consistency(arguments) => publiclog::consistency(global, &arguments),
        LedgerCommand::Witness(arguments) => publiclog::ask(&App::open(global)?, &arguments),
        LedgerCommand::Monitor(arguments) => monitor::monitor(global, &arguments),
    }
}

fn verify(app: &App) -> Result<Exit, Problem> {
    // What is half removed is no damage; where it cannot be ended, the reason is found below.
    let _ = super::finish_removal(app).inspect_err(ui::warning);
    let inspection = inspect(&app.recorder)?;
    // Tables follow from statements and blobs; where those are damaged there is nothing to compare.
    let rows = if inspection.ok() { compare(app)? } else { vec![] };
    let ok = inspection.ok() && rows.is_empty();
    if app.json() {
        ui::json(&serde_json::json!({ "ok": ok, "stored": inspection, "rows": rows }));
    } else {
        for damage in &inspection.ledger.damages {
            let code = if damage.part == Part::Removal { " [ledger-removed-unexplained]" } else { "" };
            println!("{BAD}damaged{BAD:#} {}: {}{code}", damage.what, damage.why);
        }
        for blob in &inspection.damaged_blobs {
            println!(
                "{BAD}damaged{BAD:#} blob {} ({}, entry {}): {}",
                blob.digest, blob.what, blob.entry, blob.why
            );
        }
        for row in &rows {
            println!("{BAD}differs{BAD:#} database row {}: {:?}", row.table_key(), row.what);
        }
        let counted = format!(
            "{} statements, {} tiles, {} blobs",
            inspection.ledger.records, inspection.ledger.tiles, inspection.blobs
        );
        match ok {
            true if inspection.ledger.removed > 0 => println!(
                "{GOOD}intact{GOOD:#}: {counted}, and the database follows from them; the content of {} was \
                 removed, as the ledger says",
                ui::count(inspection.ledger.removed, "statement")
            ),
            true => println!("{GOOD}intact{GOOD:#}: {counted}, and the database follows from them"),
            false => println!("{BAD}not intact{BAD:#} (checked {counted})"),
        }
        if !rows.is_empty() {
            ui::note("`proofhouse ledger rebuild` makes the database anew from the ledger");
        }
    }
    Ok(if ok { Exit::Success } else { Exit::Integrity })
}

/// The rows of the database that do not follow from the ledger.
fn compare(app: &App) -> Result<Vec<Row>, Problem> {
    // What is not projected yet is not a difference.
    app.recorder.catch_up()?;
    let expected = app.runtime.block_on(store::Store::temporary()).map_err(|e| erase(&e))?;
    project_all(app, &expected)?;
    let differences = app.runtime.block_on(app.store.compare(&expected)).map_err(|e| erase(&e))?;
    Ok(differences.into_iter().map(Row).collect())
}

#[derive(serde::Serialize)]
#[serde(transparent)]
struct Row(store::RowDifference);

impl std::ops::Deref for Row {
    type Target = store::RowDifference;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Row {
    fn table_key(&self) -> String {
        format!("{} {}", self.table, self.key)
    }
}

fn project_all(app: &App, store: &store::Store) -> Result<u64, Problem> {
    let size = app.recorder.size();
    let mut next = 0;
    while next < size {
        let end = size.min(next + BATCH);
        let batch = (next..end).map(|index| app.recorder.row(index)).collect::<Result<Vec<_>, _>>()?;
        app.runtime.block_on(store.project_many(&batch, &*app.blobs)).map_err(|e| erase(&e))?;
        next = end;
    }
    Ok(size)
}

fn rebuild(app: &App) -> Result<Exit, Problem> {
    let rebuilt = rebuild_tables(app)?;
    println!("the database is made anew from {}", ui::count(rebuilt, "statement"));
    Ok(Exit::Success)
}

/// Makes the database anew; from how many statements.
pub fn rebuild_tables(app: &App) -> Result<u64, Problem> {
    let size = app.recorder.size();
    // The first damaged entry ends the rebuild; the old tables stay.
    let entries = (0..size).map(|index| app.recorder.row(index).map_err(std::io::Error::other));
    let rebuilt = app.runtime.block_on(app.store.rebuild(entries, &*app.blobs)).map_err(|e| erase(&e));
    let rebuilt = rebuilt?;
    let next = app.database.next_index()?;
    if next != size {
        return Err(Problem::new(
            "rebuild-short",
            Exit::Integrity,
            format!("only {next} of {size} statements are in it"),
        ));
    }
    Ok(rebuilt)
}

fn show(app: &App, index: Option<u64>, most: u64) -> Result<Exit, Problem> {
    let size = app.recorder.size();
    if let Some(index) = index {
        if let Some(gone) = app.recorder.removed(index)? {
            return show_removed(app, &gone);
        }
        let logged = app.recorder.entry(index)?;
        let (signed, included) = app.recorder.check(index, app.now());
        ui::json(&serde_json::json!({
            "index": index, "envelope": logged.envelope, "loggedAt": logged.logged_at,
            "signed": signed, "included": included, "statement": logged.statement,
        }));
        return Ok(if signed && included { Exit::Success } else { Exit::Integrity });
    }
    let first = size.saturating_sub(most);
    for index in first..size {
        let logged = app.recorder.row(index)?;
        let gone = app.recorder.removed(index)?;
        let subject =
            gone.map(|gone| format!("by entry {}: {}", gone.by, ui::one_line(&gone.removal().reason)));
        let subject =
            subject.unwrap_or_default() + logged.statement.subject.first().map_or("", |s| s.name.as_str());
        let kind =
            logged.statement.predicate_type.trim_start_matches(model::statement::OWN_PREFIX).to_owned();
        if app.json() {
            println!(
                "{}",
                serde_json::json!({ "index": index, "loggedAt": logged.logged_at, "envelope": logged.envelope, "predicateType": logged.statement.predicate_type, "subject": subject })
            );
        } else {
            let at: String = logged.logged_at.to_string().chars().take(19).collect();
            println!(
                "{BOLD}{index:>6}{BOLD:#} {DIM}{at} {}{DIM:#} {kind} {subject}",
                logged.envelope.short()
            );
        }
    }
    Ok(Exit::Success)
}

fn show_removed(app: &App, gone: &RemovedPayload) -> Result<Exit, Problem> {
    let removal = gone.removal();
    let included = app.recorder.with_ledger(|ledger| ledger.prove(gone.index)).is_ok();
    let (signed, by_included) = app.recorder.check(gone.by, app.now());
    ui::json(&serde_json::json!({
        "index": gone.index, "envelope": gone.envelope, "loggedAt": gone.logged_at, "included": included,
        "removed": { "by": gone.by, "reason": removal.reason, "actor": removal.actor, "at": removal.at },
    }));
    Ok(if included && signed && by_included { Exit::Success } else { Exit::Integrity })
}

/// The proof of an entry whose content was removed, in the form that bundles have, and who says that it was.
fn prove_removed(app: &App, gone: &RemovedPayload) -> Result<Exit, Problem> {
    let trust = app.recorder.trust()?;
    let (proof, leaf) = app
        .recorder
        .with_ledger(|ledger| Ok((ledger.prove(gone.index)?, ledger.leaf(gone.index)?)))
        .map_err(|e: LedgerError| erase(&e))?;
    let log = trust.log_of(&proof.checkpoint).and_then(|log| log.note_key());
    let log = log.ok_or_else(|| erase(&LedgerError::NotCheckpointed(gone.index)))?;
    ui::json(&serde_json::json!({
        "tlogEntry": TlogEntry::new(leaf, &proof, &log),
        "envelope": gone.envelope,
        "removed": { "by": gone.by, "reason": gone.removal().reason },
    }));
    ui::note(&format!(
        "the content was removed, so this is no bundle: it proves that the entry is in the log; `proofhouse ledger \
         prove {}` proves the removal",
        gone.by
    ));
    Ok(Exit::Success)
}

fn prove(app: &App, index: u64) -> Result<Exit, Problem> {
    if let Some(gone) = app.recorder.removed(index)? {
        return prove_removed(app, &gone);
    }
    let bundle = app.recorder.bundle(index)?.to_json().map_err(|e| erase(&e))?;
    print_bytes(&[bundle.as_slice(), b"\n"].concat())
}

/// Writes bytes to a file, or prints them.
pub fn write_bytes(bytes: &[u8], to: Option<&Path>) -> Result<Exit, Problem> {
    let Some(to) = to else { return print_bytes(bytes) };
    fs::write(to, bytes).map_err(|e| cannot(to, "write", &e))?;
    Ok(Exit::Success)
}

pub fn print_bytes(bytes: &[u8]) -> Result<Exit, Problem> {
    use std::io::Write;
    let printed = std::io::stdout().write_all(bytes);
    printed.map_err(|e| Problem::new("stdout", Exit::Environment, e.to_string()))?;
    Ok(Exit::Success)
}

fn export(app: &App, to: &Path, artifact: Option<&str>) -> Result<Exit, Problem> {
    let Some(artifact) = artifact else { return export_all(app, to) };
    let digest = super::verify::digest_of(artifact)?;
    let evidence = engine::evidence::of_artifact(digest, &app.recorder)?;
    fs::write(to, &evidence).map_err(|e| cannot(to, "write", &e))?;
    let lines = evidence.iter().filter(|byte| **byte == b'\n').count() as u64;
    println!(
        "wrote {} ({}): others need it and the output of `proofhouse ledger trust`",
        to.display(),
        ui::count(lines, "bundle")
    );
    Ok(Exit::Success)
}

/// The public side of the whole ledger: every statement as a bundle, and the trust file.
fn export_all(app: &App, to: &Path) -> Result<Exit, Problem> {
    fs::create_dir_all(to).map_err(|e| cannot(to, "make", &e))?;
    let trust = app.recorder.trust()?;
    let path = to.join("ledger.jsonl");
    let file = fs::File::create(&path).map_err(|e| cannot(&path, "write", &e))?;
    let mut file = std::io::BufWriter::new(file);
    let written =
        app.recorder.with_ledger(|ledger| ledger.export(&trust, &mut file)).map_err(|e| erase(&e))?;
    std::io::Write::flush(&mut file).map_err(|e| cannot(&path, "write", &e))?;
    let path = to.join("trust.json");
    fs::write(&path, trust.to_json()).map_err(|e| cannot(&path, "write", &e))?;
    println!("wrote {} to {}", ui::count(written, "bundle"), to.display());
    Ok(Exit::Success)
}
