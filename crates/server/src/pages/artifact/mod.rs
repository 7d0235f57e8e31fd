//! What is known of one digest: who made it, and every statement about it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use model::Sha256;
use store::views::{ArtifactView, StatementView};

use super::{frame::Frame, show};
use crate::{api::Path, html, problem::Refusal, state::App, text};

#[derive(Template)]
#[template(path = "artifact/page.html")]
struct Artifact {
    frame: Frame,
    digest: Sha256,
    made: Vec<ArtifactView>,
    statements: Vec<StatementView>,
}

/// `GET /artifacts/{digest}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(digest): Path<Sha256>,
) -> Result<Response, Refusal> {
    let made = app.store.artifact(digest).await?;
    let statements = app.store.statements_about(&digest.hex()).await?;
    if made.is_empty() && statements.is_empty() {
        return Err(Refusal::not_found("artifact"));
    }
    show(&Artifact { frame: Frame::new(&app, "/runs"), digest, made, statements })
}
