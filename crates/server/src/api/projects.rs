//! Projects and the trend of their findings.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, routing::get};
use serde::Deserialize;
use store::views::{ProjectView, TrendPoint};
use utoipa::IntoParams;

use super::{Path, Query, extract::given};
use crate::{access::Principal, problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/projects", get(list))
        .route("/api/v1/projects/{project}", get(one))
        .route("/api/v1/trend", get(trend))
}

/// All projects that may be seen, each with its summary.
#[utoipa::path(get, path = "/api/v1/projects", responses((status = 200, body = Vec<ProjectView>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
) -> Result<Json<Vec<ProjectView>>, Refusal> {
    let mut all = app.store.projects().await?;
    all.retain(|project| who.sees(&project.name));
    Ok(Json(all))
}

/// One project.
#[utoipa::path(get, path = "/api/v1/projects/{project}", params(("project" = String, Path)),
    responses((status = 200, body = ProjectView), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(project): Path<String>,
) -> Result<Json<ProjectView>, Refusal> {
    let view = app.store.project_summary(&project).await?;
    view.map(Json).ok_or_else(|| Refusal::not_found("project"))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TrendQuery {
    /// Only this project.
    project: Option<String>,
    /// Days back from today, 1 to 400; default 30.
    days: Option<u32>,
}

/// Open findings at the end of each day (UTC), oldest first.
#[utoipa::path(get, path = "/api/v1/trend", params(TrendQuery), responses((status = 200, body = Vec<TrendPoint>)))]
pub(super) async fn trend(
    State(app): State<Arc<App>>,
    Query(query): Query<TrendQuery>,
) -> Result<Json<Vec<TrendPoint>>, Refusal> {
    let project = given(&query.project);
    let days = query.days.unwrap_or(30);
    Ok(Json(app.store.trend(project.as_deref(), days, app.clock.now()).await?))
}
