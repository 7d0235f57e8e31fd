//! All projects at one glance.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use store::{
    StatementFilter,
    views::{PageRequest, ProjectView, StatementView},
};

use super::{frame::Frame, show, trend::Picture};
use crate::{html, problem::Refusal, state::App, text};

#[derive(Template)]
#[template(path = "overview/page.html")]
struct Overview {
    frame: Frame,
    projects: Vec<ProjectView>,
    trend: Option<Picture>,
    recent: Vec<StatementView>,
}

/// `GET /`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let recent = app.store.statements(&StatementFilter::default(), &PageRequest::first(8)).await?;
    show(&Overview {
        frame: Frame::new(&app, "/"),
        projects: app.store.projects().await?,
        trend: Picture::new(app.store.trend(None, 60, app.clock.now()).await?),
        recent: recent.items,
    })
}
