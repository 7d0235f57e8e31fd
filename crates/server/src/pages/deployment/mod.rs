//! One deployment: stages, what the target side checked, the decision behind it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use model::{DeploymentId, predicate::ReceiptPhase};
use store::views::DeploymentDetail;

use super::{frame::Frame, show};
use crate::{api::Path, html, problem::Refusal, state::App, text};

#[derive(Template)]
#[template(path = "deployment/page.html")]
struct Deployment {
    frame: Frame,
    detail: DeploymentDetail,
}

impl Deployment {
    fn phase(&self, phase: &ReceiptPhase) -> &'static str {
        match phase {
            ReceiptPhase::BeforeActivation => "before activation",
            ReceiptPhase::AfterActivation => "after activation",
        }
    }
}

/// `GET /deployments/{deployment}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<DeploymentId>,
) -> Result<Response, Refusal> {
    let detail = app.store.deployment(id).await?.ok_or_else(|| Refusal::not_found("deployment"))?;
    show(&Deployment { frame: Frame::new(&app, "/deployments"), detail })
}
