//! `proofhouse findings`: what is open, and since when.

use model::{Exit, Finding, Problem, Severity, Technique};
use store::views::{FindingFilter, FindingStatus, FindingView, PageRequest};

use crate::{
    agreements::agreements,
    app::{App, load_project},
    args::{FindingsArgs, FindingsCommand, Global},
    ui::{self, BOLD, DIM, println},
};

pub fn findings(global: &Global, arguments: &FindingsArgs) -> Result<Exit, Problem> {
    match &arguments.command {
        Some(FindingsCommand::Add(arguments)) => return super::import::add(global, arguments),
        Some(FindingsCommand::Say(said)) => return super::triage::triage(global, said),
        None => {}
    }
    let filter = filter(global, arguments)?;
    let app = App::open(global)?;
    if let (Some(_), Some(name)) = (&arguments.project, &filter.project) {
        known_project(&app, name)?;
    }
    let mut all: Vec<FindingView> = Vec::new();
    let mut page = PageRequest::first(arguments.most.min(PageRequest::MOST));
    loop {
        let got = app.database.wait(app.store.findings(&filter, &page))?;
        all.extend(got.items);
        match got.next {
            Some(next) if (all.len() as u32) < arguments.most => page.after = Some(next),
            _ => break,
        }
    }
    all.truncate(arguments.most as usize);
    let also = agreements(&all);
    if app.json() {
        ui::json(&all);
    } else {
        for finding in &all {
            line(finding);
            if let Some(others) = also.get(&finding.id) {
                let others: Vec<String> = others
                    .iter()
                    .map(|one| format!("{} {}: {}", one.scanner, one.rule, one.reason))
                    .collect();
                println!("         {DIM}agrees with {}{DIM:#}", others.join("; "));
            }
        }
        let counts = app.database.wait(app.store.finding_counts(&filter))?;
        ui::note(&format!("{} shown of {}", all.len(), counts.total));
    }
    Ok(if arguments.fail && !all.is_empty() { Exit::Verdict } else { Exit::Success })
}

/// A project that was misspelt has no findings, which must not look like good news.
pub(super) fn known_project(app: &App, name: &str) -> Result<(), Problem> {
    let projects = app.database.wait(app.store.projects())?;
    if projects.iter().any(|project| project.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = projects.iter().map(|project| project.name.as_str()).take(20).collect();
    let hint = match names.is_empty() {
        true => "nothing was recorded yet; `proofhouse run` and `proofhouse scan` do".to_owned(),
        false => format!("there are: {}", names.join(", ")),
    };
    Err(Problem::new("project-unknown", Exit::Input, format!("there is no project {name:?}")).with_hint(hint))
}

fn filter(global: &Global, arguments: &FindingsArgs) -> Result<FindingFilter, Problem> {
    let bad = |what: &str, value: &str, hint: &str| {
        Problem::new("argument", Exit::Input, format!("{value:?} is not a {what}")).with_hint(hint)
    };
    let mut filter = FindingFilter::open();
    if !arguments.status.is_empty() {
        let parse = |name: &String| {
            FindingStatus::from_name(name)
                .ok_or_else(|| bad("status", name, "new, existing, fixed or reopened"))
        };
        filter.status = arguments.status.iter().map(parse).collect::<Result<_, _>>()?;
    }
    if let Some(least) = arguments.severity {
        filter.severity = Severity::ALL.into_iter().filter(|severity| *severity >= least).collect();
    }
    if let Some(name) = &arguments.technique {
        let names = "sast, secrets, sca, config, hardening, dast, iast or manual";
        filter.technique = Some(Technique::from_name(name).ok_or_else(|| bad("technique", name, names))?);
    }
    filter.scanner = arguments.scanner.clone();
    filter.text = arguments.text.clone();
    filter.triage = arguments.triage;
    filter.assignee = arguments.assignee.clone();
    filter.project = match arguments.project.as_deref() {
        Some("*") => None,
        Some(name) => Some(name.to_owned()),
        None => Some(load_project(global)?.config.project),
    };
    Ok(filter)
}

fn line(finding: &FindingView) {
    let style = ui::of_severity(finding.severity);
    let judged = finding.triage.map(|state| format!(", {}", state.name())).unwrap_or_default();
    let whose = finding.assignee.as_ref().map(|name| format!(", with {name}")).unwrap_or_default();
    println!(
        "{style}{:<8}{style:#} {:<9} {} {BOLD}{}{BOLD:#}\n         {DIM}{} {} since {}, {}{judged}{whose}{DIM:#}",
        finding.severity,
        finding.status.name(),
        finding.place_label,
        finding.title,
        finding.scanner,
        finding.rule,
        day(finding.first_seen),
        finding.id.0.short(),
    );
}

pub(super) fn day(at: model::Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// Findings of a scan that was just made, worst first.
pub fn table(findings: &[Finding]) {
    for finding in findings {
        let style = ui::of_severity(finding.severity);
        println!(
            "{style}{:<8}{style:#} {} {BOLD}{}{BOLD:#} {DIM}{} {}{DIM:#}",
            finding.severity,
            finding.place.label(),
            finding.title,
            finding.scanner,
            finding.rule
        );
    }
}
