//! `proofhouse controls`: what standards ask for, held against what the ledger covers.

use std::io::Write as _;

use anstyle::Style;
use engine::{home::cannot, project::read_bounded};
use govern::controls::{
    Catalogue, ControlReport, MAX_BYTES, RULES, Report, RuleReport, Status, built_in, built_in_ids, export,
    judge, parse,
};
use jiff::{civil::Date, tz::TimeZone};
use model::{Exit, Problem, Timestamp, facts::AsOf, problem::erase};
use serde_json::json;

use crate::{
    app::App,
    args::{ControlsArgs, ControlsForm, Format, Global},
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, eprintln, println},
};

/// Gaps and evidence of a rule that the terminal shows.
const SHOWN: usize = 5;
/// Title of page and document.
const TITLE: &str = "Controls";

pub fn controls(global: &Global, arguments: &ControlsArgs) -> Result<Exit, Problem> {
    if arguments.rules {
        return rules(global.format);
    }
    let catalogues = catalogues(global, arguments)?;
    let app = App::open(global)?;
    let at = as_of(arguments.as_of.as_deref(), app.now())?;
    let facts = app.database.wait(app.store.facts(at, arguments.project.as_deref()))?;
    if let Some(name) = arguments.project.as_deref().filter(|_| facts.projects.is_empty()) {
        let message = format!("there is no project {name:?} in the ledger{}", then(at));
        return Err(Problem::new("project-unknown", Exit::Input, message)
            .with_hint("`proofhouse controls` without --project looks at all"));
    }
    let report = judge(&facts, &catalogues);
    match arguments.export {
        Some(form) => write(&report, form, arguments)?,
        None if app.json() => ui::json(&report),
        None => tell(&report, arguments.control.is_some()),
    }
    let mut shown = report.catalogues.iter().flat_map(|catalogue| &catalogue.controls);
    let unmet = arguments.fail && shown.any(|control| control.status != Status::Met);
    Ok(if unmet { Exit::Verdict } else { Exit::Success })
}

fn then(at: AsOf) -> String {
    match at {
        AsOf::Now(_) => String::new(),
        AsOf::Then(moment) => format!(" as of {moment}"),
    }
}

/// The catalogues that are asked for: built in and own, narrowed to one and to one control.
fn catalogues(global: &Global, arguments: &ControlsArgs) -> Result<Vec<Catalogue>, Problem> {
    let mut all = built_in().to_vec();
    for path in &arguments.own {
        let bytes = read_bounded(&global.directory.join(path), MAX_BYTES as u64 + 1)?;
        let own = parse(&bytes, &path.to_string_lossy()).map_err(|e| erase(&e))?;
        if all.iter().any(|catalogue| catalogue.id == own.id) {
            let message = format!("{}: there is a catalogue {} already", path.display(), own.id);
            return Err(
                Problem::new("controls-duplicate", Exit::Input, message).with_hint("take another `id`")
            );
        }
        all.push(own);
    }
    if let Some(id) = &arguments.only {
        all.retain(|catalogue| catalogue.id.eq_ignore_ascii_case(id));
        if all.is_empty() {
            let message = format!("there is no catalogue {id:?}");
            return Err(Problem::new("controls-catalogue-unknown", Exit::Input, message).with_hint(format!(
                "there are {}; --catalogue FILE adds your own",
                built_in_ids().join(", ")
            )));
        }
    }
    if let Some(id) = &arguments.control {
        for catalogue in &mut all {
            let is = |text: &str| text.eq_ignore_ascii_case(id);
            catalogue.controls.retain(|one| is(&one.id) || one.also.as_deref().is_some_and(is));
        }
        all.retain(|catalogue| !catalogue.controls.is_empty());
        if all.is_empty() {
            let message = format!("no catalogue has a control {id:?}");
            return Err(Problem::new("control-unknown", Exit::Input, message)
                .with_hint("`proofhouse controls` lists them"));
        }
    }
    Ok(all)
}

/// A moment, or a day until its end; in the past.
fn as_of(text: Option<&str>, now: Timestamp) -> Result<AsOf, Problem> {
    let Some(text) = text else { return Ok(AsOf::Now(now)) };
    let end =
        |day: Date| day.at(23, 59, 59, 999_999_000).to_zoned(TimeZone::UTC).ok().map(|end| end.timestamp());
    let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text);
    let moment = text.parse::<Timestamp>().ok().or_else(|| day.and_then(end));
    let bad = |why: &str| {
        Problem::new("as-of-unusable", Exit::Input, format!("{text:?} {why}"))
            .with_hint("for example 2026-03-01 or 2026-03-01T12:00:00Z")
    };
    match moment {
        None => Err(bad("is neither a day nor a moment with its time zone")),
        // The rest of today is not over, but what is known of it is.
        Some(moment)
            if moment > now && day.is_none_or(|day| end(day).is_none_or(|end| later_day(end, now))) =>
        {
            Err(bad("is in the future"))
        }
        Some(moment) => Ok(AsOf::Then(moment.min(now))),
    }
}

