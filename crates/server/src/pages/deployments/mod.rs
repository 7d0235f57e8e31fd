//! Environments and deployments of all projects.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use store::views::{DeploymentView, EnvironmentView, PageRequest};

use super::{frame::Frame, show};
use crate::{api::Query, html, problem::Refusal, state::App, text};

#[derive(Template)]
#[template(path = "deployments/page.html")]
struct Deployments {
    frame: Frame,
    environments: Vec<EnvironmentView>,
    deployments: Vec<DeploymentView>,
    shown: usize,
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    project: Option<String>,
    environment: Option<String>,
    after: Option<String>,
}

/// `GET /deployments`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Query(query): Query<Filter>,
) -> Result<Response, Refusal> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (project, environment) = (given(&query.project), given(&query.environment));
    let wanted = PageRequest { after: given(&query.after), limit: 0 };
    let page = app.store.deployments(project.as_deref(), environment.as_deref(), &wanted).await?;
    let next = page.next.map(|next| {
        let filters = [
            ("project", project.as_deref()),
            ("environment", environment.as_deref()),
            ("after", Some(next.as_str())),
        ];
        format!("/deployments{}", text::query(filters))
    });
    show(&Deployments {
        frame: Frame::new(&app, "/deployments"),
        environments: app.store.environments(project.as_deref()).await?,
        shown: page.items.len(),
        deployments: page.items,
        next,
    })
}
