//! `proofhouse guidance` and `proofhouse digest`: what people should know of the weaknesses they meet.

use engine::mail::{self, Letter, Sending};
use govern::{
    awareness::{
        causes,
        digest::{Digest, Form, ServiceLevels, digest as make, render},
        guidance::{self, Found},
    },
    organisation::Organisation,
};
use model::{Exit, Problem, Timestamp};
use serde_json::json;

use crate::{
    app::{App, load_project},
    args::{DigestArgs, DigestForm, Format, Global, GuidanceArgs},
    ui::{self, BOLD, DIM, println},
};

/// Kind of the notifications about digests.
pub(super) const DIGEST: &str = "digest";

pub fn guidance(global: &Global, arguments: &GuidanceArgs) -> Result<Exit, Problem> {
    let language = arguments.language.as_deref().map(str::to_lowercase);
    if arguments.here {
        return here(global, arguments);
    }
    if let Some(id) = &arguments.finding {
        return about_finding(global, arguments, id, language);
    }
    let Some(weakness) = &arguments.weakness else { return list(global) };
    let unknown = |hint: &str| {
        Problem::new("weakness-unknown", Exit::Input, format!("there is no guidance for {weakness:?}"))
            .with_hint(hint)
    };
    let number = findings::normalise::cwe::parse(weakness).ok_or_else(|| unknown("write it as CWE-89"))?;
    let found = guidance::of(number).ok_or_else(|| unknown("`proofhouse guidance` lists the classes"))?;
    show(global, &found, number, language.as_deref());
    Ok(Exit::Success)
}

fn show(global: &Global, found: &Found, asked: u32, language: Option<&str>) {
    let near = language.and_then(|language| found.guidance.example(language));
    if global.format == Format::Json {
        ui::json(&json!({ "asked": asked, "guidance": found.guidance, "example": near }));
        return;
    }
    println!("{}", guidance::text(found, asked, language).trim_end());
    if let (Some(language), None) = (language, near) {
        ui::note(&format!("there is no example in {language}; all that there are were shown"));
    }
}

fn list(global: &Global) -> Result<Exit, Problem> {
    if global.format == Format::Json {
        ui::json(&guidance::all());
        return Ok(Exit::Success);
    }
    for one in guidance::all() {
        println!("{BOLD}{:<9}{BOLD:#} {}", format!("CWE-{}", one.cwe), one.title);
    }
    Ok(Exit::Success)
}

/// The projects that are meant: none stands for all.
fn projects(global: &Global, named: &[String]) -> Result<Vec<String>, Problem> {
    if named.iter().any(|name| name == "*") {
        return Ok(Vec::new());
    }
    if named.is_empty() {
        return Ok(vec![load_project(global)?.config.project]);
    }
    Ok(named.to_vec())
}

fn known(app: &App, projects: &[String]) -> Result<(), Problem> {
    projects.iter().try_for_each(|name| super::findings::known_project(app, name))
}

fn about_finding(
    global: &Global,
    arguments: &GuidanceArgs,
    id: &str,
    language: Option<String>,
) -> Result<Exit, Problem> {
    let project = match &arguments.project {
        Some(name) => name.clone(),
        None => load_project(global)?.config.project,
    };
    let app = App::open(global)?;
    let finding = app.finding(&project, id)?;
    let found = guidance::for_finding(&finding.cwe).ok_or_else(|| {
        let message = match finding.cwe.as_slice() {
            [] => "the scanner does not say which weakness this finding is".to_owned(),
            all => format!("there is no guidance for {all:?}"),
        };
        Problem::new("weakness-unknown", Exit::Input, message)
            .with_hint("`proofhouse guidance` lists the classes")
    })?;
    let own = finding.place.path().and_then(guidance::language_of).map(str::to_owned);
    let asked = finding.cwe.first().copied().unwrap_or(found.guidance.cwe);
    if global.format == Format::Text {
        println!(
            "{BOLD}{}{BOLD:#} {DIM}{}{DIM:#}\n",
            ui::one_line(&finding.title),
            ui::one_line(&finding.place_label)
        );
    }
    show(global, &found, asked, language.or(own).as_deref());
    Ok(Exit::Success)
}

fn here(global: &Global, arguments: &GuidanceArgs) -> Result<Exit, Problem> {
    let named: Vec<String> = arguments.project.iter().cloned().collect();
    let projects = projects(global, &named)?;
    let app = App::open(global)?;
    known(&app, &projects)?;
    let now = app.now();
    let facts = app.database.wait(app.store.awareness(&projects, now, now))?;
    let (causes, without) = causes::rank(&facts.classes);
    if app.json() {
        ui::json(&json!({ "causes": causes, "withoutClass": without }));
        return Ok(Exit::Success);
    }
    for cause in causes.iter().take(20) {
        let style = ui::of_severity(cause.worst);
        println!(
            "{BOLD}{:<9}{BOLD:#} {}: {} open, {} fixed, {style}{} at worst{style:#}",
            format!("CWE-{}", cause.cwe),
            cause.title,
            cause.open,
            cause.fixed,
            cause.worst
        );
    }
    ui::note(&format!(
        "{} of no class; `proofhouse guidance CWE-N` says more",
        ui::count(without, "finding")
    ));
    Ok(Exit::Success)
}

