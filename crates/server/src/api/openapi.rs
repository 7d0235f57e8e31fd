//! The description of the API (OpenAPI 3.1), made from the handlers themselves.

use axum::{Json, response::IntoResponse};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder,
        path::{Operation, Parameter},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    assurance, controls, delivery, findings, ledger, people, portfolio, projects, runs, sboms, shapes,
};

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
    modifiers(&Bearer, &Everywhere),
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

/// What holds for every address: the ways in which it can refuse to answer, each a problem document, and the shapes of
/// parameters.
struct Everywhere;

/// Refusals that come before an address is reached, or from behind all of them.
const REFUSALS: [(&str, &str); 9] = [
    ("400", "a parameter is unknown or wrong"),
    ("401", "there is no token or session, or it has ended"),
    ("403", "whoever asks may not do this"),
    ("404", "there is no such thing"),
    ("413", "the body is too large"),
    ("421", "the server has another name"),
    ("429", "too many failed attempts; `Retry-After` says when to come back"),
    ("500", "the server failed"),
    ("503", "something that the server needs does not answer"),
];

impl Modify for Everywhere {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
            for operation in all.into_iter().flatten() {
                refusals(operation);
                let parameters = operation.parameters.iter_mut().flatten();
                parameters.filter_map(inline).for_each(|parameter| shapes::describe(path, parameter));
            }
        }
    }
}

fn inline(parameter: &mut RefOr<Parameter>) -> Option<&mut Parameter> {
    match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    }
}

fn refusals(operation: &mut Operation) {
    let document = || ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    for (status, why) in REFUSALS {
        let response =
            ResponseBuilder::new().description(why).content("application/problem+json", document());
        operation.responses.responses.insert(status.to_owned(), response.build().into());
    }
}

/// `GET /api/v1/openapi.json`.
pub(super) async fn document() -> impl IntoResponse {
    Json(Document::openapi())
}
