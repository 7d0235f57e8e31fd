//! Controls of standards, held against what the ledger covers.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, routing::get};
use govern::controls::Report;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Query, extract::given};
use crate::{access::Principal, controls, problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/controls", get(report))
}

/// What a report is about.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ControlsQuery {
    /// Only this catalogue, e.g. `ssdf`.
    pub(crate) catalogue: Option<String>,
    /// Only this project.
    pub(crate) project: Option<String>,
    /// A day until its end, or a moment; default: now.
    pub(crate) as_of: Option<String>,
}

impl ControlsQuery {
    /// The report, whole when no catalogue is named.
    pub(crate) async fn answer(&self, app: &App, who: &Principal) -> Result<Arc<Report>, Refusal> {
        let at = controls::as_of(self.as_of.as_deref(), app.clock.now())?;
        let report = controls::report(app, who, at, given(&self.project).as_deref()).await?;
        let Some(wanted) = given(&self.catalogue) else { return Ok(report) };
        let mut only = Report::clone(&report);
        only.catalogues.retain(|catalogue| catalogue.id == wanted);
        let Some(catalogue) = only.catalogues.first() else {
            return Err(Refusal::not_found("catalogue of controls"));
        };
        let named: Vec<&str> =
            catalogue.controls.iter().flat_map(|one| one.rules.iter().map(String::as_str)).collect();
        only.rules.retain(|id, _| named.contains(id));
        Ok(Arc::new(only))
    }
}

/// Controls of standards with status, coverage, evidence and gaps.
#[utoipa::path(get, path = "/api/v1/controls", params(ControlsQuery),
    responses((status = 200, body = Object), (status = 400, body = crate::problem::ProblemDocument)))]
pub(super) async fn report(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<ControlsQuery>,
) -> Result<Json<Report>, Refusal> {
    let report = query.answer(&app, &who).await?;
    Ok(Json(Arc::unwrap_or_clone(report)))
}
