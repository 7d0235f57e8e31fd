//! `proofhouse release review`: a release before the people who answer for it.

use std::{fs, path::Path};

use engine::release_review::{self, Loaded, Making, Reply};
use govern::release_review::{ControlLine, State, Voice, markdown};
use model::{By, Exit, Problem, Role, facts::AsOf, predicate::ReviewVerdict};
use serde_json::json;
use store::views::{PageRequest, ReleaseReviewView};

use crate::{
    app::App,
    args::{Global, ReleaseReviewCommand},
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

pub fn release_review(global: &Global, command: &ReleaseReviewCommand) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    match command {
        ReleaseReviewCommand::Make { environment, run, role, within } => {
            make(&app, environment, *run, role, *within)
        }
        ReleaseReviewCommand::Show { which, markdown } => show(&app, which, *markdown),
        ReleaseReviewCommand::Pdf { which, to } => pdf(&app, which, to),
        ReleaseReviewCommand::Comment { which, text } => {
            answer(&app, which, ReviewVerdict::Comment, None, text)
        }
        ReleaseReviewCommand::Sign(arguments) => {
            answer(&app, &arguments.which, ReviewVerdict::Sign, Some(arguments.role), &arguments.text)
        }
        ReleaseReviewCommand::Reject(arguments) => {
            answer(&app, &arguments.which, ReviewVerdict::Reject, Some(arguments.role), &arguments.text)
        }
        ReleaseReviewCommand::List { project, fail } => list(&app, project.as_deref(), *fail),
    }
}

/// Whoever runs this command. With an organisation their roles are those that it gives them; without one
/// they are what they say.
pub fn me(app: &App, project: Option<&str>, said: Option<Role>) -> Result<By, Problem> {
    let mut by = app.by(project)?;
    if app.organisation()?.grants.is_empty() {
        by.roles = said.into_iter().collect();
    }
    Ok(by)
}

/// How the controls of our own catalogue stand for a project.
fn controls(app: &App, project: &str) -> Result<Vec<ControlLine>, Problem> {
    let facts = app.database.wait(app.store.facts(AsOf::Now(app.now()), Some(project)))?;
    let own = govern::controls::built_in().get(..1).unwrap_or_default();
    let report = govern::controls::judge(&facts, own);
    let all = report.catalogues.into_iter().flat_map(|catalogue| catalogue.controls);
    let line = |one: govern::controls::ControlReport| ControlLine {
        id: one.id,
        title: one.title,
        status: one.status.name().to_owned(),
    };
    Ok(all.map(line).collect())
}

fn make(
    app: &App,
    environment: &str,
    run: Option<model::RunId>,
    roles: &[Role],
    within: Option<std::time::Duration>,
) -> Result<Exit, Problem> {
    let project = app.project()?;
    let by = me(app, Some(&project.config.project), None)?;
    let controls = controls(app, &project.config.project)?;
    let making = Making { project: &project, environment, run, roles, within, controls, by };
    let made = release_review::make(making, &app.recorder)?;
    if app.json() {
        ui::json(&json!({ "entry": made.put.index, "review": made.put.review, "document": made.document }));
        return Ok(Exit::Success);
    }
    made.document.summary.iter().for_each(|sentence| println!("  {sentence}"));
    made.document.unknown.iter().for_each(|sentence| println!("  {WARN}{sentence}{WARN:#}"));
    let roles = made.put.review.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    println!(
        "review recorded as ledger entry {BOLD}{}{BOLD:#}; {roles} must sign until {}",
        made.put.index, made.put.review.expires
    );
    Ok(Exit::Success)
}

/// The review that is meant: a ledger entry, or the newest one of an environment.
fn load(app: &App, which: &str) -> Result<Loaded, Problem> {
    let index = match which.parse() {
        Ok(index) => index,
        Err(_) => {
            let project = app.project()?;
            project.environment(which)?;
            release_review::newest(&project.config.project, which, &app.recorder)?
        }
    };
    release_review::load(index, &app.recorder)
}

fn show(app: &App, which: &str, as_markdown: bool) -> Result<Exit, Problem> {
    let loaded = load(app, which)?;
    if app.json() {
        ui::json(&json!({
            "entry": loaded.put.index, "review": loaded.put.review, "document": loaded.document,
            "standing": loaded.standing,
        }));
    } else if as_markdown {
        println!("{}", markdown(&loaded.document, Some(&loaded.standing)).trim_end());
    } else {
        tell(&loaded);
    }
    Ok(match loaded.standing.state {
        State::Signed | State::Waiting | State::Released => Exit::Success,
        _ => Exit::Verdict,
    })
}

fn style(state: State) -> anstyle::Style {
    match state {
        State::Signed | State::Released => GOOD,
        State::Waiting => WARN,
        _ => BAD,
    }
}

