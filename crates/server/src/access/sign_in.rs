//! Signing in: with an account, by the link that the server printed (once), or with an access token. Signing out.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use askama::Template;
use axum::{
    Extension, Form,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{Html, IntoResponse, Redirect, Response},
};
use model::predicate::AccessAction;
use serde::Deserialize;

use super::{
    Principal,
    accounts::Shown,
    audit, guard,
    who::{Who, principal},
};
use crate::{problem::Refusal, state::App};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    error: Option<String>,
    /// Short name and title of each provider.
    providers: Vec<(String, String)>,
    accounts: bool,
}

/// A page that leads on by itself. A redirect would still count as coming from wherever the way in began, and the
/// strict cookie would not be sent.
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
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Query(link): Query<Link>,
) -> Result<Response, Refusal> {
    let Some(secret) = link.token else {
        if let Some(who) = app.sessions.of(&headers, app.clock.now())
            && principal(&app, &who).await?.is_some()
        {
            return Ok(Redirect::to("/").into_response());
        }
        return form(&app, StatusCode::OK, None).await;
    };
    // Failures are not counted here: another site's page could lead a browser here again and again, and
    // 256 random bits are not guessed.
    if app.sessions.use_link(&secret) {
        return begin(&app, &headers, peer, Who::Owner).await;
    }
    let error = "That link was used already or belongs to an earlier start of the server.";
    form(&app, StatusCode::UNAUTHORIZED, Some(error.to_owned())).await
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    #[serde(default)]
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

/// `POST /login`.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Result<Response, Refusal> {
    let who = match given.token.trim() {
        "" => account(&app, peer, given).await,
        token => guard::check(&app, peer, token).map(|known| Who::Token(known.id)),
    };
    match who {
        Ok(who) => begin(&app, &headers, peer, who).await,
        Err(refusal) => form(&app, refusal.status, Some(refusal.sentence())).await,
    }
}

/// Checks name, password and code. Whatever is wrong, the answer is the same.
async fn account(app: &Arc<App>, peer: SocketAddr, given: Credentials) -> Result<Who, Refusal> {
    let name: String = given.name.trim().to_lowercase().chars().take(64).collect();
    // Each hash takes memory and time: a few at once, the others wait their turn. Whether somebody must wait is asked
    // again when it is their turn, and the answer counts before the next turn: many at the same moment gain nothing.
    guard::patience(app, peer)?;
    if let Some(wait) = app.locked.wait(name.clone(), Instant::now()) {
        return Err(guard::too_many(wait));
    }
    let permit = Arc::clone(&app.hashing).acquire_owned().await;
    guard::patience(app, peer)?;
    let last = app.locked.attempt(name.clone(), Instant::now()).map_err(guard::too_many)?;
    let (door, asked) = (Arc::clone(app), name.clone());
    let checked = tokio::task::spawn_blocking(move || {
        let shown = door.accounts.sign_in(&asked, &given.password, given.code.trim(), door.clock.now());
        match shown {
            Ok(Some(_)) => door.locked.forgive(asked, Instant::now()),
            _ => {
                door.failures.record(peer.ip(), Instant::now());
            }
        }
        drop(permit);
        shown
    });
    match checked.await.map_err(std::io::Error::other)?? {
        Some(Shown { second, since }) => Ok(Who::Account { name, second, since }),
        None => {
            // Names that nobody has are counted, so that they answer alike, but they are not worth an entry.
            let known = app.accounts.list()?.iter().any(|account| account.name == name);
            if last && known {
                audit::record(app, AccessAction::LockedOut, &name, None, Some(peer)).await?;
            }
            let why = "name, password or code is wrong";
            Err(Refusal::new(StatusCode::UNAUTHORIZED, "sign-in-wrong", why))
        }
    }
}

/// Records the sign-in and begins a session, if whoever it is may do anything here. A session that the browser had
/// ends.
pub(super) async fn begin(
    app: &App,
    headers: &HeaderMap,
    peer: SocketAddr,
    who: Who,
) -> Result<Response, Refusal> {
    let found = principal(app, &who).await?;
    let Some(found) = found.filter(|found| !found.rights.is_empty()) else {
        let error =
            "You are known, but you have no role here. Somebody with the role admin can give you one.";
        return form(app, StatusCode::FORBIDDEN, Some(error.to_owned())).await;
    };
    audit::record(app, AccessAction::SignedIn, &found.name, Some(found.by(None)), Some(peer)).await?;
    let _ = app.sessions.end(headers);
    let cookie = app.sessions.begin(who, app.clock.now())?;
    Ok(([(SET_COOKIE, cookie)], Html(SignedIn.render()?)).into_response())
}

/// `POST /logout`.
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // The session ends whether or not that can be recorded.
    let cookie = app.sessions.end(&headers);
    audit::record(&app, AccessAction::SignedOut, &who.name, Some(who.by(None)), Some(peer)).await?;
    Ok(([(SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

pub(super) async fn form(app: &App, status: StatusCode, error: Option<String>) -> Result<Response, Refusal> {
    let organisation = app.organisation().await?;
    let providers = organisation.providers.iter().map(|p| (p.name.clone(), p.title.clone())).collect();
    let accounts = !app.accounts.list()?.is_empty();
    Ok((status, Html(SignIn { error, providers, accounts }.render()?)).into_response())
}
