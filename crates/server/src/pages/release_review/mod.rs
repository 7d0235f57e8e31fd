//! One release review: the document for people who decide, how it stands and why, and their answers.

mod cards;
pub(super) mod list;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use govern::{organisation::Permission, release_review::State as Stand};
use model::{
    Role,
    predicate::{ReleaseReview, ReviewVerdict},
};
use serde::Deserialize;

use super::{frame::Frame, portfolio::card::Card, show};
use crate::{
    access::Principal,
    act::Act,
    api::{Form, Path},
    backend::ReviewPaper,
    html::{self, Tone},
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "release_review/page.html")]
struct Page {
    frame: Frame,
    paper: ReviewPaper,
    cards: Vec<Card>,
    may_comment: bool,
    /// Roles that whoever asks can answer for.
    roles: Vec<Role>,
    typed: Typed,
    /// The form that could not be taken, and why.
    mistake: Option<(&'static str, String)>,
}

impl Page {
    async fn new(app: &App, who: &Principal, index: u64) -> Result<Self, Refusal> {
        let paper = paper(app, index).await?;
        let review = &paper.put.review;
        Ok(Self {
            frame: Frame::new(app, "/reviews/releases"),
            cards: cards::all(&paper.document),
            may_comment: who.rights.may(Permission::Comment, Some(&review.project)),
            roles: signable(who, review),
            typed: Typed::default(),
            mistake: None,
            paper,
        })
    }

    fn why_not(&self, form: &str) -> Option<&str> {
        self.mistake.as_ref().filter(|(of, _)| *of == form).map(|(_, why)| why.as_str())
    }

    /// Whether a signature would be taken.
    fn open(&self) -> bool {
        !matches!(self.paper.standing.state, Stand::Void | Stand::Expired | Stand::Released)
    }
}

/// Tone of a state.
fn tone(state: Stand) -> Tone {
    match state {
        Stand::Signed | Stand::Released => Tone::Good,
        Stand::Waiting => Tone::Warn,
        Stand::Rejected | Stand::Void | Stand::Expired => Tone::Bad,
    }
}

/// Tone of what somebody said.
fn said(verdict: ReviewVerdict) -> &'static str {
    match verdict {
        ReviewVerdict::Sign => Tone::Good.class(),
        ReviewVerdict::Reject => Tone::Bad.class(),
        _ => "",
    }
}

/// Roles that somebody can answer a review for: those that it asks and that they have.
fn signable(who: &Principal, review: &ReleaseReview) -> Vec<Role> {
    let project = Some(review.project.as_str());
    if !who.rights.may(Permission::Sign, project) {
        return vec![];
    }
    who.rights.roles(project).into_iter().filter(|role| review.roles.contains(role)).collect()
}

async fn paper(app: &App, index: u64) -> Result<ReviewPaper, Refusal> {
    let found = app.ask(move |backend| backend.release_review(index)).await?;
    found.ok_or_else(|| Refusal::not_found("release review"))
}

/// `GET /reviews/releases/{index}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(index): Path<u64>,
) -> Result<Response, Refusal> {
    show(&Page::new(&app, &who, index).await?)
}

/// `GET /reviews/releases/{index}/pdf`.
pub(super) async fn pdf(State(app): State<Arc<App>>, Path(index): Path<u64>) -> Result<Response, Refusal> {
    let paper = paper(&app, index).await?;
    let bytes = app.ask(move |backend| backend.release_review_pdf(&paper)).await?;
    let name = format!("inline; filename=\"release-review-{index}.pdf\"");
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("inline"));
    let kind = HeaderValue::from_static("application/pdf");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
}

/// What can be typed into the forms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    role: String,
    text: String,
}

/// `POST /reviews/releases/{index}/comment`.
pub(super) async fn comment(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(index): Path<u64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    answer(&app, &who, index, ReviewVerdict::Comment, typed).await
}

/// `POST /reviews/releases/{index}/sign`.
pub(super) async fn sign(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(index): Path<u64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    answer(&app, &who, index, ReviewVerdict::Sign, typed).await
}

/// `POST /reviews/releases/{index}/reject`.
pub(super) async fn reject(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(index): Path<u64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    answer(&app, &who, index, ReviewVerdict::Reject, typed).await
}

async fn answer(
    app: &App,
    who: &Principal,
    index: u64,
    verdict: ReviewVerdict,
    typed: Typed,
) -> Result<Response, Refusal> {
    let role = typed.role.parse::<Role>().ok().filter(|_| verdict != ReviewVerdict::Comment);
    let project = paper(app, index).await?.put.review.project;
    let by = who.by(Some(&project));
    let act = Act::ReleaseReview { review: index, verdict, role, text: text::typed(&typed.text), by };
    match app.act(act).await? {
        Ok(_) => Ok(Redirect::to(&format!("/reviews/releases/{index}")).into_response()),
        Err(why) => {
            let page = Page::new(app, who, index).await?;
            let mistake = Some((verdict.name(), why));
            let body = Page { typed, mistake, ..page }.render()?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(body)).into_response())
        }
    }
}
