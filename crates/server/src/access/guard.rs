//! The gate before every page and answer: who asks, and whether they may.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    RequestExt as _,
    extract::{ConnectInfo, MatchedPath, RawPathParams, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    rules::{self, Where},
    tokens::TokenInfo,
    who::{CURRENT, Principal, Who, principal},
};
use crate::{problem::Refusal, state::App};

/// Lets requests of somebody through who may do what they ask for. Whoever it is goes along with the request.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let who = match identify(&app, peer, request.headers()).await {
        Ok(Some(who)) => who,
        Ok(None) => return sign_in_first(&request),
        Err(refusal) => return refusal.into_response(),
    };
    match authorise(&app, &who, &mut request).await {
        Ok(None) => {}
        Ok(Some(elsewhere)) => return Redirect::to(&elsewhere).into_response(),
        Err(refusal) => return refusal.into_response(),
    }
    let who = Arc::new(who);
    request.extensions_mut().insert(Arc::clone(&who));
    CURRENT.scope(who, next.run(request)).await
}

/// `Some`: a page that must name a project and does not; where it does.
async fn authorise(app: &App, who: &Principal, request: &mut Request) -> Result<Option<String>, Refusal> {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    // What has no address of its own is told that it is not there, by the page for it.
    let Some(path) = path else { return Ok(None) };
    let Some(rule) = rules::find(request.method(), &path) else {
        // Told here and not by the router: a handler whose rule was forgotten stays closed.
        let methods = rules::methods(&path);
        return Err(match methods.is_empty() {
            false => Refusal::method_not_allowed(&methods),
            true => Refusal::new(StatusCode::FORBIDDEN, "forbidden", "this address is closed"),
        });
    };
    let parameters = request.extract_parts::<RawPathParams>().await;
    let parameters = parameters.map(|raw| rules::parameters(&raw)).unwrap_or_default();
    let checked = rules::check(app, who, rule, &parameters, request.uri().query()).await;
    let page = !path.starts_with("/api/") && rule.place == Where::Query && request.uri().query().is_none();
    match checked {
        Err(_) if page && who.rights.may_somewhere(rule.permission) => {
            let Some(project) = rules::first_visible(app, who).await? else { return checked.map(|()| None) };
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("project", &project)
                .finish();
            Ok(Some(format!("{}?{query}", request.uri().path())))
        }
        checked => checked.map(|()| None),
    }
}

/// Who asks; `None` for nobody.
async fn identify(app: &App, peer: SocketAddr, headers: &HeaderMap) -> Result<Option<Principal>, Refusal> {
    let Some(token) = bearer(headers) else {
        let Some(who) = app.sessions.of(headers, app.clock.now()) else { return Ok(None) };
        return principal(app, &who).await;
    };
    let who = if token.starts_with(super::token::PREFIX) || !token.contains('.') {
        Who::Token(check(app, peer, &token)?.id)
    } else {
        super::job::check(app, peer, token).await?
    };
    let found = principal(app, &who).await?;
    found.map(Some).ok_or_else(invalid)
}

/// Refuses what pages of other sites ask for by themselves.
pub(crate) async fn refuse_foreign(request: Request, next: Next) -> Response {
    if is_foreign_read(request.headers()) {
        let why = "another site's page may not read this";
        return Refusal::new(StatusCode::FORBIDDEN, "cross-site", why).into_response();
    }
    next.run(request).await
}

/// Programs are told what is missing, people are led to the sign-in page.
fn sign_in_first(request: &Request) -> Response {
    let page = *request.method() == Method::GET && !request.uri().path().starts_with("/api/");
    if page {
        return Redirect::to("/login").into_response();
    }
    let refusal =
        Refusal::new(StatusCode::UNAUTHORIZED, "token-missing", "an access token or a session is needed")
            .with_hint("send `Authorization: Bearer ph_…`; make a token with `proofhouse token create NAME`");
    ([(header::WWW_AUTHENTICATE, "Bearer")], refusal).into_response()
}

pub(super) fn invalid() -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "token-invalid", "this token is unknown, revoked or has ended")
}

/// Whoever failed too often must wait.
pub(super) fn patience(app: &App, peer: SocketAddr) -> Result<(), Refusal> {
    match app.failures.wait(peer.ip(), Instant::now()) {
        None => Ok(()),
        Some(wait) => Err(too_many(wait)),
    }
}

pub(super) fn too_many(wait: std::time::Duration) -> Refusal {
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", "too many failed attempts")
        .with_hint(format!("try again in {} seconds", wait.as_secs() + 1))
        .retry_after(wait)
}

/// Checks an access token and counts failures by address. A valid one never waits: it is not guessed (256 random bits),
/// and behind a proxy everybody has the address of whoever guesses.
pub(super) fn check(app: &App, peer: SocketAddr, token: &str) -> Result<TokenInfo, Refusal> {
    if let Some(known) = app.tokens.check(token, app.clock.now())? {
        return Ok(known);
    }
    patience(app, peer)?;
    app.failures.record(peer.ip(), Instant::now());
    Err(invalid())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// A request that a page of another site makes for itself (an image, a script, a fetch). Following a
/// link from elsewhere is a navigation and is not meant.
fn is_foreign_read(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    let foreign = is("sec-fetch-site", "cross-site") || is("sec-fetch-site", "same-site");
    foreign && !(is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document"))
}
