//! All projects at one glance.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use serde::Deserialize;
use store::{
    StatementFilter,
    views::{PageRequest, ProjectView, StatementView},
};

use super::{frame::Frame, show, trend::Picture};
use crate::{
    access::Principal,
    api::{Query, extract::given},
    html,
    problem::Refusal,
    state::App,
    text,
};

/// Projects of one page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "overview/page.html")]
struct Overview {
    frame: Frame,
    text: String,
    projects: Vec<ProjectView>,
    shown: usize,
    next: Option<String>,
    trend: Option<Picture>,
    recent: Vec<StatementView>,
}

/// What the list shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectQuery {
    /// Text in the name.
    text: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// `GET /`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<ProjectQuery>,
) -> Result<Response, Refusal> {
    let visible = who.projects(&app).await?;
    let (text, request) = (given(&query.text), PageRequest { after: given(&query.after), limit: PAGE });
    let projects = app.store.project_page(text.as_deref(), visible.as_deref(), &request).await?;
    let mut recent = app.store.statements(&StatementFilter::default(), &PageRequest::first(8)).await?;
    let mut trend = Picture::new(app.store.trend(None, 60, app.clock.now()).await?);
    if visible.is_some() {
        recent.items.retain(|entry| entry.project.as_ref().is_some_and(|project| who.sees(project)));
        // It would add up what may not be seen.
        trend = None;
    }
    let next = projects
        .next
        .map(|next| format!("/{}", text::query([("text", text.as_deref()), ("after", Some(next.as_str()))])));
    let (shown, projects) = (projects.items.len(), projects.items);
    let text = text.unwrap_or_default();
    show(&Overview { frame: Frame::new(&app, "/"), text, projects, shown, next, trend, recent: recent.items })
}
