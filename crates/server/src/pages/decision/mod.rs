//! A gate's decision: every rule, what it looked at, and why it said what it said.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use model::evidence::Outcome;
use store::views::{DecisionView, StatementView};

use super::{frame::Frame, show};
use crate::{
    api::Path,
    html::{self, Tone},
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "decision/page.html")]
struct Decision {
    frame: Frame,
    decision: DecisionView,
    /// Each input with the ledger entry it is, where it is in this ledger.
    inputs: Vec<(String, Option<StatementView>)>,
}

impl Decision {
    fn tone(&self) -> &'static str {
        Tone::of(text::outcome(&self.decision.outcome)).class()
    }

    fn sentence(&self) -> String {
        let rules = &self.decision.verdict.rules;
        let count = |wanted| rules.iter().filter(|rule| rule.outcome == wanted).count();
        let (denied, warned) = (count(Outcome::Deny), count(Outcome::Warn));
        let (all, environment) = (rules.len(), &self.decision.environment);
        match self.decision.outcome {
            Outcome::Deny => format!("Refused for {environment}: {denied} of {all} rules stand in the way."),
            Outcome::Warn => format!("Let into {environment}, with a warning by {warned} of {all} rules."),
            Outcome::Pass => format!("Let into {environment}: all {all} rules pass."),
        }
    }
}

/// `GET /decisions/{index}`.
pub(super) async fn page(State(app): State<Arc<App>>, Path(index): Path<u64>) -> Result<Response, Refusal> {
    let decision = app.store.decision(index).await?.ok_or_else(|| Refusal::not_found("decision"))?;
    let mut inputs = Vec::new();
    for input in decision.inputs.iter().take(200) {
        let digest = input.sha256_digest();
        let entry = match digest {
            Some(digest) => app.store.statement_by_envelope(digest).await?,
            None => None,
        };
        inputs.push((digest.map(|digest| digest.hex()).unwrap_or_else(|| input.name.clone()), entry));
    }
    let mut decision = decision;
    // What stands in the way comes first.
    decision.verdict.rules.sort_by_key(|rule| std::cmp::Reverse(rule.outcome));
    show(&Decision { frame: Frame::new(&app, "/deployments"), decision, inputs })
}