fn later_day(end: Timestamp, now: Timestamp) -> bool {
    end.as_second() - now.as_second() >= 86_400
}

fn rules(format: Format) -> Result<Exit, Problem> {
    if format == Format::Json {
        let one = |rule: &govern::controls::Rule| json!({ "id": rule.id, "title": rule.title, "scope": rule.scope(), "close": rule.close });
        ui::json(&RULES.iter().map(one).collect::<Vec<_>>());
        return Ok(Exit::Success);
    }
    for rule in RULES {
        println!("{BOLD}{:<24}{BOLD:#} {}", rule.id, rule.title);
    }
    Ok(Exit::Success)
}

fn write(report: &Report, form: ControlsForm, arguments: &ControlsArgs) -> Result<(), Problem> {
    let bytes = match form {
        ControlsForm::Oscal => export::oscal::text(report, arguments.address.as_deref()).into_bytes(),
        ControlsForm::Csv => export::csv(report).into_bytes(),
        ControlsForm::Markdown => export::markdown(report, TITLE).into_bytes(),
        ControlsForm::Pdf if arguments.output.is_none() => {
            return Err(Problem::new("output-missing", Exit::Input, "a PDF is not for a terminal")
                .with_hint("say where to: --output FILE"));
        }
        ControlsForm::Pdf => engine::reports::controls::pdf(report, TITLE)?,
    };
    match &arguments.output {
        Some(path) => {
            std::fs::write(path, bytes).map_err(|e| cannot(path, "write", &e))?;
            println!("{}", ui::one_line(&path.to_string_lossy()));
        }
        // Who closed the pipe has read enough.
        None => drop(std::io::stdout().lock().write_all(&bytes)),
    }
    Ok(())
}

fn tell(report: &Report, whole: bool) {
    for catalogue in &report.catalogues {
        println!(
            "{BOLD}{}{BOLD:#} {DIM}({}){DIM:#}",
            ui::one_line(&catalogue.title),
            ui::one_line(&catalogue.edition)
        );
        for control in &catalogue.controls {
            line(control);
            if whole {
                everything(report, control);
            }
        }
        let counts = Status::ALL.map(|status| format!("{} {status}", catalogue.count(status)));
        println!("{DIM}{}{DIM:#}\n", counts.join(", "));
    }
    let projects = ui::count(report.projects.len() as u64, "project");
    eprintln!("as of {}: {} ledger entries, {projects}", report.moment, report.statements);
    if !whole {
        eprintln!("`proofhouse controls --control ID` shows evidence, and what is missing");
    }
}

fn line(control: &ControlReport) {
    let style = style(control.status);
    let part = if control.does_not_measure.is_some() { ", as far as measured" } else { "" };
    let level = control.level.map(|level| format!(", answer: {level}")).unwrap_or_default();
    let status = control.status.to_string();
    println!(
        "  {style}{status:<10}{style:#} {BOLD}{:<11}{BOLD:#} {} {DIM}({} of {} projects{part}{level}){DIM:#}",
        ui::one_line(&control.id),
        ui::one_line(&control.title),
        control.covered,
        control.of
    );
}

fn everything(report: &Report, control: &ControlReport) {
    println!("    asks for: {}", ui::one_line(&control.text));
    println!("    measured: {}", ui::one_line(&control.measures));
    if let Some(not) = &control.does_not_measure {
        println!("    {WARN}not measured:{WARN:#} {}", ui::one_line(not));
    }
    for rule in report.rules_of(control) {
        self::rule(rule);
    }
}

fn rule(rule: &RuleReport) {
    let (style, status) = (style(rule.status), rule.status.to_string());
    println!(
        "    {style}{status:<10}{style:#} {} {DIM}({}: {} of {}){DIM:#}",
        rule.title, rule.id, rule.holds, rule.of
    );
    let mut newest: Vec<u64> = rule.evidence.iter().map(|one| one.index).collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    if !newest.is_empty() {
        let shown: Vec<String> = newest.iter().take(SHOWN).map(u64::to_string).collect();
        println!("      evidence: ledger entries {}{}", shown.join(", "), more(newest.len()));
    }
    for one in rule.missing.iter().take(SHOWN) {
        let whose = one.project.as_deref().unwrap_or("the organisation");
        println!("      missing: {}: {}", ui::one_line(whose), ui::one_line(&one.why));
    }
    if !rule.missing.is_empty() {
        println!("      {DIM}closed by: {}{}{DIM:#}", rule.close, more(rule.missing.len()));
    }
}

fn more(number: usize) -> String {
    if number > SHOWN { format!(" (and {} more)", number - SHOWN) } else { String::new() }
}

fn style(status: Status) -> Style {
    match status {
        Status::Met => GOOD,
        Status::Partly => WARN,
        Status::NotMet => BAD,
        Status::NoData => DIM,
    }
}
