//! Runs and their logs.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use futures::Stream;
use model::RunId;
use serde::Deserialize;
use store::views::{Page, RunDetail, RunFilter, RunStatus, RunView};
use utoipa::IntoParams;

use super::{
    Path, Query,
    extract::{given, one as one_of, paged},
};
use crate::{live, problem::Refusal, state::App};

/// Most bytes of a log in one answer.
const MOST: usize = 1 << 20;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/runs", get(list))
        .route("/api/v1/runs/{run}", get(one))
        .route("/api/v1/runs/{run}/steps/{step}/log", get(log))
        .route("/api/v1/runs/{run}/steps/{step}/log/stream", get(stream))
}

/// Filters and page of a list of runs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunQuery {
    /// Only this project.
    pub(crate) project: Option<String>,
    /// `running`, `passed`, `failed` or `interrupted`.
    pub(crate) status: Option<String>,
    /// Git branch.
    pub(crate) branch: Option<String>,
    /// Git commit or its beginning.
    pub(crate) commit: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(crate) limit: u32,
}

impl RunQuery {
    pub(crate) async fn answer(&self, app: &App) -> Result<Page<RunView>, Refusal> {
        let filter = RunFilter {
            project: given(&self.project),
            status: one_of("status", &self.status, RunStatus::from_name)?,
            branch: given(&self.branch),
            commit: given(&self.commit),
            ..RunFilter::default()
        };
        Ok(app.store.runs(&filter, &paged!(self)).await?)
    }
}

/// Runs, newest first.
#[utoipa::path(get, path = "/api/v1/runs", params(RunQuery), responses((status = 200, body = Page<RunView>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
) -> Result<Json<Page<RunView>>, Refusal> {
    Ok(Json(query.answer(&app).await?))
}

/// One run with its steps, statements, artifacts, scans, decisions and deployments.
#[utoipa::path(get, path = "/api/v1/runs/{run}", params(("run" = String, Path)),
    responses((status = 200, body = RunDetail), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(run): Path<RunId>,
) -> Result<Json<RunDetail>, Refusal> {
    app.store.run(run).await?.map(Json).ok_or_else(|| Refusal::not_found("run"))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LogQuery {
    /// First byte wanted; default 0.
    #[serde(default)]
    offset: u64,
}

/// The log of a step as it is, at most one mebibyte from `offset` on; `x-log-size` tells its size.
#[utoipa::path(get, path = "/api/v1/runs/{run}/steps/{step}/log",
    params(("run" = String, Path), ("step" = String, Path), LogQuery),
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn log(
    State(app): State<Arc<App>>,
    Path((run, step)): Path<(RunId, String)>,
    Query(query): Query<LogQuery>,
) -> Result<Response, Refusal> {
    let chunk = app.ask(move |backend| backend.log(run, &step, query.offset, MOST)).await?;
    let chunk = chunk.ok_or_else(|| Refusal::not_found("log"))?;
    let head = [
        (header::CONTENT_TYPE.as_str(), "text/plain; charset=utf-8"),
        ("x-log-size", &chunk.size.to_string()),
    ];
    Ok((head, chunk.bytes).into_response())
}

/// The log of a step as it grows (server-sent events `log` and `end`), from `offset` or the event id on.
#[utoipa::path(get, path = "/api/v1/runs/{run}/steps/{step}/log/stream",
    params(("run" = String, Path), ("step" = String, Path), LogQuery),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    Path((run, step)): Path<(RunId, String)>,
    Query(query): Query<LogQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    live::follow(app, run, step, last.unwrap_or(query.offset))
}
