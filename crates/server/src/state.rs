//! What every handler can reach.

use std::sync::Arc;

use model::Clock;
use store::Store;
use tokio::sync::{Semaphore, watch};

use crate::{
    access::{Failures, Hosts, Sessions, tokens::TokenFile},
    backend::Backend,
    problem::Refusal,
};

/// Live logs that may be followed at the same time.
pub(crate) const MOST_STREAMS: usize = 64;

pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) sessions: Sessions,
    pub(crate) tokens: TokenFile,
    pub(crate) failures: Failures,
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
}
