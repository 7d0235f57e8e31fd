//! Bills of materials.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use serde::Deserialize;
use store::views::{ComponentView, Page, SbomView};
use utoipa::IntoParams;

use super::{
    Path, Query,
    extract::{given, paged},
};
use crate::{problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/sboms", get(list))
        .route("/api/v1/sboms/{index}", get(one))
        .route("/api/v1/sboms/{index}/components", get(components))
}

/// Filters and page of a list of bills of materials.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SbomQuery {
    /// Only this project.
    pub(crate) project: Option<String>,
    /// Only those with this package URL (version optional); `project` is then not used.
    pub(crate) purl: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(crate) limit: u32,
}

impl SbomQuery {
    pub(crate) async fn answer(&self, app: &App) -> Result<Page<SbomView>, Refusal> {
        Ok(match given(&self.purl) {
            Some(purl) => app.store.sboms_with(&purl, &paged!(self)).await?,
            None => app.store.sboms(given(&self.project).as_deref(), &paged!(self)).await?,
        })
    }
}

/// Bills of materials, newest first.
#[utoipa::path(get, path = "/api/v1/sboms", params(SbomQuery), responses((status = 200, body = Page<SbomView>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<SbomQuery>,
) -> Result<Json<Page<SbomView>>, Refusal> {
    Ok(Json(query.answer(&app).await?))
}

/// The bill of materials at a ledger index.
#[utoipa::path(get, path = "/api/v1/sboms/{index}", params(("index" = u64, Path)),
    responses((status = 200, body = SbomView), (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(index): Path<u64>,
) -> Result<Json<SbomView>, Refusal> {
    app.store.sbom(index).await?.map(Json).ok_or_else(|| Refusal::not_found("bill of materials"))
}

/// Text and page of a list of components.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComponentQuery {
    /// Text in name or package URL.
    pub(crate) text: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(crate) limit: u32,
}

impl ComponentQuery {
    pub(crate) async fn answer(&self, app: &App, sbom: u64) -> Result<Page<ComponentView>, Refusal> {
        Ok(app.store.components(sbom, given(&self.text).as_deref(), &paged!(self)).await?)
    }
}

/// Components of a bill of materials, in its order.
#[utoipa::path(get, path = "/api/v1/sboms/{index}/components", params(("index" = u64, Path), ComponentQuery),
    responses((status = 200, body = Page<ComponentView>)))]
pub(super) async fn components(
    State(app): State<Arc<App>>,
    Path(index): Path<u64>,
    Query(query): Query<ComponentQuery>,
) -> Result<Json<Page<ComponentView>>, Refusal> {
    let none = || Refusal::not_found("bill of materials");
    app.store.sbom(index).await?.ok_or_else(none)?;
    Ok(Json(query.answer(&app, index).await?))
}
