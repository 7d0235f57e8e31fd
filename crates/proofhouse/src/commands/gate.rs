//! `proofhouse gate`: what a gate says and why, and exceptions from it.

use engine::{
    gate::{self, Answer, Question},
    people,
};
use model::{
    Exit, Problem, Subject, Timestamp,
    evidence::{Outcome, RuleResult},
    predicate::Exception,
};

use crate::{
    app::App,
    args::{GateCommand, Global},
    ui::{self, BOLD, DIM, println},
};

pub fn gate(global: &Global, command: GateCommand) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    match command {
        GateCommand::Explain { environment } => explain(&app, &environment),
        GateCommand::Vsa(arguments) => super::vsa::vsa(&app, &arguments),
        GateCommand::Exceptions { project, fail } => {
            super::exceptions::exceptions(&app, project.as_deref(), fail)
        }
        GateCommand::Except { what, reason, until, environment } => {
            except(&app, &what, reason, &until, environment)
        }
    }
}

fn explain(app: &App, environment: &str) -> Result<Exit, Problem> {
    let project = app.project()?;
    project.environment(environment)?;
    let (run, from) = gate::choose_run(&project, None, &app.recorder)?;
    gate::same_configuration(&project, &run)?;
    let question = Question { project: &project, environment, run: &run, from };
    let answer = gate::ask(&question, &app.recorder, app.now())?;
    match app.json() {
        true => ui::json(&serde_json::json!({
            "verdict": answer.verdict, "evidence": answer.evidence,
            "levels": answer.levels.names, "levelsBecause": answer.levels.because,
        })),
        false => tell(&answer),
    }
    Ok(if answer.verdict.outcome == Outcome::Deny { Exit::Verdict } else { Exit::Success })
}

/// Every rule, what it looked at, and its reasons.
pub fn tell(answer: &Answer) {
    let evidence = &answer.evidence;
    let (style, word) = ui::of_outcome(answer.verdict.outcome);
    println!(
        "{BOLD}{} into {}{BOLD:#}: {style}{word}{style:#}  {DIM}sha256:{}{DIM:#}",
        evidence.artifact.name,
        evidence.environment,
        evidence.artifact.digest.short()
    );
    for rule in &answer.verdict.rules {
        tell_rule(rule);
    }
    println!("  {DIM}{}{DIM:#}", answer.levels.names.join(", "));
    for why in &answer.levels.because {
        println!("        {DIM}{why}{DIM:#}");
    }
}

fn tell_rule(rule: &RuleResult) {
    let (style, word) = ui::of_outcome(rule.outcome);
    println!("  {style}{word}{style:#}  {BOLD}{}{BOLD:#} {DIM}{}{DIM:#}", rule.rule, rule.title);
    for fact in &rule.looked_at {
        println!("        {DIM}saw {fact}{DIM:#}");
    }
    for reason in &rule.reasons {
        let (style, word) = ui::of_outcome(reason.outcome);
        println!("        {style}{word}{style:#} {} {DIM}[{}]{DIM:#}", reason.message, reason.code);
    }
}

fn except(
    app: &App,
    what: &str,
    reason: String,
    until: &str,
    environment: Option<String>,
) -> Result<Exit, Problem> {
    if reason.trim().chars().count() < 10 {
        return Err(Problem::new(
            "reason-too-short",
            Exit::Input,
            "the reason must have at least 10 characters",
        )
        .with_hint("say what protects you meanwhile, and when it will be fixed"));
    }
    let project = app.project()?;
    let narrowed = environment.as_ref().map(|name| project.environment(name)).transpose()?;
    let narrowed = narrowed.map(|one| one.gate.accepting.as_slice()).filter(|roles| !roles.is_empty());
    let by = app.by(Some(&project.config.project))?;
    people::entitled(&by, people::accepting(narrowed, &app.recorder)?.as_deref(), "accept risks")?;
    let at = app.now();
    let exceptable = gate::exceptable(&project, what);
    if exceptable == Some(false) {
        let message = format!("no exception can be made from the rule {what}");
        return Err(Problem::new("rule-not-exceptable", Exit::Input, message)
            .with_hint("`proofhouse gate explain ENVIRONMENT` shows what it denies; mend that"));
    }
    let mut exception = Exception {
        project: project.config.project.clone(),
        finding: None,
        rule: None,
        environment,
        reason,
        by,
        at,
        expires: moment(until, at)?,
    };
    let subject = match exceptable.is_some() {
        true => {
            exception.rule = Some(what.to_owned());
            Subject { name: format!("rule {what}"), ..Subject::sha256("", project.config_digest) }
        }
        false => {
            let finding = app.finding(&project.config.project, what)?;
            exception.finding = Some(finding.id);
            Subject::sha256(&finding.title, finding.id.0)
        }
    };
    let statement = engine::statements::statement(vec![subject], &exception)?;
    let (logged, _) = app.recorder.record(&[statement])?;
    let index = logged.first().map_or(0, |entry| entry.index);
    println!("exception recorded as ledger entry {index}; it ends on {}", exception.expires);
    Ok(Exit::Success)
}

/// A date, or a time from now; in the future, at most a year away.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    let date = text.parse::<jiff::civil::Date>().ok().and_then(|date| {
        date.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    });
    let span = || {
        let seconds = i64::try_from(pipeline::parse_duration(text)?.as_secs()).ok()?;
        Timestamp::from_second(now.as_second().checked_add(seconds)?).ok()
    };
    let moment = date.or_else(span);
    let bad = |why: &str| {
        Problem::new("until-unusable", Exit::Input, format!("{text:?} {why}"))
            .with_hint("for example 2027-01-31 or 30d")
    };
    match moment {
        None => Err(bad("is neither a date nor a length of time")),
        Some(moment) if moment <= now => Err(bad("is not in the future")),
        Some(moment) if moment.as_second() - now.as_second() > 366 * 86400 => {
            Err(bad("is more than a year away"))
        }
        Some(moment) => Ok(moment),
    }
}
