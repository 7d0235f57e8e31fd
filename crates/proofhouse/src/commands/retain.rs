//! `proofhouse ledger retain`: old content goes, and the ledger keeps the proof that it was there.

use engine::retain::{self, Choice, Policy, Work};
use model::{Exit, Problem, Timestamp};

use super::ledger::rebuild_tables;
use crate::{
    app::{App, actor},
    args::RetainArgs,
    ui::{self, DIM, println},
};

pub fn retain(app: &App, arguments: &RetainArgs) -> Result<Exit, Problem> {
    let policy = Policy {
        before: before(&arguments.older_than, app.now())?,
        types: arguments.types.clone(),
        reason: arguments.reason.trim().to_owned(),
        actor: actor(),
    };
    if !arguments.dry_run && policy.reason.is_empty() {
        return Err(Problem::new("reason-too-short", Exit::Input, "a removal needs a reason")
            .with_hint("it is the only thing that is left to read: --reason \"...\""));
    }
    let choice = retain::choose(&policy, &app.recorder)?;
    if arguments.dry_run || choice.entries.is_empty() {
        tell(app, &choice, None);
        return Ok(Exit::Success);
    }
    let work = retain::begin(&policy, &choice, &app.recorder)?;
    let by = work.by;
    end(app, work)?;
    tell(app, &choice, Some(by));
    Ok(Exit::Success)
}

/// Goes on with a removal that was interrupted.
pub fn resume(app: &App) -> Result<(), Problem> {
    let Some(work) = retain::resume(&app.recorder)? else { return Ok(()) };
    ui::note(&format!("the removal that entry {} records was interrupted; it is carried out now", work.by));
    end(app, work)
}

/// The database follows from what is left.
fn end(app: &App, work: Work) -> Result<(), Problem> {
    rebuild_tables(app)?;
    work.done()
}

fn before(age: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    let unusable = || {
        Problem::new("age-unusable", Exit::Input, format!("{age:?} is no age"))
            .with_hint("a number and d, w or y: 90d, 52w, 3y")
    };
    let number = age.get(..age.len().saturating_sub(1)).and_then(|number| number.parse::<i64>().ok());
    let days = match age.chars().last() {
        Some('d') => 1,
        Some('w') => 7,
        Some('y') => 366,
        _ => return Err(unusable()),
    };
    let hours = number.filter(|n| *n >= 0).and_then(|n| n.checked_mul(days * 24)).ok_or_else(unusable)?;
    let span = jiff::SignedDuration::try_from_hours(hours).ok_or_else(unusable)?;
    now.checked_sub(span).map_err(|_| unusable())
}

fn tell(app: &App, choice: &Choice, by: Option<u64>) {
    if app.json() {
        return ui::json(&serde_json::json!({ "removedBy": by, "choice": choice }));
    }
    for kind in &choice.unknown {
        ui::note(&format!("no statement in this ledger is of the type `{kind}`"));
    }
    for entry in &choice.entries {
        println!("{:>6} {} {DIM}{}{DIM:#}", entry.index, entry.predicate_type, entry.envelope.short());
    }
    for kept in &choice.kept {
        println!("{:>6} {DIM}stays: {}{DIM:#}", kept.index, kept.why);
    }
    let what = format!(
        "{} and {}",
        ui::count(choice.entries.len() as u64, "statement"),
        ui::count(choice.blobs.len() as u64, "blob")
    );
    match by {
        Some(by) => println!("removed the content of {what}; entry {by} says so, the leaves stay"),
        None if choice.entries.is_empty() => println!("nothing is old enough, of these types and free to go"),
        None => println!("would remove the content of {what}"),
    }
    if choice.more {
        ui::note("there is more: run the same again");
    }
}
