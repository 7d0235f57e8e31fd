//! Accepted risks of all projects by their end.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use model::{Timestamp, portfolio::ExceptionTotals};
use serde::Deserialize;
use store::views::{ExceptionFilter, ExceptionView};

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{
        Query,
        extract::{given, one},
    },
    html,
    problem::Refusal,
    state::App,
    text,
};

/// Choices of the form: values and words.
const STATES: [(&str, &str); 4] = [
    ("active", "in force"),
    ("soon", "ends within 14 days"),
    ("lapsed", "ended within 30 days"),
    ("all", "all"),
];

#[derive(Template)]
#[template(path = "exceptions/page.html")]
struct Exceptions {
    frame: Frame,
    query: ExceptionQuery,
    state: &'static str,
    exceptions: Vec<ExceptionView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptionQuery {
    project: Option<String>,
    state: Option<String>,
}

/// `GET /exceptions`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<ExceptionQuery>,
) -> Result<Response, Refusal> {
    let known = |name: &str| STATES.into_iter().map(|(state, _)| state).find(|state| *state == name);
    let state = one("state", &query.state, known)?.unwrap_or("active");
    let now = app.clock.now();
    let (after, until) = bounds(state, now);
    let wanted =
        ExceptionFilter { project: given(&query.project), projects: who.projects(&app).await?, after, until };
    let exceptions = app.store.exceptions_by_end(&wanted).await?;
    show(&Exceptions { frame: Frame::new(&app, "/portfolio"), query, state, exceptions })
}

/// Ends that belong to a state: after the one, not after the other.
fn bounds(state: &str, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let days = |n: i64| Duration::from_secs(n.unsigned_abs() * 86_400);
    let soon = now.checked_add(days(ExceptionTotals::SOON_DAYS)).unwrap_or(now);
    let back = now.checked_sub(days(ExceptionTotals::LAPSED_DAYS)).unwrap_or(now);
    match state {
        "soon" => (Some(now), Some(soon)),
        "lapsed" => (Some(back), Some(now)),
        "all" => (None, None),
        _ => (Some(now), None),
    }
}
