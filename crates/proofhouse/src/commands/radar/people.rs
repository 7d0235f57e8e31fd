//! What people do about technologies: assess, vote, sign; and how far that is.

use std::path::Path;

use engine::radar::{self, Opinion, Sign};
use govern::{
    catalogue::{Catalogue, Moved, Ring, Standing, State, history as moves},
    organisation::{Permission, Rights},
};
use model::{By, Exit, Problem};
use serde_json::json;

use crate::{
    app::App,
    args::{AssessArgs, SignEntryArgs, WhoArgs},
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

/// Longest name of a person, in characters.
const LONGEST_NAME: usize = 100;

/// Who acts, with their roles in the whole organisation; and who enters it, where that is somebody else. Before there
/// are roles, whoever holds the installation is believed.
fn by(app: &App, who: &WhoArgs) -> Result<(By, Option<String>), Problem> {
    let own = app.by(None)?;
    let Some(name) = who.name.as_deref().map(str::trim) else { return Ok((own, None)) };
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Problem::new("name-unfit", Exit::Input, "this cannot be the name of a person")
            .with_hint("one line of at most 100 characters"));
    }
    if !app.organisation()?.grants.is_empty() {
        let message = format!("once people have roles, nobody signs or assesses for {name}");
        return Err(Problem::new("name-other", Exit::Verdict, message)
            .with_hint("leave --name out; they sign themselves, on the page or here"));
    }
    Ok((By { name: name.to_owned(), roles: own.roles, via: own.via }, Some(own.name)))
}

/// As [`by`], of somebody who may assess technologies.
fn assessor(app: &App, who: &WhoArgs) -> Result<(By, Option<String>), Problem> {
    let (by, entered_by) = by(app, who)?;
    if Rights::given(&by.roles, &[]).may(Permission::Assess, None) {
        return Ok((by, entered_by));
    }
    let message = format!("{} may not {}", by.name, Permission::Assess.phrase());
    Err(Problem::new("not-allowed", Exit::Input, message)
        .with_hint("`proofhouse organisation show --roles` says who may"))
}

/// Records a score or a vote.
pub(super) fn assess(app: &App, catalogue: &Catalogue, arguments: &AssessArgs) -> Result<Exit, Problem> {
    // Under the name that everybody else uses for it.
    let technology = radar::meant(catalogue, &arguments.technology)?.name;
    let vote = arguments.vote.as_deref().and_then(Ring::from_name).map(Opinion::Vote);
    let score =
        arguments.criterion.clone().zip(arguments.score).map(|(name, score)| Opinion::Score(name, score));
    let Some(opinion) = vote.or(score) else { return Ok(Exit::Input) };
    let who = assessor(app, &arguments.who)?;
    let index = radar::assess(&technology, opinion, arguments.comment.clone(), who, &app.recorder)?;
    match app.json() {
        true => ui::json(&json!({ "entry": index, "technology": technology })),
        false => println!(
            "recorded as ledger entry {index}; it stands beside the data of {}",
            ui::one_line(&technology)
        ),
    }
    Ok(Exit::Success)
}

/// Records a Scorecard.
pub(super) fn scorecard(
    app: &App,
    catalogue: &Catalogue,
    technology: &str,
    file: &Path,
) -> Result<Exit, Problem> {
    let technology = radar::meant(catalogue, technology)?.name;
    let (by, _) = assessor(app, &WhoArgs { name: None })?;
    let file = app.global.directory.join(file);
    let (index, card) = radar::import_scorecard(&technology, &file, by, &app.recorder)?;
    match app.json() {
        true => ui::json(&json!({ "entry": index, "scorecard": card })),
        false => println!(
            "recorded as ledger entry {index}: {} of 10 for {} on {}",
            card.score,
            ui::one_line(&card.repository),
            card.date
        ),
    }
    Ok(Exit::Success)
}

