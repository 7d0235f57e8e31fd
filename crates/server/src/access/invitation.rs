//! Accepting an invitation: a password, and a second factor that is tried once before it is needed.

use std::{net::SocketAddr, sync::Arc};

use askama::Template;
use axum::{
    Form,
    extract::{ConnectInfo, Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use model::{By, UserError as _, Via, predicate::AccessAction};
use serde::Deserialize;

use super::{
    accounts::{AccountError, Chosen},
    audit, code, guard, password,
};
use crate::{
    html::{self, Markup},
    problem::Refusal,
    state::App,
};

#[derive(Template)]
#[template(path = "invitation.html")]
struct Invitation {
    invitation: String,
    name: String,
    secret: String,
    picture: Markup,
    required: bool,
    shortest: usize,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "invited.html")]
struct Invited {
    name: String,
    recovery: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    code: String,
}

/// `GET /invitation?code=…`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    guard::patience(&app, peer)?;
    show(&app, StatusCode::OK, asked.code, None).await
}

#[derive(Deserialize)]
pub(crate) struct Given {
    invitation: String,
    password: String,
    again: String,
    #[serde(default)]
    code: String,
}

/// `POST /invitation`.
pub(crate) async fn accept(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Form(given): Form<Given>,
) -> Result<Response, Refusal> {
    guard::patience(&app, peer)?;
    let organisation = app.organisation().await?;
    let again = |why: &str| {
        show(&app, StatusCode::UNPROCESSABLE_ENTITY, given.invitation.clone(), Some(why.to_owned()))
    };
    if given.password != given.again {
        return again("The two passwords are not the same.").await;
    }
    if organisation.second_factor && given.code.trim().is_empty() {
        return again("A second factor is needed here: set up your app and type its code.").await;
    }
    let permit = Arc::clone(&app.hashing).acquire_owned().await;
    let (accounts, now) = (app.accounts.clone(), app.clock.now());
    let (invitation, password, code) = (given.invitation.clone(), given.password, given.code);
    let accepted = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        accounts.accept(&invitation, &Chosen { password: &password, code: code.trim() }, now)
    });
    let (name, recovery) = match accepted.await.map_err(std::io::Error::other)? {
        Ok(accepted) => accepted,
        Err(error @ (AccountError::Password(_) | AccountError::Code)) => {
            return again(&error.to_string()).await;
        }
        Err(error) => return Err(error.into()),
    };
    let via = if recovery.is_empty() { Via::Password } else { Via::PasswordAndCode };
    let by = By { name: name.clone(), roles: organisation.roles_of(&name, None), via };
    audit::record(&app, AccessAction::PasswordSet, &name, Some(by), Some(peer)).await?;
    Ok(Html(Invited { name, recovery }.render()?).into_response())
}

async fn show(
    app: &App,
    status: StatusCode,
    invitation: String,
    error: Option<String>,
) -> Result<Response, Refusal> {
    let (name, secret) = app.accounts.invited(&invitation, app.clock.now())?;
    let organisation = app.organisation().await?;
    let picture = html::qr_code(&code::uri(&name, "Proofhouse", &secret));
    let required = organisation.second_factor;
    let shortest = password::SHORTEST;
    let page = Invitation { invitation, name, secret, picture, required, shortest, error };
    Ok((status, Html(page.render()?)).into_response())
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        let status = match &error {
            AccountError::File(_) | AccountError::Random(_) => {
                tracing::error!(%error, "accounts");
                return Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    error.code(),
                    "accounts cannot be read now",
                );
            }
            AccountError::Invitation => StatusCode::GONE,
            AccountError::Unknown(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let refusal = Self::new(status, error.code(), error.to_string());
        match error.hint() {
            Some(hint) => refusal.with_hint(hint),
            None => refusal,
        }
    }
}
