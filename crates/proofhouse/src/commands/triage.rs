//! `proofhouse findings triage`, `assign` and `comment`: what people say about a finding.

use govern::organisation::Permission;
use model::{Exit, Problem, predicate::Triage};

use crate::{
    app::{App, load_project},
    args::{FindingSaid, Global},
    ui::{self, println},
};

pub fn triage(global: &Global, act: &FindingSaid) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let (id, project) = match act {
        FindingSaid::Triage(arguments) => (&arguments.id, &arguments.project),
        FindingSaid::Assign { id, project, .. } | FindingSaid::Comment { id, project, .. } => (id, project),
    };
    let project = match project {
        Some(name) => name.clone(),
        None => load_project(global)?.config.project,
    };
    let finding = app.finding(&project, id)?;
    let (permission, what) = match act {
        FindingSaid::Triage(_) => (Permission::Triage, "judge findings"),
        _ => (Permission::Comment, "comment on findings"),
    };
    let by = app.allowed(&project, permission, what)?;
    let mut said = Triage {
        finding: finding.id,
        state: None,
        duplicate_of: None,
        reason: None,
        seen: None,
        assignee: None,
        comment: None,
        by,
        at: app.now(),
        project,
    };
    match act {
        FindingSaid::Triage(arguments) => {
            let other = arguments.of.as_ref().map(|id| app.finding(&said.project, id)).transpose()?;
            said.state = Some(arguments.state);
            said.duplicate_of = other.map(|finding| finding.id);
            said.reason = Some(arguments.reason.clone());
            said.seen = Some(model::identity::substance(finding.severity, &finding.cwe, &finding.place));
        }
        FindingSaid::Assign { person, .. } => said.assignee = Some(person.clone()),
        FindingSaid::Comment { text, .. } => said.comment = Some(text.clone()),
    }
    let (index, warning) = engine::triage::record(&app.recorder, &said)?;
    warning.iter().for_each(ui::warning);
    match app.json() {
        true => ui::json(&serde_json::json!({ "index": index, "triage": said })),
        false => println!("recorded as ledger entry {index}: {}", finding.title),
    }
    Ok(Exit::Success)
}
