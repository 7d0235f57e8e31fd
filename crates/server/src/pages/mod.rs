//! The pages: one folder each, with the handler and its templates.

mod account;
mod artifact;
mod controls;
mod coverage;
mod decision;
mod decisions;
mod deployment;
mod deployments;
mod digest;
mod entry;
mod exceptions;
mod finding;
mod findings;
mod frame;
mod guidance;
mod ledger;
mod overview;
mod people;
mod portfolio;
mod project;
mod release_review;
mod requirements;
mod result;
mod reviews;
mod run;
mod runs;
mod sbom;
mod sboms;
mod scanners;
mod technologies;
mod trend;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::Request,
    http::HeaderMap,
    middleware::Next,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};

use crate::{problem::Refusal, state::App};
use frame::Frame;

/// Forms with files: they may be larger than others.
pub(crate) fn uploads() -> Router<Arc<App>> {
    Router::new()
        .route("/projects/{project}/results", post(result::one))
        .route("/projects/{project}/results/report", post(result::whole))
}

/// All pages.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(overview::page))
        .route("/projects/{project}", get(project::page))
        .route("/projects/{project}/requirements", get(requirements::page))
        .route("/projects/{project}/findings/{id}", get(finding::page))
        .route("/projects/{project}/findings/{id}/triage", post(finding::say::triage))
        .route("/projects/{project}/findings/{id}/exception", post(finding::say::exception))
        .route("/projects/{project}/findings/{id}/assign", post(finding::say::assign))
        .route("/projects/{project}/findings/{id}/comment", post(finding::say::comment))
        .route("/projects/{project}/results/new", get(result::page))
        .route("/results/{index}/attachments/{digest}", get(result::attachment::download))
        .route("/reviews/releases", get(release_review::list::page))
        .route("/reviews/releases/{index}", get(release_review::page))
        .route("/reviews/releases/{index}/pdf", get(release_review::pdf))
        .route("/reviews/releases/{index}/comment", post(release_review::comment))
        .route("/reviews/releases/{index}/sign", post(release_review::sign))
        .route("/reviews/releases/{index}/reject", post(release_review::reject))
        .route("/portfolio", get(portfolio::page))
        .route("/coverage", get(coverage::page))
        .route("/scanners", get(scanners::page))
        .route("/controls", get(controls::page))
        .route("/controls/export/{form}", get(controls::exported))
        .route("/controls/{catalogue}/{control}", get(controls::one))
        .route("/exceptions", get(exceptions::page))
        .route("/decisions", get(decisions::page))
        .route("/guidance", get(guidance::list))
        .route("/guidance/{cwe}", get(guidance::page))
        .route("/digest", get(digest::page))
        .route("/runs", get(runs::page))
        .route("/runs/{run}", get(run::page))
        .route("/findings", get(findings::page))
        .route("/deployments", get(deployments::page))
        .route("/deployments/{deployment}", get(deployment::page))
        .route("/decisions/{index}", get(decision::page))
        .route("/ledger", get(ledger::page))
        .route("/ledger/{index}", get(entry::page))
        .route("/sboms", get(sboms::page))
        .route("/sboms/{index}", get(sbom::page))
        .route("/artifacts/{digest}", get(artifact::page))
        .route("/reviews", get(reviews::page).post(reviews::make))
        .route("/reviews/{index}", get(reviews::one).post(reviews::answer))
        .route("/technologies", get(technologies::page))
        .route("/technologies.json", get(technologies::json))
        .route("/technologies.csv", get(technologies::csv))
        .route("/technologies.md", get(technologies::markdown))
        .route("/technologies.svg", get(technologies::svg))
        .route("/technologies/{name}", get(technologies::entry))
        .route("/technologies/{name}/assess", post(technologies::assess))
        .route("/technologies/{name}/sign", post(technologies::sign))
        .route("/people", get(people::page))
        .route("/people/access", get(people::access))
        .route("/people/organisation", post(people::apply))
        .route("/people/accounts", post(people::invite))
        .route("/people/accounts/{account}", post(people::change))
        .route("/account", get(account::page))
        .route("/account/tokens", post(account::make))
        .route("/account/tokens/{token}", post(account::revoke))
}

fn show(template: &impl Template) -> Result<Response, Refusal> {
    Ok(Html(template.render()?).into_response())
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    title: String,
    sentence: String,
    code: String,
}

/// Refusals of pages are shown as a page; those of the API stay problem documents.
pub(crate) async fn errors_as_pages(request: Request, next: Next) -> Response {
    let page = !request.uri().path().starts_with("/api/") && wants_page(request.headers());
    let mut response = next.run(request).await;
    let Some(refusal) = response.extensions_mut().remove::<Refusal>().filter(|_| page) else {
        return response;
    };
    let error = ErrorPage {
        frame: Frame::without_time(),
        title: refusal.status.canonical_reason().unwrap_or("Error").to_owned(),
        sentence: refusal.sentence(),
        code: refusal.code,
    };
    match error.render() {
        Ok(body) => (refusal.status, Html(body)).into_response(),
        Err(_) => response,
    }
}

/// Everything but what asks for JSON alone.
fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or("text/html");
    accept.contains("text/html") || accept.contains("*/*")
}