fn tell(loaded: &Loaded) {
    let (document, standing) = (&loaded.document, &loaded.standing);
    let style = style(standing.state);
    println!(
        "{BOLD}{} for {}{BOLD:#}: {style}{}{style:#} {DIM}ledger entry {}, until {}{DIM:#}",
        document.project,
        document.environment,
        standing.state.name(),
        loaded.put.index,
        loaded.put.review.expires
    );
    standing.because.iter().for_each(|why| println!("  {style}{why}{style:#}"));
    standing.voices.iter().for_each(voice);
    document.summary.iter().for_each(|sentence| println!("  {sentence}"));
    document.unknown.iter().for_each(|sentence| println!("  {WARN}{sentence}{WARN:#}"));
    document.plan.steps.iter().for_each(|sentence| println!("  {DIM}{sentence}{DIM:#}"));
    ui::note("`--markdown`, `--format json` and `release review pdf` have all of it");
}

fn voice(voice: &Voice) {
    let role = voice.role.map_or(String::new(), |role| format!(" as {role}"));
    let text = if voice.text.is_empty() { String::new() } else { format!(": {}", ui::one_line(&voice.text)) };
    let not = voice.discounted.as_ref().map_or(String::new(), |why| format!(" (does not count: {why})"));
    println!(
        "  {BOLD}{}{BOLD:#}{role} {}{text}{not} {DIM}{}{DIM:#}",
        voice.name,
        voice.verdict.name(),
        voice.at
    );
}

fn pdf(app: &App, which: &str, to: &Path) -> Result<Exit, Problem> {
    let loaded = load(app, which)?;
    let bytes = release_review::pdf(&loaded.document, Some(&loaded.standing))?;
    fs::write(to, &bytes).map_err(|e| engine::home::cannot(to, "write", &e))?;
    println!("wrote {} ({} bytes)", to.display(), bytes.len());
    Ok(Exit::Success)
}

fn answer(
    app: &App,
    which: &str,
    verdict: ReviewVerdict,
    role: Option<Role>,
    text: &str,
) -> Result<Exit, Problem> {
    let loaded = load(app, which)?;
    let by = me(app, Some(&loaded.put.review.project), role)?;
    let reply = Reply { review: loaded.put.index, verdict, role, text, by };
    let (entry, standing) = release_review::answer(&reply, &app.recorder)?;
    match app.json() {
        true => ui::json(&json!({ "entry": entry, "standing": standing })),
        false => {
            let style = style(standing.state);
            println!(
                "recorded as ledger entry {entry}; the review is {style}{}{style:#}",
                standing.state.name()
            );
            standing.because.iter().for_each(|why| println!("  {why}"));
        }
    }
    Ok(Exit::Success)
}

fn list(app: &App, project: Option<&str>, fail: bool) -> Result<Exit, Problem> {
    let wanted = match project {
        Some("*") => None,
        Some(project) => Some(project.to_owned()),
        None => Some(app.project()?.config.project),
    };
    let page = PageRequest::first(PageRequest::MOST);
    let all = app.database.wait(app.store.release_reviews(wanted.as_deref(), None, &page))?;
    // Of each environment the newest one counts, and only that is judged.
    let mut seen = std::collections::BTreeSet::new();
    let mut newest: Vec<(ReleaseReviewView, Loaded)> = Vec::new();
    for review in all.items {
        if seen.insert((review.project.clone(), review.environment.clone())) {
            let loaded = release_review::load(review.index, &app.recorder)?;
            newest.push((review, loaded));
        }
    }
    let bad =
        newest.iter().any(|(_, loaded)| !matches!(loaded.standing.state, State::Signed | State::Released));
    if app.json() {
        let one = |(review, loaded): &(ReleaseReviewView, Loaded)| {
            json!({ "entry": review.index, "project": review.project, "environment": review.environment,
                "run": review.run, "roles": review.roles, "at": review.at, "expires": review.expires,
                "standing": loaded.standing })
        };
        ui::json(&newest.iter().map(one).collect::<Vec<_>>());
    } else {
        newest.iter().for_each(|(review, loaded)| line(review, loaded, app.now()));
    }
    Ok(if fail && bad { Exit::Verdict } else { Exit::Success })
}

fn line(review: &ReleaseReviewView, loaded: &Loaded, now: model::Timestamp) {
    let standing = &loaded.standing;
    let style = style(standing.state);
    let days = (review.expires.as_second() - now.as_second()).div_euclid(86_400);
    let left = if days < 0 {
        "over".to_owned()
    } else {
        format!("ends in {}", ui::count(days.unsigned_abs(), "day"))
    };
    println!(
        "{style}{:<8}{style:#} {BOLD}{} for {}{BOLD:#} {DIM}ledger entry {}, {left}{DIM:#}",
        standing.state.name(),
        review.project,
        review.environment,
        review.index
    );
    standing.because.iter().for_each(|why| println!("         {why}"));
}
