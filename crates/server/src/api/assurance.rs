//! Scans, decisions, exceptions, advisory feeds.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, routing::get};
use model::evidence::Outcome;
use serde::Deserialize;
use store::views::{DecisionFilter, DecisionView, ExceptionView, FeedView, Page, ScanView};
use utoipa::IntoParams;

use super::{
    Path, Query,
    extract::{day, given, one as one_of, paged},
};
use crate::{access::Principal, problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/scans", get(scans))
        .route("/api/v1/scans/{index}", get(scan))
        .route("/api/v1/decisions", get(decisions))
        .route("/api/v1/decisions/{index}", get(decision))
        .route("/api/v1/exceptions", get(exceptions))
        .route("/api/v1/feeds", get(feeds))
}

/// Project and page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProjectListQuery {
    /// Only this project.
    pub(super) project: Option<String>,
    /// `next` of the page before.
    pub(super) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(super) limit: u32,
}

/// Filters and page of a list of decisions.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DecisionQuery {
    /// Only this project.
    pub(crate) project: Option<String>,
    /// Only this environment.
    pub(crate) environment: Option<String>,
    /// Only `pass`, `warn` or `deny`.
    pub(crate) outcome: Option<String>,
    /// On this day (UTC, `2026-11-23`) or later.
    pub(crate) from: Option<String>,
    /// Before this day.
    pub(crate) before: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(crate) limit: u32,
}

impl DecisionQuery {
    pub(crate) async fn answer(&self, app: &App, who: &Principal) -> Result<Page<DecisionView>, Refusal> {
        let outcome = |name: &str| match name {
            "pass" => Some(Outcome::Pass),
            "warn" => Some(Outcome::Warn),
            "deny" => Some(Outcome::Deny),
            _ => None,
        };
        let wanted = DecisionFilter {
            project: given(&self.project),
            projects: who.projects(app).await?,
            environment: given(&self.environment),
            outcome: one_of("outcome", &self.outcome, outcome)?,
            from: day("from", &self.from)?,
            before: day("before", &self.before)?,
        };
        Ok(app.store.decisions_where(&wanted, &paged!(self)).await?)
    }
}

/// Scans, newest first.
#[utoipa::path(get, path = "/api/v1/scans", params(ProjectListQuery),
    responses((status = 200, body = Page<ScanView>)))]
pub(super) async fn scans(
    State(app): State<Arc<App>>,
    Query(query): Query<ProjectListQuery>,
) -> Result<Json<Page<ScanView>>, Refusal> {
    Ok(Json(app.store.scans(given(&query.project).as_deref(), &paged!(query)).await?))
}

/// The scan at a ledger index.
#[utoipa::path(get, path = "/api/v1/scans/{index}", params(("index" = u64, Path)),
    responses((status = 200, body = ScanView), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn scan(
    State(app): State<Arc<App>>,
    Path(index): Path<u64>,
) -> Result<Json<ScanView>, Refusal> {
    app.store.scan(index).await?.map(Json).ok_or_else(|| Refusal::not_found("scan"))
}

/// Gate decisions, newest first.
#[utoipa::path(get, path = "/api/v1/decisions", params(DecisionQuery),
    responses((status = 200, body = Page<DecisionView>)))]
pub(super) async fn decisions(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<DecisionQuery>,
) -> Result<Json<Page<DecisionView>>, Refusal> {
    Ok(Json(query.answer(&app, &who).await?))
}

/// The decision at a ledger index, with every rule and its reasons.
#[utoipa::path(get, path = "/api/v1/decisions/{index}", params(("index" = u64, Path)),
    responses((status = 200, body = DecisionView), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn decision(
    State(app): State<Arc<App>>,
    Path(index): Path<u64>,
) -> Result<Json<DecisionView>, Refusal> {
    app.store.decision(index).await?.map(Json).ok_or_else(|| Refusal::not_found("decision"))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExceptionQuery {
    /// Only this project.
    project: Option<String>,
    /// Also those that have ended.
    #[serde(default)]
    all: bool,
}

/// Exceptions that are in force, newest first.
#[utoipa::path(get, path = "/api/v1/exceptions", params(ExceptionQuery),
    responses((status = 200, body = Vec<ExceptionView>)))]
pub(super) async fn exceptions(
    State(app): State<Arc<App>>,
    Query(query): Query<ExceptionQuery>,
) -> Result<Json<Vec<ExceptionView>>, Refusal> {
    let project = given(&query.project);
    Ok(Json(match query.all {
        true => app.store.exceptions(project.as_deref()).await?,
        false => app.store.active_exceptions(project.as_deref(), app.clock.now()).await?,
    }))
}

/// The newest import of every advisory feed.
#[utoipa::path(get, path = "/api/v1/feeds", responses((status = 200, body = Vec<FeedView>)))]
pub(super) async fn feeds(State(app): State<Arc<App>>) -> Result<Json<Vec<FeedView>>, Refusal> {
    Ok(Json(app.store.feeds().await?))
}
