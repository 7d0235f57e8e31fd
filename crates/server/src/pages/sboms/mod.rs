//! Bills of materials, and which of them contain a package.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use store::views::SbomView;

use super::{frame::Frame, show};
use crate::{
    api::{Query, sboms::SbomQuery},
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "sboms/page.html")]
struct Sboms {
    frame: Frame,
    query: SbomQuery,
    sboms: Vec<SbomView>,
    shown: usize,
    next: Option<String>,
}

/// `GET /sboms`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Query(query): Query<SbomQuery>,
) -> Result<Response, Refusal> {
    let page = query.answer(&app).await?;
    let next = page.next.map(|next| {
        let filters = [
            ("project", query.project.as_deref()),
            ("purl", query.purl.as_deref()),
            ("after", Some(next.as_str())),
        ];
        format!("/sboms{}", text::query(filters))
    });
    show(&Sboms {
        frame: Frame::new(&app, "/sboms"),
        shown: page.items.len(),
        sboms: page.items,
        next,
        query,
    })
}
