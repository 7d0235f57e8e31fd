//! Environments and deployments of all projects.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use store::views::{DeploymentView, EnvironmentView};

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Query, delivery::DeploymentQuery, extract::given},
    html,
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "deployments/page.html")]
struct Deployments {
    frame: Frame,
    environments: Vec<EnvironmentView>,
    deployments: Vec<DeploymentView>,
    shown: usize,
    next: Option<String>,
}

/// `GET /deployments`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<DeploymentQuery>,
) -> Result<Response, Refusal> {
    let page = query.answer(&app, &who).await?;
    let next = page.next.map(|next| {
        let filters = [
            ("project", query.project.as_deref()),
            ("environment", query.environment.as_deref()),
            ("result", query.result.as_deref()),
            ("from", query.from.as_deref()),
            ("before", query.before.as_deref()),
            ("after", Some(next.as_str())),
        ];
        format!("/deployments{}", text::query(filters))
    });
    // Those of the project that is asked for, or of what the page shows: a large organisation has thousands.
    let mut projects: Vec<String> = match given(&query.project) {
        Some(project) => vec![project],
        None => page.items.iter().map(|deployment| deployment.project.clone()).collect(),
    };
    projects.sort();
    projects.dedup();
    let mut environments = app.store.environments_of(&projects).await?;
    environments.retain(|environment| who.sees(&environment.project));
    show(&Deployments {
        frame: Frame::new(&app, "/deployments"),
        environments,
        shown: page.items.len(),
        deployments: page.items,
        next,
    })
}
