//! Tokens of build systems as credentials of the API.

use std::{net::SocketAddr, time::Instant};

use axum::http::StatusCode;
use model::{Exit, predicate::AccessAction};

use super::{
    audit, guard,
    who::{Who, principal},
};
use crate::{problem::Refusal, state::App};

/// Most tokens whose first use is remembered.
const MOST: usize = 10_000;

/// Whose token it is. The first use of each token is recorded.
pub(super) async fn check(app: &App, peer: SocketAddr, token: String) -> Result<Who, Refusal> {
    guard::patience(app, peer)?;
    let organisation = app.organisation().await?;
    if organisation.workloads.is_empty() {
        app.failures.record(peer.ip(), Instant::now());
        return Err(guard::invalid());
    }
    let digest = super::token::digest(&token);
    let asked =
        app.ask(move |backend| Ok::<_, Refusal>(backend.job(token.as_bytes(), &organisation))).await?;
    let (workload, issuer, subject) = match asked {
        Ok(job) => job,
        Err(problem) if problem.exit == Exit::Environment => return Err(problem.into()),
        Err(problem) => {
            app.failures.record(peer.ip(), Instant::now());
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, problem.code, problem.message));
        }
    };
    let who = Who::Job { workload, issuer, subject };
    let first = {
        let mut seen = app.jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.clear();
        }
        seen.insert(digest)
    };
    if first && let Some(job) = principal(app, &who).await? {
        audit::record(app, AccessAction::SignedIn, &job.name, Some(job.by(None)), Some(peer)).await?;
    }
    Ok(who)
}
