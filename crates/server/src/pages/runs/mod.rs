//! Runs of all projects.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use store::views::{RunStatus, RunView};

use super::{frame::Frame, show};
use crate::{
    api::{Query, runs::RunQuery},
    html,
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "runs/page.html")]
struct Runs {
    frame: Frame,
    query: RunQuery,
    runs: Vec<RunView>,
    shown: usize,
    next: Option<String>,
}

impl Runs {
    fn states(&self) -> impl Iterator<Item = (&'static str, bool)> + '_ {
        let chosen = self.query.status.as_deref();
        RunStatus::ALL.into_iter().map(move |status| (status.name(), chosen == Some(status.name())))
    }
}

/// `GET /runs`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
) -> Result<Response, Refusal> {
    let page = query.answer(&app).await?;
    let next = page.next.map(|next| {
        let filters = [
            ("project", query.project.as_deref()),
            ("status", query.status.as_deref()),
            ("branch", query.branch.as_deref()),
            ("commit", query.commit.as_deref()),
            ("after", Some(next.as_str())),
        ];
        format!("/runs{}", text::query(filters))
    });
    show(&Runs { frame: Frame::new(&app, "/runs"), shown: page.items.len(), runs: page.items, next, query })
}
