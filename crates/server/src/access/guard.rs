//! The gate before every page and answer: a session, or a token.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use crate::{problem::Refusal, state::App};

/// Lets requests with a living session or a valid token through.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let now = app.clock.now();
    match bearer(request.headers()) {
        Some(token) => {
            if let Err(refusal) = check(&app, peer, &token) {
                return refusal.into_response();
            }
        }
        None if app.sessions.is_signed_in(request.headers(), now) => {}
        None => return sign_in_first(&request),
    }
    next.run(request).await
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

/// Checks a token and counts failures by address. Returns its name.
pub(super) fn check(app: &App, peer: SocketAddr, token: &str) -> Result<String, Refusal> {
    let now = Instant::now();
    if let Some(wait) = app.failures.wait(peer.ip(), now) {
        return Err(Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-attempts",
            "too many failed attempts",
        )
        .with_hint(format!("try again in {} seconds", wait.as_secs() + 1))
        .retry_after(wait));
    }
    match app.tokens.check(token, app.clock.now()) {
        Ok(Some(known)) => Ok(known.name),
        Ok(None) => {
            app.failures.record(peer.ip(), now);
            Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "token-invalid",
                "this token is unknown, revoked or has ended",
            ))
        }
        Err(error) => {
            tracing::error!(%error, "tokens cannot be read");
            Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "token-file",
                "access tokens cannot be read now",
            ))
        }
    }
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
