//! Oneself: roles, tokens.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use govern::organisation::Permission;
use model::{Role, Timestamp, predicate::AccessAction};
use serde::Deserialize;

use super::{frame::Frame, show};
use crate::{
    access::{
        Principal, audit,
        tokens::{TokenInfo, TokenScope},
    },
    api::Path,
    problem::Refusal,
    state::App,
};

#[derive(Template)]
#[template(path = "account/page.html")]
struct Account {
    frame: Frame,
    who: Arc<Principal>,
    roles: Vec<Role>,
    may: Vec<&'static str>,
    tokens: Vec<TokenInfo>,
    made: Option<String>,
}

fn account(app: &App, who: Arc<Principal>, made: Option<String>) -> Result<Account, Refusal> {
    let own = |token: &TokenInfo| who.account.is_some() && token.owner() == who.account.as_deref();
    Ok(Account {
        frame: Frame::new(app, "/account"),
        roles: who.rights.roles(None),
        may: Permission::ALL
            .into_iter()
            .filter(|p| who.rights.may_somewhere(*p))
            .map(Permission::phrase)
            .collect(),
        tokens: app.tokens.list()?.into_iter().filter(own).collect(),
        who,
        made,
    })
}

/// `GET /account`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
) -> Result<Response, Refusal> {
    show(&account(&app, who, None)?)
}

#[derive(Deserialize)]
pub(super) struct Made {
    name: String,
    role: String,
    #[serde(default)]
    project: String,
    days: u32,
}

/// Only people with an account have tokens here; a token cannot make another.
fn owner(who: &Principal) -> Result<&str, Refusal> {
    let why = "only somebody who signed in with an account here has tokens";
    who.account.as_deref().ok_or_else(|| {
        Refusal::new(StatusCode::FORBIDDEN, "token-owner", why).with_hint("use `proofhouse token create`")
    })
}

/// `POST /account/tokens`.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Form(given): Form<Made>,
) -> Result<Response, Refusal> {
    let owner = owner(&who)?.to_owned();
    let role = given.role.parse::<Role>().map_err(|()| Refusal::bad_query("there is no such role"))?;
    if !(1..=365).contains(&given.days) {
        return Err(Refusal::bad_query("`days` is from 1 to 365"));
    }
    let project = given.project.trim();
    let projects = if project.is_empty() { vec![] } else { vec![project.to_owned()] };
    let scope = TokenScope { roles: vec![role], projects, owner: Some(owner) };
    let now = app.clock.now();
    let end = Timestamp::from_second(now.as_second() + i64::from(given.days) * 86400).ok();
    let (info, secret) = app.tokens.create(given.name.trim(), Some(scope), end, now)?;
    audit::record(&app, AccessAction::TokenMade, &info.id, Some(who.by(None)), None).await?;
    show(&account(&app, who, Some(secret))?)
}

/// `POST /account/tokens/{token}`: revokes it.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let owner = owner(&who)?;
    if !app.tokens.revoke_where(|token| token.id == id && token.owner() == Some(owner))? {
        return Err(Refusal::not_found("token"));
    }
    audit::record(&app, AccessAction::TokenRevoked, &id, Some(who.by(None)), None).await?;
    Ok(Redirect::to("/account").into_response())
}
