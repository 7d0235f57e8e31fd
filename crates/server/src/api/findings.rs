//! Findings.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, routing::get};
use model::{FindingId, Severity, Technique, predicate::TriageState};
use serde::Deserialize;
use store::views::{
    FindingCounts, FindingDetail, FindingFilter, FindingStatus, FindingView, Page, PageRequest,
};
use utoipa::IntoParams;

use super::{
    Path, Query,
    extract::{day, given, list as list_of, one as one_of, paged},
};
use crate::{access::Principal, problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/findings", get(list))
        .route("/api/v1/findings/counts", get(counts))
        .route("/api/v1/projects/{project}/findings/{id}", get(one))
}

/// Filters and page of a list of findings.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingQuery {
    /// Only this project.
    pub(crate) project: Option<String>,
    /// States separated by commas, of `new`, `existing`, `fixed`, `reopened`; absent: all.
    pub(crate) status: Option<String>,
    /// Severities separated by commas; absent: all.
    pub(crate) severity: Option<String>,
    /// Technique, e.g. `sast`.
    pub(crate) technique: Option<String>,
    /// Scanner name.
    pub(crate) scanner: Option<String>,
    /// What was scanned: `source`, `artifact`, `environment:NAME`.
    pub(crate) target: Option<String>,
    /// Only what the scans of this run saw.
    pub(crate) run: Option<String>,
    /// Text in title, rule, place or aliases.
    pub(crate) text: Option<String>,
    /// The scanner's rule.
    pub(crate) rule: Option<String>,
    /// First seen on this day (UTC, `2026-11-23`) or later.
    pub(crate) from: Option<String>,
    /// First seen before this day.
    pub(crate) before: Option<String>,
    /// As it was judged last: `false-positive`, `confirmed`, `wont-fix`, `duplicate-of`; `none`: not judged.
    pub(crate) triage: Option<String>,
    /// Who deals with it.
    pub(crate) assignee: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(crate) limit: u32,
}

impl FindingQuery {
    /// What is asked for, as far as whoever asks may see it.
    pub(crate) async fn filter(&self, app: &App, who: &Principal) -> Result<FindingFilter, Refusal> {
        Ok(FindingFilter {
            project: given(&self.project),
            status: list_of("status", &self.status, FindingStatus::from_name)?,
            severity: list_of("severity", &self.severity, Severity::from_name)?,
            technique: one_of("technique", &self.technique, Technique::from_name)?,
            scanner: given(&self.scanner),
            target: given(&self.target),
            run: one_of("run", &self.run, |text| text.parse().ok())?,
            text: given(&self.text),
            projects: who.projects(app).await?,
            rule: given(&self.rule),
            first_from: day("from", &self.from)?,
            first_before: day("before", &self.before)?,
            triage: one_of("triage", &self.triage, TriageState::from_name)?,
            assignee: given(&self.assignee),
        })
    }

    pub(crate) fn page(&self) -> PageRequest {
        paged!(self)
    }
}

/// Findings, worst first.
#[utoipa::path(get, path = "/api/v1/findings", params(FindingQuery),
    responses((status = 200, body = Page<FindingView>), (status = 400, body = crate::problem::ProblemDocument)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<FindingQuery>,
) -> Result<Json<Page<FindingView>>, Refusal> {
    Ok(Json(app.store.findings(&query.filter(&app, &who).await?, &query.page()).await?))
}

/// How many findings match, by severity, state, technique and scanner.
#[utoipa::path(get, path = "/api/v1/findings/counts", params(FindingQuery),
    responses((status = 200, body = FindingCounts), (status = 400, body = crate::problem::ProblemDocument)))]
pub(super) async fn counts(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<FindingQuery>,
) -> Result<Json<FindingCounts>, Refusal> {
    Ok(Json(app.store.finding_counts(&query.filter(&app, &who).await?).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StreamQuery {
    /// Stream, when several know the identity; default: the one seen last.
    stream: Option<u64>,
}

/// One finding with its history.
#[utoipa::path(get, path = "/api/v1/projects/{project}/findings/{id}",
    params(("project" = String, Path), ("id" = String, Path), StreamQuery),
    responses((status = 200, body = FindingDetail), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path((project, id)): Path<(String, FindingId)>,
    Query(query): Query<StreamQuery>,
) -> Result<Json<FindingDetail>, Refusal> {
    let detail = app.store.finding(&project, id, query.stream).await?;
    detail.map(Json).ok_or_else(|| Refusal::not_found("finding"))
}
