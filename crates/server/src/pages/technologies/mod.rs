//! The technology catalogue: the radar with its list, what is used against it, and each entry with its evaluation,
//! votes and signatures.

mod entry;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use govern::catalogue::{
    Enforcement, Found, Progress, Quadrant, Ring, State as Standing, Technology,
    export::{Form, export},
    identify,
};
use serde::Deserialize;

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Query, extract::one},
    html::{self, Tone},
    problem::Refusal,
    radar::Radar,
    state::App,
    text,
};

pub(super) use entry::{assess, one as entry, sign};

/// Title of the radar and of its exports.
const TITLE: &str = "Technologies";
/// Rows of a table of what is used and not wanted.
const MOST_ROWS: usize = 200;

/// What the installation knows.
pub(super) async fn radar(app: &App) -> Result<Arc<Radar>, Refusal> {
    app.ask(|backend| backend.radar()).await
}

fn ring(ring: &Ring) -> html::Markup {
    let tone = match ring {
        Ring::Adopt => Tone::Good,
        Ring::Trial => Tone::Live,
        Ring::Assess => Tone::Idle,
        Ring::Hold => Tone::Bad,
    };
    html::toned(ring.name(), tone)
}

fn standing(state: &Standing) -> html::Markup {
    let tone = match state {
        Standing::Effective => Tone::Good,
        Standing::Pending | Standing::Incomplete => Tone::Warn,
        _ => Tone::Bad,
    };
    html::toned(state.word(), tone)
}

fn progress(progress: &Progress) -> html::Markup {
    let tone = match progress {
        Progress::Met => Tone::Good,
        Progress::Open => Tone::Warn,
        Progress::Missed => Tone::Bad,
    };
    html::toned(progress.word(), tone)
}

#[derive(Template)]
#[template(path = "technologies/page.html")]
struct Technologies {
    frame: Frame,
    radar: Arc<Radar>,
    held: Enforcement,
    /// What is used and in no entry, or everything when there is no catalogue.
    found: Vec<Found>,
    quadrant: Option<Quadrant>,
    ring: Option<Ring>,
    /// They see every project: only then unused entries and objectives mean anything.
    all: bool,
}

impl Technologies {
    fn entries(&self) -> Vec<&Technology> {
        let wanted = |entry: &&Technology| {
            self.quadrant.is_none_or(|quadrant| entry.quadrant == quadrant)
                && self.ring.is_none_or(|ring| entry.ring == ring)
        };
        let mut entries: Vec<_> = self.radar.catalogue.technologies.iter().filter(wanted).collect();
        entries.sort_by(|a, b| (a.quadrant, a.ring, &a.name).cmp(&(b.quadrant, b.ring, &b.name)));
        entries
    }

    fn users(&self, entry: &Technology) -> usize {
        self.held.users.get(&entry.name).map_or(0, std::collections::BTreeSet::len)
    }

    fn misuses(&self, entry: &Technology) -> usize {
        self.held.misused.iter().filter(|one| one.technology.as_ref() == Some(&entry.name)).count()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    quadrant: Option<String>,
    ring: Option<String>,
}

/// `GET /technologies`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let quadrant = one("quadrant", &wanted.quadrant, Quadrant::from_name)?;
    let ring = one("ring", &wanted.ring, Ring::from_name)?;
    let radar = radar(&app).await?;
    let visible = who.projects(&app).await?;
    let held = radar.held(visible.as_deref(), &*app.organisation().await?, app.clock.now());
    let seen = |name: &String| visible.as_ref().is_none_or(|names| names.contains(name));
    let found = match radar.catalogue.technologies.is_empty() {
        true => {
            identify(&radar.inventories.iter().filter(|one| seen(&one.project)).cloned().collect::<Vec<_>>())
        }
        false => vec![],
    };
    let frame = Frame::new(&app, "/technologies");
    show(&Technologies { frame, radar, held, found, quadrant, ring, all: visible.is_none() })
}

async fn exported(app: &App, form: Form, kind: &'static str, ending: &str) -> Result<Response, Refusal> {
    let radar = radar(app).await?;
    if radar.catalogue.technologies.is_empty() {
        return Err(Refusal::not_found("catalogue yet"));
    }
    let name = format!("attachment; filename=\"technologies.{ending}\"");
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, export(&radar.catalogue, form, TITLE)).into_response())
}

/// `GET /technologies.json`.
pub(super) async fn json(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    exported(&app, Form::Json, "application/json", "json").await
}

/// `GET /technologies.csv`.
pub(super) async fn csv(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    exported(&app, Form::Csv, "text/csv; charset=utf-8", "csv").await
}

/// `GET /technologies.md`.
pub(super) async fn markdown(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    exported(&app, Form::Markdown, "text/markdown; charset=utf-8", "md").await
}

/// `GET /technologies.svg`.
pub(super) async fn svg(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    exported(&app, Form::Svg, "image/svg+xml", "svg").await
}
