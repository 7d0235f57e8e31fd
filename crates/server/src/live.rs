//! Following the log of a step while it is written, as server-sent events (WHATWG HTML section 9.2).

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::Stream;
use model::RunId;
use store::views::RunStatus;
use tokio::sync::OwnedSemaphorePermit;

use crate::{problem::Refusal, state::App, text};

/// How often a growing log is looked at.
const PACE: Duration = Duration::from_millis(400);
/// Most bytes in one event.
const MOST: usize = 64 * 1024;
/// Longest time that one stream lasts. A browser asks again by itself from where it was, and only then is looked at
/// whether it still may.
const LONGEST: Duration = Duration::from_secs(300);

struct Follower {
    app: Arc<App>,
    run: RunId,
    step: String,
    offset: u64,
    until: tokio::time::Instant,
    ended: bool,
    _permit: OwnedSemaphorePermit,
}

/// Events `log` (a JSON string of plain text, with the offset after it as id) and at last `end`.
pub(crate) fn follow(
    app: Arc<App>,
    run: RunId,
    step: String,
    offset: u64,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let permit = Arc::clone(&app.streams).try_acquire_owned().map_err(|_| {
        let why = "too many live logs are open";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", why).retry_after(PACE)
    })?;
    let until = tokio::time::Instant::now() + LONGEST;
    let follower = Follower { app, run, step, offset, until, ended: false, _permit: permit };
    let events = futures::stream::unfold(follower, |mut follower| async move {
        follower.next().await.map(|event| (Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        let mut stopping = self.app.stopping.clone();
        while !self.ended {
            // Asked before reading: what is written before the end is then read for sure.
            let over = self.is_over().await;
            if let Some(event) = self.read(over).await {
                return Some(event);
            }
            if over {
                self.ended = true;
                return Some(Event::default().event("end").data("end"));
            }
            if tokio::time::Instant::now() > self.until {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(PACE) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            }
        }
        None
    }

    /// Whether nothing more will be written: the run has ended, or this step has.
    async fn is_over(&self) -> bool {
        match self.app.store.run_summary(self.run).await {
            Ok(Some(run)) => run.status != RunStatus::Running,
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// Whole lines from the offset on; the rest too when nothing more will come.
    async fn read(&mut self, over: bool) -> Option<Event> {
        let (run, step, offset) = (self.run, self.step.clone(), self.offset);
        let chunk = self.app.ask(move |backend| backend.log(run, &step, offset, MOST)).await.ok()??;
        let lines = chunk.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole = over || lines == 0 && chunk.bytes.len() == MOST;
        let bytes = if whole { &chunk.bytes[..] } else { &chunk.bytes[..lines] };
        if bytes.is_empty() {
            return None;
        }
        self.offset = offset + bytes.len() as u64;
        let data = serde_json::to_string(&text::plain(bytes)).ok()?;
        Some(Event::default().event("log").id(self.offset.to_string()).data(data))
    }
}
