//! The ledger: its checkpoint and its entries.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use store::views::StatementView;

use super::{frame::Frame, show};
use crate::{
    api::{Query, ledger::EntryQuery},
    html,
    problem::Refusal,
    state::App,
    text,
};

const KINDS: [&str; 21] = [
    "run",
    "provenance",
    "sbom",
    "scan",
    "test",
    "trace",
    "decision",
    "exception",
    "deployment",
    "receipt",
    "feed",
    "key",
    "signature",
    "reproduction",
    "vulns",
    "release",
    "svr",
    "scai",
    "spdx",
    "openvex",
    "other",
];

#[derive(Template)]
#[template(path = "ledger/page.html")]
struct Ledger {
    frame: Frame,
    query: EntryQuery,
    checkpoint: Result<Option<String>, String>,
    entries: Vec<StatementView>,
    shown: usize,
    next: Option<String>,
}

impl Ledger {
    fn kinds(&self) -> impl Iterator<Item = (&'static str, bool)> + '_ {
        KINDS.into_iter().map(|kind| (kind, self.query.kind.as_deref() == Some(kind)))
    }
}

/// `GET /ledger`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Query(query): Query<EntryQuery>,
) -> Result<Response, Refusal> {
    let page = query.answer(&app).await?;
    let next = page.next.map(|next| {
        let filters = [
            ("project", query.project.as_deref()),
            ("run", query.run.as_deref()),
            ("kind", query.kind.as_deref()),
            ("after", Some(next.as_str())),
        ];
        format!("/ledger{}", text::query(filters))
    });
    // A damaged ledger must not hide its entries: the reason is shown instead of the checkpoint.
    let checkpoint = app.ask(|backend| backend.checkpoint()).await.map_err(|refusal| refusal.sentence());
    show(&Ledger {
        frame: Frame::new(&app, "/ledger"),
        checkpoint,
        shown: page.items.len(),
        entries: page.items,
        next,
        query,
    })
}