pub fn digest(global: &Global, arguments: &DigestArgs) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let organisation = app.organisation()?;
    let (projects, address) = match &arguments.team {
        Some(name) => of_team(&app, &organisation, name)?,
        None => (projects(global, &arguments.project)?, None),
    };
    known(&app, &projects)?;
    let until = app.now();
    let since = since(&arguments.since, until)?;
    let facts = app.database.wait(app.store.awareness(&projects, since, until))?;
    let mut levels: ServiceLevels = organisation.service_levels;
    levels.extend(arguments.service_level.iter().copied());
    let digest = make(&about(arguments, &projects), &facts, since, until, &levels);
    if arguments.send {
        return send(&app, arguments, &digest, &projects, address);
    }
    let form = match (app.json(), arguments.form) {
        (true, _) => Form::Json,
        (_, DigestForm::Text) => Form::Text,
        (_, DigestForm::Markdown) => Form::Markdown,
        (_, DigestForm::Html) => Form::Html,
    };
    println!("{}", render(&digest, form).trim_end());
    Ok(Exit::Success)
}

fn about(arguments: &DigestArgs, projects: &[String]) -> String {
    match (&arguments.team, projects) {
        (Some(team), _) => format!("team {team}"),
        (None, []) => "all projects".to_owned(),
        (None, some) => some.join(", "),
    }
}

/// A date, or a time before now; in the past.
fn since(text: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    let date = text.parse::<jiff::civil::Date>().ok();
    let date =
        date.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
    let span = || {
        let seconds = i64::try_from(pipeline::parse_duration(text)?.as_secs()).ok()?;
        Timestamp::from_second(now.as_second().checked_sub(seconds)?).ok()
    };
    date.or_else(span).filter(|moment| *moment < now).ok_or_else(|| {
        Problem::new("since-unusable", Exit::Input, format!("{text:?} is no moment in the past"))
            .with_hint("for example 2026-01-31 or 7d")
    })
}

/// The projects of a team that are known here, and the team's address.
fn of_team(
    app: &App,
    organisation: &Organisation,
    name: &str,
) -> Result<(Vec<String>, Option<String>), Problem> {
    let team = organisation.teams.get(name).ok_or_else(|| {
        Problem::new("team-unknown", Exit::Input, format!("the organisation has no team {name:?}"))
            .with_hint("`proofhouse organisation show` prints its file")
    })?;
    let all = app.database.wait(app.store.projects())?;
    let own: Vec<String> = all.into_iter().map(|one| one.name).filter(|project| team.owns(project)).collect();
    if own.is_empty() {
        // None would stand for all.
        let message = format!("nothing was recorded yet of a project of team {name}");
        return Err(Problem::new("team-without-projects", Exit::Input, message)
            .with_hint("`projects` of the team in the organisation's file says which are its own"));
    }
    Ok((own, team.mail.clone()))
}

/// The digest as a letter.
pub(super) fn letter(digest: &Digest, from: String, to: Vec<String>) -> Letter {
    let (new, fixed) = (digest.new.count.total(), digest.fixed.count.total());
    Letter {
        from,
        to,
        subject: format!("Security of {}: {new} new, {fixed} fixed", digest.about),
        text: render(digest, Form::Text),
        html: render(digest, Form::Html),
    }
}

fn send(
    app: &App,
    arguments: &DigestArgs,
    digest: &Digest,
    projects: &[String],
    address: Option<String>,
) -> Result<Exit, Problem> {
    let mail = &arguments.mail;
    let (smtp, from) = super::mail::way(&mail.way, &app.organisation()?)?;
    let to = if mail.to.is_empty() { address.into_iter().collect() } else { mail.to.clone() };
    let letter = letter(digest, from, to);
    let by = app.by(None)?;
    let sending = Sending { kind: DIGEST, projects, items: &[], letter: &letter, by };
    let index = mail::send(sending, &smtp, &app.recorder)?;
    let recipients = letter.to.len();
    match app.json() {
        true => ui::json(&json!({ "entry": index, "recipients": recipients })),
        false => println!(
            "sent to {}, recorded as ledger entry {index}",
            ui::count(recipients as u64, "recipient")
        ),
    }
    Ok(Exit::Success)
}
