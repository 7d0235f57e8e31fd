//! Signing in: by the link that the server printed (once), or with an access token. Signing out.

use std::{net::SocketAddr, sync::Arc};

use askama::Template;
use axum::{
    Form,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::guard;
use crate::{problem::Refusal, state::App};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    error: Option<String>,
}

/// After the link: a page that leads on by itself. A redirect would still count as coming from
/// wherever the link was followed, and the strict cookie would not be sent.
#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedIn;

#[derive(Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    token: Option<String>,
}

/// `GET /login`, and `GET /login?token=…` from the printed link.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(link): Query<Link>,
) -> Result<Response, Refusal> {
    let now = app.clock.now();
    let Some(secret) = link.token else {
        if app.sessions.is_signed_in(&headers, now) {
            return Ok(Redirect::to("/").into_response());
        }
        return form(StatusCode::OK, None);
    };
    // Failures are not counted here: another site's page could lead a browser here again and again, and
    // 256 random bits are not guessed.
    if app.sessions.use_link(&secret) {
        let cookie = app.sessions.begin(now)?;
        let body = SignedIn.render()?;
        return Ok(([(SET_COOKIE, cookie)], Html(body)).into_response());
    }
    let error = "That link was used already or belongs to an earlier start of the server.";
    form(StatusCode::UNAUTHORIZED, Some(error.to_owned()))
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    token: String,
}

/// `POST /login` with an access token.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Refusal> {
    match guard::check(&app, peer, credentials.token.trim()) {
        Ok(_) => {
            let cookie = app.sessions.begin(app.clock.now())?;
            Ok(([(SET_COOKIE, cookie)], Redirect::to("/")).into_response())
        }
        Err(refusal) => form(refusal.status, Some(refusal.sentence())),
    }
}

/// `POST /logout`.
pub(crate) async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cookie = app.sessions.end(&headers);
    ([(SET_COOKIE, cookie)], Redirect::to("/login")).into_response()
}

fn form(status: StatusCode, error: Option<String>) -> Result<Response, Refusal> {
    Ok((status, Html(SignIn { error }.render()?)).into_response())
}
