//! The JSON API, version 1: fields and routes are added, never changed.

pub(crate) mod assurance;
pub(crate) mod controls;
pub(crate) mod delivery;
pub(crate) mod extract;
pub(crate) mod findings;
pub(crate) mod ledger;
mod openapi;
mod people;
pub(crate) mod portfolio;
mod projects;
pub(crate) mod runs;
pub(crate) mod sboms;
mod shapes;

pub(crate) use extract::{Form, FormWithFiles, Path, Query};

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::state::App;

/// All routes of the API.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(projects::routes())
        .merge(runs::routes())
        .merge(findings::routes())
        .merge(portfolio::routes())
        .merge(assurance::routes())
        .merge(controls::routes())
        .merge(delivery::routes())
        .merge(ledger::routes())
        .merge(sboms::routes())
        .merge(people::routes())
        .route("/api/v1/openapi.json", get(openapi::document))
}
