//! The components of one bill of materials.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use store::views::{ComponentView, SbomView};

use super::{frame::Frame, show};
use crate::{
    api::{Path, Query, sboms::ComponentQuery},
    html,
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "sbom/page.html")]
struct Sbom {
    frame: Frame,
    query: ComponentQuery,
    sbom: SbomView,
    components: Vec<ComponentView>,
    shown: usize,
    next: Option<String>,
}

/// `GET /sboms/{index}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(index): Path<u64>,
    Query(query): Query<ComponentQuery>,
) -> Result<Response, Refusal> {
    let sbom = app.store.sbom(index).await?.ok_or_else(|| Refusal::not_found("bill of materials"))?;
    let page = query.answer(&app, index).await?;
    let next = page.next.map(|next| {
        let filters = [("text", query.text.as_deref()), ("after", Some(next.as_str()))];
        format!("/sboms/{index}{}", text::query(filters))
    });
    let frame = Frame::new(&app, "/sboms");
    show(&Sbom { frame, sbom, shown: page.items.len(), components: page.items, next, query })
}
