//! Who asks, the organisation that holds, and what happened at the door.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, routing::get};
use govern::organisation::Permission;
use model::By;
use serde::{Deserialize, Serialize};
use store::views::{AccessView, OrganisationView, Page};
use utoipa::{IntoParams, ToSchema};

use super::{
    Query,
    extract::{given, paged},
};
use crate::{access::Principal, problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/me", get(me))
        .route("/api/v1/organisation", get(organisation))
        .route("/api/v1/access", get(access))
}

/// Whoever asks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me {
    /// Name, roles in the organisation as a whole, and how they proved who they are.
    #[schema(value_type = Object)]
    #[serde(flatten)]
    by: By,
    /// What they may do in the organisation as a whole, as phrases.
    may: Vec<&'static str>,
}

/// Whoever asks, with roles and permissions.
#[utoipa::path(get, path = "/api/v1/me", responses((status = 200, body = Me)))]
pub(super) async fn me(Extension(who): Extension<Arc<Principal>>) -> Json<Me> {
    let allowed = Permission::ALL.into_iter().filter(|permission| who.rights.may(*permission, None));
    Json(Me { by: who.by(None), may: allowed.map(Permission::phrase).collect() })
}

/// The organisation's file as it was last applied.
#[utoipa::path(get, path = "/api/v1/organisation", responses((status = 200, body = OrganisationView),
    (status = 404, body = crate::problem::ProblemDocument)))]
pub(super) async fn organisation(State(app): State<Arc<App>>) -> Result<Json<OrganisationView>, Refusal> {
    let found = app.store.organisation().await?;
    found.map(Json).ok_or_else(|| Refusal::not_found("organisation yet"))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AccessQuery {
    /// Only of this account.
    account: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    limit: u32,
}

/// Sign-ins, lock-outs and changes of accounts and tokens, newest first.
#[utoipa::path(get, path = "/api/v1/access", params(AccessQuery), responses((status = 200, body = Page<AccessView>)))]
pub(super) async fn access(
    State(app): State<Arc<App>>,
    Query(query): Query<AccessQuery>,
) -> Result<Json<Page<AccessView>>, Refusal> {
    Ok(Json(app.store.access_events(given(&query.account).as_deref(), &paged!(query)).await?))
}
