//! Decisions of all gates, with filters.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use store::views::DecisionView;

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Query, assurance::DecisionQuery},
    html,
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "decisions/page.html")]
struct Decisions {
    frame: Frame,
    query: DecisionQuery,
    decisions: Vec<DecisionView>,
    shown: usize,
    next: Option<String>,
}

impl Decisions {
    fn is(&self, outcome: &str) -> bool {
        self.query.outcome.as_deref() == Some(outcome)
    }
}

/// `GET /decisions`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<DecisionQuery>,
) -> Result<Response, Refusal> {
    let page = query.answer(&app, &who).await?;
    let next = page.next.map(|next| {
        let filters = [
            ("project", query.project.as_deref()),
            ("environment", query.environment.as_deref()),
            ("outcome", query.outcome.as_deref()),
            ("from", query.from.as_deref()),
            ("before", query.before.as_deref()),
            ("after", Some(next.as_str())),
        ];
        format!("/decisions{}", text::query(filters))
    });
    show(&Decisions {
        frame: Frame::new(&app, "/deployments"),
        shown: page.items.len(),
        decisions: page.items,
        next,
        query,
    })
}
