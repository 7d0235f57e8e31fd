//! `proofhouse review`: how things are done, looked at by schedule.

use engine::reviews::{self, Loaded, Making, Reply};
use govern::reviews::Scheduled;
use model::{
    Exit, Problem, Role,
    predicate::{ReviewKind, ReviewVerdict},
};
use serde_json::json;

use super::release_review::me;
use crate::{
    app::App,
    args::{Global, ReviewCommand},
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

pub fn review(global: &Global, command: &ReviewCommand) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    match command {
        ReviewCommand::List { fail } => list(&app, *fail),
        ReviewCommand::Make { kind, days, assign, within } => {
            let by = me(&app, None, None)?;
            let making =
                Making { kind: *kind, days: *days, assigned: assign.clone(), within: Some(*within), by };
            told(&app, &reviews::make(making, &app.recorder)?)
        }
        ReviewCommand::Show { which } => told(&app, &load(&app, which)?),
        ReviewCommand::Assign { which, name, role } => {
            reply(&app, which, None, ReviewVerdict::Assign, name, *role)
        }
        ReviewCommand::Answer(arguments) => reply(
            &app,
            &arguments.which,
            Some(&arguments.point),
            arguments.verdict,
            &arguments.text,
            arguments.role,
        ),
        ReviewCommand::Sign { which, role, text } => {
            reply(&app, which, None, ReviewVerdict::Sign, text, *role)
        }
    }
}

/// The review that is meant: a ledger entry, or the newest one of a kind.
fn load(app: &App, which: &str) -> Result<Loaded, Problem> {
    if let Ok(index) = which.parse() {
        return reviews::load(index, &app.recorder);
    }
    let kind = ReviewKind::from_name(which).ok_or_else(|| {
        let names = ReviewKind::ALL.map(ReviewKind::name).join(", ");
        Problem::new("review-unknown", Exit::Input, format!("{which:?} is neither a kind nor a ledger entry"))
            .with_hint(format!("kinds are {names}"))
    })?;
    reviews::newest(kind, &app.recorder)
}

fn reply(
    app: &App,
    which: &str,
    point: Option<&str>,
    verdict: ReviewVerdict,
    text: &str,
    role: Option<Role>,
) -> Result<Exit, Problem> {
    let review = load(app, which)?.index;
    let by = me(app, None, role)?;
    let reply = Reply { review, point, verdict, role, text, by };
    told(app, &reviews::answer(&reply, &app.recorder)?)
}

fn told(app: &App, loaded: &Loaded) -> Result<Exit, Problem> {
    let (review, standing) = (&loaded.review, &loaded.standing);
    if app.json() {
        ui::json(&json!({ "entry": loaded.index, "review": review, "standing": standing }));
        return Ok(Exit::Success);
    }
    let state = match &standing.signed_by {
        Some(name) => format!("{GOOD}signed by {name}{GOOD:#}"),
        None if standing.overdue => format!("{BAD}overdue{BAD:#}"),
        None => format!("{WARN}{} open{WARN:#}", ui::count(standing.open, "point")),
    };
    let assigned = standing.assigned.as_ref().map_or(String::new(), |name| format!(", for {name}"));
    println!(
        "{BOLD}review of {}{BOLD:#}: {state} {DIM}ledger entry {}, due {}{assigned}{DIM:#}",
        review.kind.name(),
        loaded.index,
        review.due
    );
    for (point, answer) in review.points.iter().zip(&standing.points) {
        println!("  {BOLD}{}{BOLD:#}", ui::one_line(&point.id));
        println!("      {}", point.seen);
        println!("      {DIM}{}{DIM:#}", point.suggestion);
        if let (Some(verdict), Some(by)) = (answer.verdict, &answer.by) {
            println!("      {GOOD}{}{GOOD:#} by {by} {}", verdict.name(), ui::one_line(&answer.text));
        }
    }
    review.figures.iter().for_each(|figure| println!("  {}: {}", figure.name, figure.value));
    review.unknown.iter().for_each(|why| println!("  {WARN}{why}{WARN:#}"));
    Ok(Exit::Success)
}

fn list(app: &App, fail: bool) -> Result<Exit, Problem> {
    let all = reviews::scheduled(&app.recorder, app.now())?;
    match app.json() {
        true => ui::json(&all),
        false => all.iter().for_each(line),
    }
    let overdue = all.iter().any(|one| one.overdue);
    Ok(if fail && overdue { Exit::Verdict } else { Exit::Success })
}

fn line(one: &Scheduled) {
    let (style, word) = if one.overdue { (BAD, "overdue") } else { (GOOD, "in time") };
    let last =
        one.last_signed.map_or("never signed".to_owned(), |at| format!("signed {}", at.strftime("%Y-%m-%d")));
    let open = one.open.map_or(String::new(), |index| format!(", open in ledger entry {index}"));
    println!(
        "{style}{word}{style:#} {BOLD}{:<20}{BOLD:#} due {} {DIM}every {} days, {last}{open}{DIM:#}",
        one.kind.name(),
        one.due.strftime("%Y-%m-%d"),
        one.every_days
    );
}
