//! One project.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use govern::organisation::Permission;
use store::views::{ExceptionView, FindingFilter, FindingView, PageRequest, ProjectView, RunFilter, RunView};

use super::{frame::Frame, show, trend::Picture};
use crate::{access::Principal, api::Path, html, problem::Refusal, state::App, text};

#[derive(Template)]
#[template(path = "project/page.html")]
struct Project {
    frame: Frame,
    project: ProjectView,
    runs: Vec<RunView>,
    worst: Vec<FindingView>,
    exceptions: Vec<ExceptionView>,
    trend: Option<Picture>,
    may_enter: bool,
}

/// `GET /projects/{project}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let project = app.store.project_summary(&name).await?;
    let project = project.ok_or_else(|| Refusal::not_found("project"))?;
    let of_project = RunFilter { project: Some(name.clone()), ..RunFilter::default() };
    let open = FindingFilter { project: Some(name.clone()), ..FindingFilter::open() };
    show(&Project {
        frame: Frame::new(&app, "/"),
        runs: app.store.runs(&of_project, &PageRequest::first(8)).await?.items,
        worst: app.store.findings(&open, &PageRequest::first(8)).await?.items,
        exceptions: app.store.active_exceptions(Some(&name), app.clock.now()).await?,
        trend: Picture::new(app.store.trend(Some(&name), 60, app.clock.now()).await?),
        may_enter: who.rights.may(Permission::EnterResult, Some(&name)),
        project,
    })
}
