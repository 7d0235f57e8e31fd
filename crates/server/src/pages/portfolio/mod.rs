//! The portfolio: what a manager, a security engineer and an auditor look at first, each figure with the
//! list that it counts.

mod assurance;
pub(super) mod card;
mod delivery;
mod links;
mod risk;

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use model::portfolio::Portfolio;
use serde::Deserialize;

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Query, extract::given, portfolio::Asked},
    problem::Refusal,
    state::App,
    text,
};
use card::{Card, Tile};

/// Who looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum View {
    #[default]
    Manager,
    Security,
    Auditor,
}

impl View {
    /// All views with address and words.
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Manager, "manager", "Management"),
        (Self::Security, "security", "Security"),
        (Self::Auditor, "auditor", "Audit"),
    ];

    /// What this person looks at first comes first.
    fn cards(self, facts: &Portfolio, frame: &Frame) -> Vec<Card> {
        match self {
            Self::Manager => vec![
                risk::trend(facts),
                delivery::gates(facts),
                risk::ages(facts),
                delivery::dora(facts),
                risk::overdue(facts),
                assurance::exceptions(facts),
            ],
            Self::Security => vec![
                risk::ages(facts),
                assurance::coverage(facts),
                risk::trend(facts),
                assurance::tools(facts, frame),
                assurance::quality(facts),
                delivery::catalogue(facts),
                assurance::exceptions(facts),
            ],
            Self::Auditor => vec![
                delivery::gates(facts),
                delivery::deployments(facts),
                assurance::exceptions(facts),
                assurance::coverage(facts),
                delivery::catalogue(facts),
                assurance::tools(facts, frame),
                risk::overdue(facts),
            ],
        }
    }
}

#[derive(Template)]
#[template(path = "portfolio/page.html")]
struct Page {
    frame: Frame,
    view: View,
    days: u32,
    projects: u64,
    tiles: Vec<Tile>,
    cards: Vec<Card>,
}

impl Page {
    fn name(&self) -> &'static str {
        View::ALL.into_iter().find(|(view, ..)| *view == self.view).map_or("", |(_, name, _)| name)
    }
}

/// Periods to choose from, in days.
const PERIODS: [u32; 4] = [14, 30, 60, 180];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    project: Option<String>,
    #[serde(default)]
    view: View,
    #[serde(default)]
    days: u32,
}

/// `GET /portfolio`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let mut asked = Asked::new(&app, &who, wanted.days).await?;
    asked.only_project(given(&wanted.project));
    let query = asked.query();
    let facts = app.store.portfolio(&query).await?;
    let frame = Frame::new(&app, "/portfolio");
    show(&Page {
        view: wanted.view,
        days: query.days,
        projects: facts.projects,
        tiles: tiles(&facts),
        cards: wanted.view.cards(&facts, &frame),
        frame,
    })
}

/// The figures at the top, the same for everybody.
fn tiles(facts: &Portfolio) -> Vec<Tile> {
    vec![
        risk::tile(facts),
        risk::overdue_tile(facts),
        delivery::gate_tile(facts),
        delivery::failure_tile(facts),
        assurance::coverage_tile(facts),
        assurance::exception_tile(facts),
    ]
}
