//! One ledger entry: what it says, who signed it, and the check that it is in the ledger.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use store::views::StatementView;

use super::{frame::Frame, show};
use crate::{api::Path, backend::InclusionProof, problem::Refusal, state::App, text};

/// Longest statement that is shown whole, in bytes.
const LONGEST: usize = 256 * 1024;

#[derive(Template)]
#[template(path = "entry/page.html")]
struct Entry {
    frame: Frame,
    entry: StatementView,
    statement: Option<String>,
    cut: bool,
    keys: Vec<String>,
    proof: Result<Option<InclusionProof>, String>,
}

impl Entry {
    /// Where people look at what this entry caused.
    fn caused(&self) -> Option<(String, &'static str)> {
        let index = self.entry.index;
        let run = self.entry.run.map(|run| (format!("/runs/{run}"), "the run it belongs to"));
        match self.entry.kind.as_str() {
            "decision" => Some((format!("/decisions/{index}"), "the decision")),
            "sbom" => Some((format!("/sboms/{index}"), "its components")),
            _ => run,
        }
    }
}

/// `GET /ledger/{index}`.
pub(super) async fn page(State(app): State<Arc<App>>, Path(index): Path<u64>) -> Result<Response, Refusal> {
    let entry = app.store.statement(index).await?.ok_or_else(|| Refusal::not_found("ledger entry"))?;
    let envelope = app.ask(move |backend| backend.envelope(index)).await.unwrap_or(None);
    let proof = app.ask(move |backend| backend.inclusion_proof(index)).await;
    let (statement, keys) = envelope.as_deref().map(open).unwrap_or_default();
    let cut = statement.as_ref().is_some_and(|text| text.len() > LONGEST);
    let statement = statement.map(|text| if cut { text.chars().take(LONGEST / 4).collect() } else { text });
    show(&Entry {
        frame: Frame::new(&app, "/ledger"),
        proof: proof.map_err(|refusal| refusal.sentence()),
        entry,
        statement,
        cut,
        keys,
    })
}

/// The payload as indented JSON, and the ids of the keys that signed.
fn open(envelope: &[u8]) -> (Option<String>, Vec<String>) {
    let Ok(envelope) = serde_json::from_slice::<Value>(envelope) else { return (None, Vec::new()) };
    let payload = envelope["payload"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
    let statement = payload.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let signatures = envelope["signatures"].as_array().into_iter().flatten();
    let keys = signatures.filter_map(|signature| signature["keyid"].as_str()).map(str::to_owned).take(20);
    (statement.and_then(|value| serde_json::to_string_pretty(&value).ok()), keys.collect())
}
