//! Signing in with a provider: out to its page, and back with a code.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{ConnectInfo, Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{HOST, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};
use model::{Exit, Sha256, Timestamp};
use serde::Deserialize;

use super::{
    guard, sign_in,
    token::{self, NoRandom},
    who::Who,
};
use crate::{api::Path, problem::Refusal, state::App};

/// Seconds that somebody has at the provider's page.
const PATIENCE: i64 = 600;
/// Most sign-ins under way; beyond, the oldest end.
const MOST: usize = 20_000;

/// A sign-in under way, by the digest of a secret that only that browser has.
struct Pending {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    begun: Timestamp,
}

/// All sign-ins under way.
#[derive(Default)]
pub(crate) struct Pendings(Mutex<HashMap<Sha256, Pending>>);

impl Pendings {
    fn begin(&self, pending: Pending) -> Result<String, NoRandom> {
        let secret = token::generate()?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, one)| one.begun).map(|(key, _)| *key);
            oldest.map(|key| all.remove(&key));
        }
        all.insert(token::digest(&secret), pending);
        Ok(secret)
    }

    /// Ends the sign-in of this secret, whatever becomes of it: no answer is looked at twice.
    fn take(&self, secret: &str, now: Timestamp) -> Option<Pending> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = all.remove(&token::digest(secret))?;
        (now.as_second() - pending.begun.as_second() < PATIENCE).then_some(pending)
    }
}

/// `GET /login/with/{provider}`.
pub(crate) async fn out(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    guard::patience(&app, peer)?;
    let organisation = app.organisation().await?;
    let Some(provider) = organisation.providers.iter().find(|provider| provider.name == name).cloned() else {
        return Err(Refusal::not_found("provider"));
    };
    let [state, nonce, verifier] = [token::generate()?, token::generate()?, token::generate()?];
    let secrets = [state.clone(), nonce.clone(), verifier.clone()];
    let (network, redirect) = (organisation.network, callback(&app, &headers)?);
    let url = app.ask(move |backend| backend.provider_page(&provider, network, &redirect, secrets)).await?;
    let pending = Pending { provider: name, state, nonce, verifier, begun: app.clock.now() };
    let cookie = cookie(&app, &app.pendings.begin(pending)?, PATIENCE);
    Ok(([(SET_COOKIE, cookie)], Redirect::to(&url)).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// `GET /login/callback`.
pub(crate) async fn back(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response, Refusal> {
    let mut response = match finish(&app, peer, &headers, back).await {
        Ok(who) => sign_in::begin(&app, &headers, peer, who).await?,
        Err(refusal) => sign_in::form(&app, refusal.status, Some(refusal.sentence())).await?,
    };
    let gone = HeaderValue::from_str(&cookie(&app, "", 0)).map_err(std::io::Error::other)?;
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}

async fn finish(app: &Arc<App>, peer: SocketAddr, headers: &HeaderMap, back: Back) -> Result<Who, Refusal> {
    guard::patience(app, peer)?;
    let pending = super::session::cookie(headers, name(app))
        .and_then(|secret| app.pendings.take(secret, app.clock.now()));
    let pending = pending.filter(|pending| same(&pending.state, &back.state));
    let Some(pending) = pending else {
        return Err(wrong("this is not the answer to a sign-in of this browser, or it took too long"));
    };
    let organisation = app.organisation().await?;
    let found = organisation.providers.iter().find(|provider| provider.name == pending.provider).cloned();
    let Some(provider) = found else { return Err(wrong("this provider is not used any more")) };
    if back.iss.as_ref().is_some_and(|issuer| *issuer != provider.issuer) {
        return Err(wrong("the answer is of another provider"));
    }
    let Some(code) = back.code.filter(|_| back.error.is_none()) else {
        return Err(wrong("the provider did not sign you in"));
    };
    let (network, redirect) = (organisation.network, callback(app, headers)?);
    let issuer = provider.issuer.clone();
    let asked = app.ask(move |backend| {
        let secrets = [pending.nonce, pending.verifier];
        Ok::<_, Refusal>(backend.provider_answer(&provider, network, &redirect, &code, secrets))
    });
    match asked.await? {
        Ok((name, groups)) => Ok(Who::Person { name, groups, issuer }),
        Err(problem) if problem.exit == Exit::Environment => Err(problem.into()),
        Err(problem) => Err(wrong(&problem.message)),
    }
}

fn wrong(why: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "sign-in-provider", why).with_hint("begin again")
}

fn same(a: &str, b: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

/// Our address for answers, under the name that the browser uses; it was checked to be one of ours.
fn callback(app: &App, headers: &HeaderMap) -> Result<String, Refusal> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.ok_or_else(|| wrong("the request names no host"))?;
    Ok(format!("{}://{host}/login/callback", if app.tls { "https" } else { "http" }))
}

/// Sent along when the provider leads back, which is a navigation from another site: so not `Strict`. It opens nothing
/// by itself.
fn cookie(app: &App, value: &str, age: i64) -> String {
    let name = name(app);
    let secure = if app.tls { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}")
}

fn name(app: &App) -> &'static str {
    if app.tls { "__Host-proofhouse-provider" } else { "proofhouse-provider" }
}
