//! `proofhouse gate exceptions`: accepted risks in the order in which they need somebody.

use std::collections::{BTreeMap, BTreeSet};

use engine::record::Recorder;
use govern::release_review::{AcceptedRisk, Open, RiskState, timeline};
use model::{
    Exit, Problem,
    evidence::{ExceptionFacts, Outcome},
    predicate::Exception,
};
use serde_json::json;
use store::{
    Store,
    views::{ExceptionView, PageRequest},
};

use crate::{
    app::App,
    database::Database,
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

/// Lists them; with `fail` the answer is no when one was missed.
pub fn exceptions(app: &App, project: Option<&str>, fail: bool) -> Result<Exit, Problem> {
    let wanted = match project {
        Some("*") => None,
        Some(project) => Some(project.to_owned()),
        None => Some(app.project()?.config.project),
    };
    let all = all(&app.database, &app.store, wanted.as_deref(), &app.recorder)?;
    let missed = all.iter().any(|(_, risk)| risk.state == RiskState::Missed);
    match app.json() {
        true => ui::json(&all.iter().map(|(project, risk)| with(project, risk)).collect::<Vec<_>>()),
        false => all.iter().for_each(|(project, risk)| tell(project, risk)),
    }
    if all.is_empty() {
        ui::note("no risk is accepted");
    }
    Ok(if fail && missed { Exit::Verdict } else { Exit::Success })
}

/// Accepted risks with their projects, of one project or of all, those first that need somebody soonest.
///
/// # Errors
/// The database or the ledger cannot be read.
pub fn all(
    database: &Database,
    store: &Store,
    project: Option<&str>,
    recorder: &Recorder,
) -> Result<Vec<(String, AcceptedRisk)>, Problem> {
    let mut by_project: BTreeMap<String, Vec<ExceptionView>> = BTreeMap::new();
    for exception in database.wait(store.exceptions(project))? {
        by_project.entry(exception.project.clone()).or_default().push(exception);
    }
    let mut all = Vec::new();
    for (project, exceptions) in by_project {
        let risks = of_project((database, store), &project, exceptions, recorder)?;
        all.extend(risks.into_iter().map(|risk| (project.clone(), risk)));
    }
    all.sort_by_key(|(_, risk)| (risk.state, risk.expires, risk.index));
    Ok(all)
}

fn of_project(
    (database, store): (&Database, &Store),
    project: &str,
    exceptions: Vec<ExceptionView>,
    recorder: &Recorder,
) -> Result<Vec<AcceptedRisk>, Problem> {
    let mut open = Open::new();
    for id in exceptions.iter().filter_map(|exception| exception.finding) {
        let found = database.wait(store.findings_by_prefix(&id.to_string(), 20))?;
        let here = found.into_iter().find(|finding| finding.project == project && finding.status.is_open());
        open.extend(here.map(|finding| (id, (finding.title, finding.severity))));
    }
    let accepting = engine::people::accepting(None, recorder)?;
    let mut facts = Vec::with_capacity(exceptions.len());
    for one in exceptions {
        // Who had which roles is in the statement alone.
        let said = recorder.row(one.index)?.statement.decode::<Exception>().and_then(Result::ok);
        let unentitled = !said.as_ref().is_some_and(|said| said.by.is_among(accepting.as_deref()));
        let roles = said.map(|said| said.by.roles).unwrap_or_default();
        facts.push(ExceptionFacts {
            roles,
            unentitled,
            index: one.index,
            finding: one.finding,
            rule: one.rule,
            environment: one.environment,
            reason: one.reason,
            by: one.by,
            expires: one.expires,
        });
    }
    let denied = denied((database, store), project)?;
    Ok(timeline(&facts, &open, &denied, None, recorder.clock().now()))
}

/// Rules that the newest decision of some environment denied by.
fn denied((database, store): (&Database, &Store), project: &str) -> Result<BTreeSet<String>, Problem> {
    let page = PageRequest::first(PageRequest::MOST);
    let decisions = database.wait(store.decisions(Some(project), None, &page))?;
    let (mut seen, mut rules) = (BTreeSet::new(), BTreeSet::new());
    for decision in decisions.items {
        if seen.insert(decision.environment.clone()) {
            let denies = decision.verdict.rules.into_iter().filter(|rule| rule.outcome == Outcome::Deny);
            rules.extend(denies.map(|rule| rule.rule));
        }
    }
    Ok(rules)
}

fn with(project: &str, risk: &AcceptedRisk) -> serde_json::Value {
    let mut value = json!(risk);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("project".to_owned(), project.into());
    }
    value
}

fn tell(project: &str, risk: &AcceptedRisk) {
    let (style, word) = match risk.state {
        RiskState::Missed => (BAD, "missed"),
        RiskState::EndsSoon => (WARN, "ends soon"),
        RiskState::InForce => (GOOD, "in force"),
    };
    let place = risk.environment.as_ref().map_or(String::new(), |name| format!(" in {name}"));
    println!(
        "{style}{word:<9}{style:#} {} {BOLD}{}{BOLD:#}{place} {DIM}{project}, {}, ledger entry {}{DIM:#}",
        risk.expires.strftime("%Y-%m-%d"),
        risk.what,
        risk.owner,
        risk.index
    );
    println!("          {DIM}{}{DIM:#}", risk.reason);
}
