//! All projects at one glance.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use store::{
    StatementFilter,
    views::{PageRequest, ProjectView, StatementView},
};

use super::{frame::Frame, show, trend::Picture};
use crate::{access::Principal, html, problem::Refusal, state::App, text};

#[derive(Template)]
#[template(path = "overview/page.html")]
struct Overview {
    frame: Frame,
    projects: Vec<ProjectView>,
    trend: Option<Picture>,
    recent: Vec<StatementView>,
}

/// `GET /`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
) -> Result<Response, Refusal> {
    let mut projects = app.store.projects().await?;
    let mut recent = app.store.statements(&StatementFilter::default(), &PageRequest::first(8)).await?;
    let mut trend = Picture::new(app.store.trend(None, 60, app.clock.now()).await?);
    if who.visible([]).is_some() {
        projects.retain(|project| who.sees(&project.name));
        recent.items.retain(|entry| entry.project.as_ref().is_some_and(|project| who.sees(project)));
        // It would add up what may not be seen.
        trend = None;
    }
    show(&Overview { frame: Frame::new(&app, "/"), projects, trend, recent: recent.items })
}
