//! One finding: what, where, why, how to fix it, its history, and what people say about it.

pub(super) mod say;

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use govern::{
    awareness::guidance::{self, Guidance},
    organisation::Permission,
};
use model::{FindingId, Technique, Timestamp, predicate::Attachment};
use serde::Deserialize;
use store::views::{ExceptionView, FindingEvent, FindingView, TriageView};

use super::{frame::Frame, show};
use crate::{
    Agreement,
    access::Principal,
    api::{Path, Query},
    html,
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "finding/page.html")]
struct Finding {
    frame: Frame,
    finding: FindingView,
    agreements: Vec<Agreement>,
    history: Vec<FindingEvent>,
    elsewhere: Vec<FindingView>,
    exceptions: Vec<ExceptionView>,
    triage: Vec<TriageView>,
    /// Files that show it, with the ledger index of the result that names them.
    attachments: Vec<(u64, Attachment)>,
    environments: BTreeSet<String>,
    who: Arc<Principal>,
    typed: say::Typed,
    /// The form that could not be taken, and why.
    mistake: Option<(&'static str, String)>,
}

/// Judgements to choose from.
const JUDGEMENTS: [(&str, &str); 5] = [
    ("confirmed", "it is real and will be dealt with"),
    ("false-positive", "false positive: the scanner is wrong"),
    ("wont-fix", "it is real and stays as it is"),
    ("duplicate-of", "it repeats another finding"),
    ("none", "take an earlier judgement back"),
];

impl Finding {
    fn may(&self, permission: Permission) -> bool {
        self.who.rights.may(permission, Some(&self.finding.project))
    }

    fn why_not(&self, form: &str) -> Option<&str> {
        self.mistake.as_ref().filter(|(of, _)| *of == form).map(|(_, why)| why.as_str())
    }

    /// Address of a form.
    fn to(&self, form: &str) -> String {
        format!("/projects/{}/findings/{}/{form}", text::url(&self.finding.project), self.finding.id)
    }

    /// What is written about this class of weakness, and its address with examples in the language of the file.
    fn guidance(&self) -> Option<(&'static Guidance, String)> {
        let found = guidance::for_finding(&self.finding.cwe)?.guidance;
        let language = self.finding.place.path().and_then(guidance::language_of);
        Some((found, format!("/guidance/{}{}", found.cwe, text::query([("language", language)]))))
    }

    /// First and last day until which the risk can be accepted.
    fn days(&self) -> (String, String) {
        let last = Timestamp::from_second(self.frame.now.as_second() + say::LONGEST - 86_400);
        (text::day(&self.frame.now), text::day(&last.unwrap_or(self.frame.now)))
    }

    /// Kind of place and its parts, for a table of facts.
    fn place(&self) -> Vec<(&'static str, String)> {
        use model::Place;
        let line = |line: &Option<u32>| line.map(|line| ("Line", line.to_string()));
        let mut facts = Vec::new();
        match &self.finding.place {
            Place::Code { path, line: at, symbol, .. } => {
                facts.push(("File", path.clone()));
                facts.extend(line(at));
                facts.extend(symbol.clone().map(|symbol| ("In", symbol)));
            }
            Place::Package { purl, manifest } => {
                facts.push(("Package", purl.clone()));
                facts.extend(manifest.clone().map(|manifest| ("Named by", manifest)));
            }
            Place::Secret { path, line: at, fingerprint } => {
                facts.push(("File", path.clone()));
                facts.extend(line(at));
                facts.push(("Fingerprint of the secret", fingerprint.short()));
            }
            Place::Route { method, route, parameter } => {
                facts.push(("Route", format!("{method} {route}")));
                facts.extend(parameter.clone().map(|parameter| ("Parameter", parameter)));
            }
            Place::Target { name } => facts.push(("Target", name.clone())),
        }
        facts
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stream {
    stream: Option<u64>,
}

/// `GET /projects/{project}/findings/{id}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(place): Path<(String, FindingId)>,
    Query(query): Query<Stream>,
) -> Result<Response, Refusal> {
    show(&finding(&app, &who, place, query.stream).await?)
}

/// Files of the first and of the newest result that told of a finding by people.
async fn attachments(app: &App, finding: &FindingView) -> Result<Vec<(u64, Attachment)>, Refusal> {
    let mut all = Vec::new();
    if finding.technique == Technique::Manual {
        for index in BTreeSet::from([finding.first_index, finding.last_index]) {
            let manual = app.store.scan(index).await?.and_then(|scan| scan.manual);
            all.extend(manual.into_iter().flat_map(|one| one.attachments).map(|file| (index, file)));
        }
    }
    Ok(all)
}

async fn finding(
    app: &App,
    who: &Arc<Principal>,
    (project, id): (String, FindingId),
    stream: Option<u64>,
) -> Result<Finding, Refusal> {
    let detail = app.store.finding(&project, id, stream).await?;
    let detail = detail.ok_or_else(|| Refusal::not_found("finding"))?;
    let asked = detail.finding.clone();
    let attachments = attachments(app, &detail.finding).await?;
    Ok(Finding {
        attachments,
        frame: Frame::new(app, "/findings"),
        agreements: app.ask(move |backend| backend.agreements(&asked)).await?,
        typed: say::Typed {
            assignee: detail.finding.assignee.clone().unwrap_or_default(),
            ..say::Typed::default()
        },
        mistake: None,
        environments: say::environments(app, &project).await?,
        who: Arc::clone(who),
        finding: detail.finding,
        history: detail.history,
        elsewhere: detail.elsewhere,
        exceptions: detail.exceptions,
        triage: detail.triage,
    })
}
