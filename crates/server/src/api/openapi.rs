//! The description of the API (OpenAPI 3.1), made from the handlers themselves.

use axum::{Json, response::IntoResponse};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{assurance, controls, delivery, findings, ledger, people, portfolio, projects, runs, sboms};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Proofhouse",
        version = "1",
        description = "What was built, tested, decided and deployed, and the evidence for it. Read only. \
            Errors are problem documents (RFC 9457) with a stable `code`."
    ),
    paths(
        projects::list, projects::one, projects::trend,
        runs::list, runs::one, runs::log, runs::stream,
        findings::list, findings::counts, findings::one,
        portfolio::portfolio, portfolio::coverage,
        assurance::scans, assurance::scan, assurance::decisions, assurance::decision, assurance::exceptions,
        assurance::feeds,
        controls::report,
        delivery::deployments, delivery::deployment, delivery::environments,
        ledger::entries, ledger::entry, ledger::envelope, ledger::proof, ledger::checkpoint, ledger::trust,
        ledger::artifact,
        sboms::list, sboms::one, sboms::components,
        people::me, people::organisation, people::access,
    ),
    components(schemas(crate::problem::ProblemDocument)),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("ph_…").build();
        if let Some(components) = &mut document.components {
            components.add_security_scheme("token", SecurityScheme::Http(bearer));
        }
    }
}

/// `GET /api/v1/openapi.json`.
pub(super) async fn document() -> impl IntoResponse {
    Json(Document::openapi())
}
