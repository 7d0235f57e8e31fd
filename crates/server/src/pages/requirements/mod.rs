//! Security requirements of a project: requirement, test, last result, run, commit, state.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use model::requirement::State as Standing;
use serde::Deserialize;

use super::{frame::Frame, show};
use crate::{
    api::{Path, Query, extract::one},
    html::{self, Tone},
    problem::Refusal,
    requirements::{Demand, Demanded},
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "requirements/page.html")]
struct Requirements {
    frame: Frame,
    project: String,
    demanded: Option<Demanded>,
    state: Option<Standing>,
}

fn state(state: &Standing) -> html::Markup {
    let tone = match state {
        Standing::Passing => Tone::Good,
        Standing::Failing => Tone::Bad,
        Standing::Pending => Tone::Warn,
        Standing::Waived | Standing::NotApplicable => Tone::Idle,
    };
    html::toned(&state.name().replace('-', " "), tone)
}

impl Requirements {
    fn rows(&self) -> impl Iterator<Item = &Demand> {
        let all = self.demanded.iter().flat_map(|demanded| &demanded.rows);
        all.filter(|row| self.state.is_none_or(|state| row.standing.state == state))
    }

    fn count(&self, state: &Standing) -> usize {
        let all = self.demanded.iter().flat_map(|demanded| &demanded.rows);
        all.filter(|row| row.standing.state == *state).count()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    state: Option<String>,
}

/// `GET /projects/{project}/requirements`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(project): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let known = |name: &str| Standing::ALL.into_iter().find(|state| state.name() == name);
    let state = one("state", &wanted.state, known)?;
    let asked = project.clone();
    let demanded = app.ask(move |backend| backend.requirements(&asked)).await?;
    show(&Requirements { frame: Frame::new(&app, "/"), project, demanded, state })
}
