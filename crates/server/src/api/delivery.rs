//! Deployments and environments.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use model::DeploymentId;
use serde::Deserialize;
use store::views::{DeploymentDetail, DeploymentView, EnvironmentView, Page};
use utoipa::IntoParams;

use super::{
    Path, Query,
    assurance::ListQuery,
    extract::{given, paged},
};
use crate::{problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/deployments", get(deployments))
        .route("/api/v1/deployments/{deployment}", get(deployment))
        .route("/api/v1/environments", get(environments))
}

/// Deployments, newest first.
#[utoipa::path(get, path = "/api/v1/deployments", params(ListQuery),
    responses((status = 200, body = Page<DeploymentView>)))]
pub(super) async fn deployments(
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<DeploymentView>>, Refusal> {
    let (project, environment) = (given(&query.project), given(&query.environment));
    Ok(Json(app.store.deployments(project.as_deref(), environment.as_deref(), &paged!(query)).await?))
}

/// One deployment with its decision, receipts and scans.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}", params(("deployment" = String, Path)),
    responses((status = 200, body = DeploymentDetail), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn deployment(
    State(app): State<Arc<App>>,
    Path(id): Path<DeploymentId>,
) -> Result<Json<DeploymentDetail>, Refusal> {
    app.store.deployment(id).await?.map(Json).ok_or_else(|| Refusal::not_found("deployment"))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EnvironmentQuery {
    /// Only this project.
    project: Option<String>,
}

/// Environments with what is active in each.
#[utoipa::path(get, path = "/api/v1/environments", params(EnvironmentQuery),
    responses((status = 200, body = Vec<EnvironmentView>)))]
pub(super) async fn environments(
    State(app): State<Arc<App>>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Json<Vec<EnvironmentView>>, Refusal> {
    Ok(Json(app.store.environments(given(&query.project).as_deref()).await?))
}
