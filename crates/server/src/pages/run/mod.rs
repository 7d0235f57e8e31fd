//! One run: its evidence chain as a picture, steps with live log, and everything that hangs on it.

mod chain;

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use model::RunId;
use serde::Deserialize;
use store::views::{RunDetail, RunStatus, StepView, TraceView};

use super::{frame::Frame, show};
use crate::{
    api::{Path, Query},
    html,
    problem::Refusal,
    state::App,
    text,
};
use chain::Picture;

/// Most bytes of a log that are shown in the page: its end.
const TAIL: u64 = 64 * 1024;

#[derive(Template)]
#[template(path = "run/page.html")]
struct Run {
    frame: Frame,
    detail: RunDetail,
    chain: Picture,
    log: Option<Log>,
}

/// The log panel of one step.
struct Log {
    step: String,
    text: String,
    /// The beginning is left out.
    cut: bool,
    /// Where the browser follows it, while the run goes on.
    stream: Option<String>,
}

impl Run {
    fn is_shown(&self, step: &StepView) -> bool {
        self.log.as_ref().is_some_and(|log| log.step == step.name)
    }

    /// Destinations of a trace that were tried and refused, and those that were allowed.
    fn network(&self, trace: &TraceView) -> Vec<(String, bool)> {
        let name = |value: &serde_json::Value| {
            let field =
                ["host", "destination", "address", "name"].iter().find_map(|key| value[*key].as_str());
            let host = field.map_or_else(|| value.to_string(), str::to_owned);
            match value["port"].as_u64() {
                Some(port) => format!("{host}:{port}"),
                None => host,
            }
        };
        let allowed = |value: &serde_json::Value| value["allowed"].as_bool().unwrap_or(false);
        trace.network.iter().take(50).map(|value| (text::cut(&name(value), 120), allowed(value))).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    step: Option<String>,
}

/// `GET /runs/{run}?step=NAME`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(run): Path<RunId>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let detail = app.store.run(run).await?.ok_or_else(|| Refusal::not_found("run"))?;
    let log = match chosen(&detail, wanted.step.as_deref()) {
        Some(step) => Some(log(&app, &detail, step).await?),
        None => None,
    };
    show(&Run { frame: Frame::new(&app, "/runs"), chain: Picture::of(&detail), log, detail })
}

/// The step asked for; or the one that failed; or, while the run goes on, the first that is not done;
/// or the first.
fn chosen(detail: &RunDetail, wanted: Option<&str>) -> Option<String> {
    let find = |is: &dyn Fn(&&StepView) -> bool| detail.steps.iter().find(is);
    let running = detail.run.status == RunStatus::Running;
    let step = match wanted {
        Some(name) => find(&|step| step.name == name),
        None => find(&|step| step.result == "failed")
            .or_else(|| find(&|step| running && step.result == "planned"))
            .or_else(|| detail.steps.first()),
    };
    step.map(|step| step.name.clone())
}

async fn log(app: &App, detail: &RunDetail, step: String) -> Result<Log, Refusal> {
    let run = detail.run.run;
    let name = step.clone();
    let chunk = app.ask(move |backend| {
        let size = backend.log(run, &name, 0, 0)?.map_or(0, |chunk| chunk.size);
        backend.log(run, &name, size.saturating_sub(TAIL), TAIL as usize)
    });
    let chunk = chunk.await?.unwrap_or_default();
    let end = chunk.size.max(chunk.bytes.len() as u64);
    let stream = (detail.run.status == RunStatus::Running)
        .then(|| format!("/api/v1/runs/{run}/steps/{}/log/stream?offset={end}", text::url(&step)));
    Ok(Log { text: text::plain(&chunk.bytes), cut: end > TAIL, stream, step })
}
