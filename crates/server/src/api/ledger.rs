//! The ledger: entries, envelopes, proofs, and what a digest is known for.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use model::Sha256;
use serde::{Deserialize, Serialize};
use store::{
    StatementFilter,
    views::{ArtifactView, Page, StatementView},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    Path, Query,
    extract::{given, one as one_of, paged},
};
use crate::{assets::tagged, backend::InclusionProof, problem::Refusal, state::App};

/// What never changes may be kept for a year, by the asking browser only.
const FOREVER: &str = "private, max-age=31536000, immutable";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/ledger", get(entries))
        .route("/api/v1/ledger/checkpoint", get(checkpoint))
        .route("/api/v1/ledger/{index}", get(entry))
        .route("/api/v1/ledger/{index}/envelope", get(envelope))
        .route("/api/v1/ledger/{index}/proof", get(proof))
        .route("/api/v1/trust", get(trust))
        .route("/api/v1/artifacts/{digest}", get(artifact))
}

/// Filters and page of a list of entries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntryQuery {
    /// Only this project.
    pub(crate) project: Option<String>,
    /// Only this run.
    pub(crate) run: Option<String>,
    /// Only this kind: `run`, `provenance`, `sbom`, `scan`, `test`, `trace`, `decision`, `exception`,
    /// `deployment`, `receipt`, `feed`, `other`.
    pub(crate) kind: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(crate) limit: u32,
}

impl EntryQuery {
    pub(crate) async fn answer(&self, app: &App) -> Result<Page<StatementView>, Refusal> {
        let filter = StatementFilter {
            project: given(&self.project),
            run: one_of("run", &self.run, |text| text.parse().ok())?,
            kind: given(&self.kind),
        };
        Ok(app.store.statements(&filter, &paged!(self)).await?)
    }
}

/// Ledger entries, newest first.
#[utoipa::path(get, path = "/api/v1/ledger", params(EntryQuery),
    responses((status = 200, body = Page<StatementView>)))]
pub(super) async fn entries(
    State(app): State<Arc<App>>,
    Query(query): Query<EntryQuery>,
) -> Result<Json<Page<StatementView>>, Refusal> {
    Ok(Json(query.answer(&app).await?))
}

/// What is known of the entry at an index.
#[utoipa::path(get, path = "/api/v1/ledger/{index}", params(("index" = u64, Path)),
    responses((status = 200, body = StatementView), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn entry(
    State(app): State<Arc<App>>,
    Path(index): Path<u64>,
) -> Result<Json<StatementView>, Refusal> {
    app.store.statement(index).await?.map(Json).ok_or_else(|| Refusal::not_found("ledger entry"))
}

/// The signed envelope (DSSE) at an index, byte for byte. It never changes.
#[utoipa::path(get, path = "/api/v1/ledger/{index}/envelope", params(("index" = u64, Path)),
    responses((status = 200, content_type = "application/vnd.dsse.envelope.v1+json", body = Object),
        (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn envelope(
    State(app): State<Arc<App>>,
    Path(index): Path<u64>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let bytes = app.ask(move |backend| backend.envelope(index)).await?;
    let bytes = bytes.ok_or_else(|| Refusal::not_found("ledger entry"))?;
    let tag = format!("\"{}\"", Sha256::of(&bytes).hex());
    Ok(tagged(&headers, &tag, FOREVER, "application/vnd.dsse.envelope.v1+json", bytes))
}

/// The proof that the entry at an index is in the ledger, under the newest checkpoint.
#[utoipa::path(get, path = "/api/v1/ledger/{index}/proof", params(("index" = u64, Path)),
    responses((status = 200, body = InclusionProof), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn proof(
    State(app): State<Arc<App>>,
    Path(index): Path<u64>,
) -> Result<Json<InclusionProof>, Refusal> {
    let proof = app.ask(move |backend| backend.inclusion_proof(index)).await?;
    let hint = "a checkpoint that covers it may not be signed yet";
    proof.map(Json).ok_or_else(|| Refusal::not_found("proof").with_hint(hint))
}

/// The newest signed checkpoint (C2SP tlog-checkpoint).
#[utoipa::path(get, path = "/api/v1/ledger/checkpoint",
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn checkpoint(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let text = app.ask(|backend| backend.checkpoint()).await?;
    let text = text.ok_or_else(|| Refusal::not_found("checkpoint"))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The trust file: the keys and the log that everything here verifies under.
#[utoipa::path(get, path = "/api/v1/trust",
    responses((status = 200, content_type = "application/json", body = Object),
        (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn trust(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Refusal> {
    let bytes = app.ask(|backend| backend.trust()).await?;
    let bytes = bytes.ok_or_else(|| Refusal::not_found("trust file"))?;
    let tag = format!("\"{}\"", Sha256::of(&bytes).hex());
    Ok(tagged(&headers, &tag, "no-cache", "application/json", bytes))
}

/// What is known of a digest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArtifactAnswer {
    /// Where it was made.
    pub(crate) made: Vec<ArtifactView>,
    /// Statements about it, oldest first, at most 1,000.
    pub(crate) statements: Vec<StatementView>,
}

/// Where an artifact was made, and every statement about it.
#[utoipa::path(get, path = "/api/v1/artifacts/{digest}", params(("digest" = String, Path)),
    responses((status = 200, body = ArtifactAnswer), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn artifact(
    State(app): State<Arc<App>>,
    Path(digest): Path<Sha256>,
) -> Result<Json<ArtifactAnswer>, Refusal> {
    let answer = ArtifactAnswer {
        made: app.store.artifact(digest).await?,
        statements: app.store.statements_about(&digest.hex()).await?,
    };
    match answer.made.is_empty() && answer.statements.is_empty() {
        true => Err(Refusal::not_found("artifact")),
        false => Ok(Json(answer)),
    }
}