/// Signs an entry, or refuses it.
pub(super) fn sign(app: &App, catalogue: &Catalogue, arguments: &SignEntryArgs) -> Result<Exit, Problem> {
    let (by, entered_by) = by(app, &arguments.who)?;
    let what = Sign {
        technology: &arguments.technology,
        approve: !arguments.reject,
        role: arguments.role,
        by,
        entered_by,
        reason: arguments.reason.clone(),
    };
    let (index, standing) = radar::sign(catalogue, what, &app.recorder)?;
    if app.json() {
        ui::json(&json!({ "entry": index, "standing": standing }));
    } else {
        println!("recorded as ledger entry {index}");
        tell(&standing);
    }
    Ok(Exit::Success)
}

/// How far the entries are.
pub(super) fn status(
    app: &App,
    catalogue: &Catalogue,
    only: Option<&str>,
    fail: bool,
) -> Result<Exit, Problem> {
    let wanted = only.map(|name| radar::entry(catalogue, name)).transpose()?;
    let standings = radar::standings(catalogue, &app.recorder, app.now())?;
    let shown: Vec<&Standing> =
        standings.values().filter(|one| wanted.is_none_or(|entry| entry.name == one.technology)).collect();
    if app.json() {
        ui::json(&json!({ "quorum": catalogue.quorum, "entries": shown }));
    } else if catalogue.quorum.is_none() {
        ui::note("the catalogue has no `quorum`: every entry counts as it is written");
    } else {
        shown.iter().for_each(|one| tell(one));
    }
    let effective = shown.iter().all(|one| one.state == State::Effective) && catalogue.quorum.is_some();
    Ok(if fail && !effective { Exit::Verdict } else { Exit::Success })
}

fn tell(one: &Standing) {
    let style = match one.state {
        State::Effective => GOOD,
        State::Pending | State::Incomplete => WARN,
        _ => BAD,
    };
    let until = one.until.filter(|_| one.state == State::Effective);
    let until = until.map_or_else(String::new, |day| format!(" until {day}"));
    println!(
        "{style}{:<10}{style:#} {BOLD}{}{BOLD:#} {DIM}{}{until}{DIM:#}",
        one.state.word(),
        ui::one_line(&one.technology),
        one.ring.name()
    );
    for why in &one.because {
        println!("           {}", ui::one_line(why));
    }
    for signature in &one.signatures {
        let word = if signature.approve { "signed" } else { "refused" };
        let entered =
            signature.entered_by.as_ref().map_or_else(String::new, |name| format!(", entered by {name}"));
        let day: String = signature.at.to_string().chars().take(10).collect();
        println!(
            "           {DIM}{word} by {} as {} on {day}{}, ledger entry {}{DIM:#}",
            ui::one_line(&signature.by.name),
            signature.role,
            ui::one_line(&entered),
            signature.index
        );
    }
}

/// Moves from ring to ring.
pub(super) fn history(app: &App, only: Option<&str>) -> Result<Exit, Problem> {
    let all = moves(&radar::signatures(&app.recorder, app.now())?);
    let wanted = |one: &&Moved| only.is_none_or(|name| name.to_lowercase() == one.technology.to_lowercase());
    let shown: Vec<&Moved> = all.iter().filter(wanted).collect();
    if app.json() {
        ui::json(&shown);
        return Ok(Exit::Success);
    }
    if shown.is_empty() {
        ui::note("no entry has been signed by its quorum yet");
    }
    for one in shown {
        let day: String = one.at.to_string().chars().take(10).collect();
        let way = match one.from {
            None => format!("to {}", one.to.name()),
            Some(from) if from == one.to => format!("stays in {}", one.to.name()),
            Some(from) => format!("from {} to {}", from.name(), one.to.name()),
        };
        println!(
            "{day} {BOLD}{}{BOLD:#} {way} {DIM}signed by {}; ledger entry {}{DIM:#}",
            ui::one_line(&one.technology),
            ui::one_line(&one.by.join(", ")),
            one.index
        );
    }
    Ok(Exit::Success)
}
