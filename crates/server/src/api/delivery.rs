//! Deployments and environments.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, routing::get};
use model::{DeploymentId, predicate::DeploymentResult};
use serde::Deserialize;
use store::views::{DeploymentDetail, DeploymentFilter, DeploymentView, EnvironmentView, Page};
use utoipa::IntoParams;

use super::{
    Path, Query,
    extract::{day, given, list, paged},
};
use crate::{access::Principal, problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/deployments", get(deployments))
        .route("/api/v1/deployments/{deployment}", get(deployment))
        .route("/api/v1/environments", get(environments))
}

/// Filters and page of a list of deployments.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeploymentQuery {
    /// Only this project.
    pub(crate) project: Option<String>,
    /// Only this environment.
    pub(crate) environment: Option<String>,
    /// Results separated by commas, of `deployed`, `denied`, `failed`, `rolled-back`, `reversed`,
    /// `interrupted`; absent: all.
    pub(crate) result: Option<String>,
    /// Ended on this day (UTC, `2026-11-23`) or later.
    pub(crate) from: Option<String>,
    /// Ended before this day.
    pub(crate) before: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(crate) limit: u32,
}

impl DeploymentQuery {
    pub(crate) async fn answer(&self, app: &App, who: &Principal) -> Result<Page<DeploymentView>, Refusal> {
        let result = |name: &str| serde_json::from_value::<DeploymentResult>(name.into()).ok();
        let wanted = DeploymentFilter {
            project: given(&self.project),
            projects: who.projects(app).await?,
            environment: given(&self.environment),
            results: list("result", &self.result, result)?,
            from: day("from", &self.from)?,
            before: day("before", &self.before)?,
        };
        Ok(app.store.deployments_where(&wanted, &paged!(self)).await?)
    }
}

/// Deployments, newest first.
#[utoipa::path(get, path = "/api/v1/deployments", params(DeploymentQuery),
    responses((status = 200, body = Page<DeploymentView>)))]
pub(super) async fn deployments(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<DeploymentQuery>,
) -> Result<Json<Page<DeploymentView>>, Refusal> {
    Ok(Json(query.answer(&app, &who).await?))
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
