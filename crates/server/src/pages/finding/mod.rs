//! One finding: what, where, why, how to fix it, and its history.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use model::FindingId;
use serde::Deserialize;
use store::views::{ExceptionView, FindingEvent, FindingView, TriageView};

use super::{frame::Frame, show};
use crate::{
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
    history: Vec<FindingEvent>,
    elsewhere: Vec<FindingView>,
    exceptions: Vec<ExceptionView>,
    triage: Vec<TriageView>,
}

impl Finding {
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
    Path((project, id)): Path<(String, FindingId)>,
    Query(query): Query<Stream>,
) -> Result<Response, Refusal> {
    let detail = app.store.finding(&project, id, query.stream).await?;
    let detail = detail.ok_or_else(|| Refusal::not_found("finding"))?;
    show(&Finding {
        frame: Frame::new(&app, "/findings"),
        finding: detail.finding,
        history: detail.history,
        elsewhere: detail.elsewhere,
        exceptions: detail.exceptions,
        triage: detail.triage,
    })
}
