//! What each scanner looks at, and how its newest scan there went.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use model::Technique;
use serde::Deserialize;
use store::views::{PageRequest, StreamFilter, StreamView};

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{
        Query,
        extract::{given, one},
    },
    html,
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "scanners/page.html")]
struct Scanners {
    frame: Frame,
    query: ScannerQuery,
    streams: Vec<StreamView>,
    shown: usize,
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScannerQuery {
    project: Option<String>,
    tool: Option<String>,
    technique: Option<String>,
    #[serde(default)]
    failing: bool,
    after: Option<String>,
}

/// `GET /scanners`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<ScannerQuery>,
) -> Result<Response, Refusal> {
    let wanted = StreamFilter {
        project: given(&query.project),
        projects: who.projects(&app).await?,
        tool: given(&query.tool),
        technique: one("technique", &query.technique, Technique::from_name)?,
        failing: query.failing,
    };
    let page = PageRequest { after: given(&query.after), limit: 0 };
    let page = app.store.streams(&wanted, &page).await?;
    let next = page.next.map(|next| {
        let filters = [
            ("project", query.project.as_deref()),
            ("tool", query.tool.as_deref()),
            ("technique", query.technique.as_deref()),
            ("failing", Some("true").filter(|_| query.failing)),
            ("after", Some(next.as_str())),
        ];
        format!("/scanners{}", text::query(filters))
    });
    let frame = Frame::new(&app, "/portfolio");
    show(&Scanners { frame, shown: page.items.len(), streams: page.items, next, query })
}
