//! Which project has which scan, and how recent it is.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use model::{
    Technique,
    portfolio::{Coverage, CoverageState},
};

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Query, portfolio::CoverageQuery},
    html::{self, Tone},
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "coverage/page.html")]
struct CoveragePage {
    frame: Frame,
    query: CoverageQuery,
    rows: Vec<Coverage>,
    shown: usize,
    next: Option<String>,
}

impl CoveragePage {
    fn states(&self) -> [(&'static str, bool); 4] {
        CoverageState::ALL.map(|state| (state.name(), self.query.state.as_deref() == Some(state.name())))
    }

    fn techniques(&self) -> [(&'static str, bool); Technique::ALL.len()] {
        Technique::ALL.map(|one| (one.name(), self.query.technique.as_deref() == Some(one.name())))
    }

    fn chip(&self, state: &CoverageState) -> html::Markup {
        let tone = match state {
            CoverageState::Fresh => Tone::Good,
            CoverageState::Missing => Tone::Bad,
            CoverageState::Stale | CoverageState::Incomplete => Tone::Warn,
        };
        html::toned(state.name(), tone)
    }
}

/// `GET /coverage`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<CoverageQuery>,
) -> Result<Response, Refusal> {
    let page = query.answer(&app, &who).await?;
    let next = page.next.map(|next| {
        let filters = [
            ("project", query.project.as_deref()),
            ("technique", query.technique.as_deref()),
            ("state", query.state.as_deref()),
            ("after", Some(next.as_str())),
        ];
        format!("/coverage{}", text::query(filters))
    });
    let frame = Frame::new(&app, "/portfolio");
    show(&CoveragePage { frame, shown: page.items.len(), rows: page.items, next, query })
}
