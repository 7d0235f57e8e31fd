//! Evaluations: of one technology, and of several side by side.

use engine::radar::{self, Usage};
use govern::catalogue::{
    Catalogue,
    evaluate::{Criterion, Evaluation},
};
use model::{Exit, Problem, Sha256};
use serde_json::json;

use super::{all, files};
use crate::{
    app::App,
    ui::{self, BOLD, DIM, println},
};

/// What the database knows of use.
pub(super) fn usage(app: &App) -> Result<Usage, Problem> {
    Ok(Usage { inventories: all(app)?, people: app.database.wait(app.store.people())? })
}

fn evaluations(app: &App, catalogue: &Catalogue, names: &[String]) -> Result<Vec<Evaluation>, Problem> {
    radar::evaluate(catalogue, names, &usage(app)?, &app.recorder, app.now())
}

/// Evaluates one technology, and keeps the evaluation when asked to.
pub(super) fn evaluate(app: &App, name: &str, catalogue: &Catalogue, save: bool) -> Result<Exit, Problem> {
    let all = evaluations(app, catalogue, &[name.to_owned()])?;
    let Some(evaluation) = all.first() else { return Ok(Exit::Success) };
    let bytes = evaluation.to_bytes();
    let digest = Sha256::of(&bytes);
    if save {
        app.recorder.put(&bytes)?;
    }
    if app.json() {
        ui::json(&json!({ "digest": digest, "saved": save, "evaluation": evaluation }));
        return Ok(Exit::Success);
    }
    println!("{BOLD}{}{BOLD:#} {}", ui::one_line(&evaluation.facts.technology), in_all(evaluation));
    evaluation.criteria.iter().for_each(tell);
    let votes: Vec<String> =
        evaluation.votes.iter().filter(|(_, n)| *n > 0).map(|(ring, n)| format!("{n} {ring}")).collect();
    if !votes.is_empty() {
        println!("votes: {}", votes.join(", "));
    }
    for feed in &evaluation.facts.feeds {
        let newest = feed.newest.map_or("unknown".to_owned(), day);
        println!("{DIM}feed {}: newest of {newest}, imported {}{DIM:#}", feed.feed, day(feed.imported));
    }
    match save {
        true => println!("evidence: {digest}"),
        false => ui::note("nothing is kept; --save keeps it as evidence for an entry"),
    }
    Ok(Exit::Success)
}

fn day(at: model::Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

fn in_all(evaluation: &Evaluation) -> String {
    match evaluation.total {
        Some(total) => format!("{total} of 10, from {}% of the weight", evaluation.known_percent),
        None => "unknown: there is no data".to_owned(),
    }
}

fn score(criterion: &Criterion) -> String {
    criterion.score.map_or_else(|| "unknown".to_owned(), |score| format!("{score:.1}"))
}

fn tell(criterion: &Criterion) {
    println!("  {:<12} {:>7} {DIM}weight {}{DIM:#}", criterion.criterion, score(criterion), criterion.weight);
    for why in &criterion.because {
        println!("               {DIM}{}{DIM:#}", ui::one_line(why));
    }
}

/// Evaluates several side by side.
pub(super) fn compare(app: &App, names: &[String], catalogue: &Catalogue) -> Result<Exit, Problem> {
    let mut names = names.to_vec();
    if let [one] = names.as_slice() {
        let alternatives = radar::entry(catalogue, one).map(|entry| entry.alternatives.clone());
        names.extend(alternatives.unwrap_or_default());
    }
    if names.len() < 2 {
        let message = format!("there is nothing to compare {} with", names.join(""));
        return Err(Problem::new("alternatives-missing", Exit::Input, message)
            .with_hint("name several, or give the entry `alternatives`"));
    }
    let all = evaluations(app, catalogue, &names)?;
    if app.json() {
        ui::json(&all);
        return Ok(Exit::Success);
    }
    let width = all.iter().map(|one| one.facts.technology.chars().count()).max().unwrap_or(0).clamp(8, 40);
    let row = |head: &str, cells: Vec<String>| {
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| format!("{:>width$}", ui::one_line(cell).chars().take(width).collect::<String>()))
            .collect();
        println!("{head:<12} {}", cells.join("  "));
    };
    row("", all.iter().map(|one| one.facts.technology.clone()).collect());
    let criteria = all.first().map_or(0, |one| one.criteria.len());
    for n in 0..criteria {
        let head = all.first().and_then(|one| one.criteria.get(n)).map_or("", |one| one.criterion.as_str());
        row(head, all.iter().map(|one| one.criteria.get(n).map(score).unwrap_or_default()).collect());
    }
    row(
        "total",
        all.iter().map(|one| one.total.map_or("unknown".to_owned(), |total| format!("{total:.1}"))).collect(),
    );
    row("known", all.iter().map(|one| format!("{}%", one.known_percent)).collect());
    Ok(Exit::Success)
}

/// The catalogue that is named, or by the project; without one, only what is known without.
pub(super) fn or_none(app: &App, given: Option<&std::path::Path>) -> Result<Catalogue, Problem> {
    match given {
        Some(_) => files::catalogue(&app.global, given)?.open(),
        None => Ok(super::use_of::of_project(app)),
    }
}
