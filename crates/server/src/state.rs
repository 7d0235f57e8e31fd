//! What every handler can reach.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use govern::organisation::{self, Organisation};
use model::{Clock, Exit, Sha256, Statement};
use store::Store;
use tokio::sync::{Semaphore, watch};

use crate::{
    access::{Failures, Hosts, Sessions, accounts::AccountFile, provider::Pendings, tokens::TokenFile},
    act::Act,
    backend::Backend,
    controls::Reports,
    problem::Refusal,
};

/// Live logs that may be followed at the same time.
pub(crate) const MOST_STREAMS: usize = 64;
/// Passwords that are hashed at the same time; each takes 19 MiB.
pub(crate) const MOST_HASHING: usize = 4;

pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) sessions: Sessions,
    pub(crate) tokens: TokenFile,
    pub(crate) accounts: AccountFile,
    pub(crate) pendings: Pendings,
    /// Failed attempts by address.
    pub(crate) failures: Failures<IpAddr>,
    /// Failed attempts by account.
    pub(crate) locked: Failures<String>,
    pub(crate) hashing: Arc<Semaphore>,
    /// Digests of build systems' tokens that were seen.
    pub(crate) jobs: Mutex<HashSet<Sha256>>,
    /// Control reports of the newest ledger.
    pub(crate) reports: Reports,
    /// The newest organisation, with the ledger index that it is of.
    pub(crate) known: Mutex<Option<(u64, Arc<Organisation>)>>,
    pub(crate) owner: String,
    pub(crate) hosts: Hosts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tls: bool,
    pub(crate) streams: Arc<Semaphore>,
    /// Becomes true when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl App {
    /// Asks the backend on a thread that may block.
    pub(crate) async fn ask<T: Send + 'static, E: Into<Refusal> + Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Backend) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refusal> {
        let backend = Arc::clone(&self.backend);
        let answer = tokio::task::spawn_blocking(move || question(backend.as_ref())).await;
        match answer {
            Ok(answer) => answer.map_err(Into::into),
            Err(error) => Err(std::io::Error::other(error).into()),
        }
    }

    /// Records a statement and waits for it. Its ledger index.
    pub(crate) async fn record(&self, statement: Statement) -> Result<u64, Refusal> {
        self.ask(move |backend| backend.record(statement)).await
    }

    /// Does what somebody wants to do. Its ledger index, or why it makes no sense, as sentences for them.
    pub(crate) async fn act(&self, act: Act) -> Result<Result<u64, String>, Refusal> {
        let done = self.ask(move |backend| Ok::<_, Refusal>(backend.act(act))).await?;
        match done {
            Ok(index) => Ok(Ok(index)),
            Err(problem) if matches!(problem.exit, Exit::Input | Exit::Verdict) => {
                let refusal = Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, problem.code, problem.message);
                let told = problem.hint.into_iter().fold(refusal, Refusal::with_hint);
                Ok(Err(told.sentence()))
            }
            Err(problem) => Err(problem.into()),
        }
    }

    /// The organisation that holds now.
    pub(crate) async fn organisation(&self) -> Result<Arc<Organisation>, Refusal> {
        let Some(index) = self.store.organisation_index().await? else { return Ok(Arc::default()) };
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, organisation)) = known.as_ref().filter(|(at, _)| *at == index) {
                return Ok(Arc::clone(organisation));
            }
        }
        let Some(applied) = self.store.organisation().await? else { return Ok(Arc::default()) };
        let parsed = organisation::parse(applied.text.as_bytes(), "organisation.yaml");
        let organisation = Arc::new(parsed.map_err(|error| Refusal::from(model::problem::erase(&error)))?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((applied.index, Arc::clone(&organisation)));
        Ok(organisation)
    }
}
