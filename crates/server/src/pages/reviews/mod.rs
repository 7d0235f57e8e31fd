//! Periodic reviews: what is due, and each one with its suggestions, answered point by point and signed.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Extension, Form,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use govern::{
    organisation::Permission,
    reviews::{Answered, PointStanding, Scheduled, Standing, days, judge, schedule, signers},
};
use model::{
    Role,
    predicate::{Review, ReviewAnswer, ReviewKind, ReviewPoint, ReviewVerdict},
};
use serde::Deserialize;
use store::views::{PageRequest, ReviewAnswerView, ReviewView};

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    act::Act,
    api::Path,
    html::{self, Tone},
    problem::Refusal,
    state::App,
    text,
};

/// Reviews that are looked at for the schedule: those of some years.
const MOST_REVIEWS: u32 = 200;

/// A review with everything that was said about it.
struct Told {
    view: ReviewView,
    answers: Vec<ReviewAnswerView>,
    standing: Standing,
}

impl Told {
    async fn of(app: &App, view: ReviewView) -> Result<Self, Refusal> {
        let answers = app.store.review_answers(view.envelope).await?;
        let answered: Vec<Answered> = answers.iter().map(answered).collect();
        let standing = judge(&review(&view), &answered, app.clock.now());
        Ok(Self { view, answers, standing })
    }

    fn state(&self) -> html::Markup {
        match &self.standing {
            Standing { signed_by: Some(_), .. } => html::toned("signed", Tone::Good),
            Standing { overdue: true, .. } => html::toned("overdue", Tone::Bad),
            Standing { open: 0, .. } => html::toned("to be signed", Tone::Warn),
            _ => html::toned("open", Tone::Warn),
        }
    }
}

/// As it was recorded, as far as it is judged.
fn review(view: &ReviewView) -> Review {
    let ReviewView { kind, points, figures, unknown, assigned, by, from, at, due, .. } = view.clone();
    Review { kind, from, at, through: view.index, points, figures, unknown, assigned, due, by }
}

fn answered(view: &ReviewAnswerView) -> Answered {
    let ReviewAnswerView { index, review, project, point, verdict, role, text, by, at } = view.clone();
    Answered { index, answer: ReviewAnswer { review, project, point, verdict, role, text, by, at } }
}

fn words(kind: &ReviewKind) -> String {
    kind.name().replace('-', " ")
}

#[derive(Template)]
#[template(path = "reviews/page.html")]
struct Reviews {
    frame: Frame,
    due: Vec<Scheduled>,
    all: Vec<Told>,
    may_make: bool,
    mistake: Option<String>,
}

impl Reviews {
    async fn new(app: &App, who: &Principal) -> Result<Self, Refusal> {
        let page = PageRequest { after: None, limit: MOST_REVIEWS };
        let mut all = Vec::new();
        for view in app.store.reviews(None, &page).await?.items {
            all.push(Told::of(app, view).await?);
        }
        let said: BTreeMap<String, u32> = app.organisation().await?.reviews.clone();
        let now = app.clock.now();
        let beginning = app.store.statement(0).await?.map_or(now, |first| first.logged_at);
        let due = ReviewKind::ALL.map(|kind| {
            let known: Vec<(u64, Review, &Standing)> = all
                .iter()
                .filter(|told| told.view.kind == kind)
                .map(|told| (told.view.index, review(&told.view), &told.standing))
                .collect();
            let known: Vec<_> = known.iter().map(|(index, review, s)| (*index, review, *s)).collect();
            schedule(kind, days(kind, &said), &known, beginning, now)
        });
        let may_make = who.rights.may(Permission::Sign, None);
        Ok(Self { frame: Frame::new(app, "/reviews"), due: due.into(), all, may_make, mistake: None })
    }

    fn state(&self, one: &Scheduled) -> html::Markup {
        match (one.overdue, one.open) {
            (true, _) => html::toned("overdue", Tone::Bad),
            (false, Some(_)) => html::toned("open", Tone::Warn),
            (false, None) => html::toned("in time", Tone::Good),
        }
    }
}

/// `GET /reviews`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
) -> Result<Response, Refusal> {
    show(&Reviews::new(&app, &who).await?)
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    kind: String,
    #[serde(default)]
    assigned: String,
}

/// `POST /reviews`: generates one.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Refusal> {
    let kind = ReviewKind::from_name(&wanted.kind)
        .ok_or_else(|| Refusal::bad_query("`kind` is no kind of review"))?;
    let assigned = Some(wanted.assigned.trim().to_owned()).filter(|name| !name.is_empty());
    match app.act(Act::MakeReview { kind, assigned, by: who.by(None) }).await? {
        Ok(index) => Ok(Redirect::to(&format!("/reviews/{index}")).into_response()),
        Err(mistake) => {
            let page = Reviews { mistake: Some(mistake), ..Reviews::new(&app, &who).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
        }
    }
}

#[derive(Template)]
#[template(path = "reviews/review.html")]
struct OneReview {
    frame: Frame,
    told: Told,
    /// They may comment and assign.
    may_comment: bool,
    /// They may decide points, and sign.
    may_sign: bool,
    /// Roles of theirs that count for this kind.
    roles: Vec<Role>,
    /// A form that was refused, and why.
    refused: Option<(Reply, String)>,
}

impl OneReview {
    async fn new(app: &App, who: &Principal, index: u64) -> Result<Self, Refusal> {
        let view = app.store.review(index).await?.ok_or_else(|| Refusal::not_found("review"))?;
        let told = Told::of(app, view).await?;
        let own = who.by(None);
        let asked = signers(told.view.kind);
        let roles: Vec<Role> = asked.iter().copied().filter(|role| own.has(*role)).collect();
        Ok(Self {
            frame: Frame::new(app, "/reviews"),
            may_comment: who.rights.may(Permission::Comment, None),
            may_sign: who.rights.may(Permission::Sign, None) && !roles.is_empty(),
            roles,
            told,
            refused: None,
        })
    }

    /// Roles that are asked for this kind, as words.
    fn asked(&self) -> String {
        signers(self.told.view.kind).iter().map(|role| role.name()).collect::<Vec<_>>().join(" or ")
    }

    fn points(&self) -> impl Iterator<Item = (&ReviewPoint, &PointStanding)> {
        self.told.view.points.iter().zip(&self.told.standing.points)
    }

    fn said<'a>(&'a self, point: Option<&'a str>) -> impl Iterator<Item = &'a ReviewAnswerView> {
        self.told.answers.iter().filter(move |answer| answer.point.as_deref() == point)
    }

    /// What was typed into a form that was refused.
    fn typed(&self, point: &str, form: &str) -> &str {
        let same = |reply: &Reply| reply.point == point && (form.is_empty() || reply.verdict == form);
        self.refused.as_ref().filter(|(reply, _)| same(reply)).map_or("", |(reply, _)| &reply.text)
    }

    fn chosen(&self, point: &str, verdict: &str) -> bool {
        self.refused.as_ref().is_some_and(|(reply, _)| reply.point == point && reply.verdict == verdict)
    }

    /// Verdicts on a point that they may give, with words.
    fn verdicts(&self) -> Vec<(&'static str, &'static str)> {
        let all = [("accept", "will be done"), ("done", "was done"), ("decline", "will not be done")];
        let comment = ("comment", "only a comment");
        if self.may_sign { all.into_iter().chain([comment]).collect() } else { vec![comment] }
    }
}

fn verdict(verdict: &ReviewVerdict) -> html::Markup {
    let tone = match verdict {
        ReviewVerdict::Done | ReviewVerdict::Sign => Tone::Good,
        ReviewVerdict::Accept => Tone::Live,
        ReviewVerdict::Decline | ReviewVerdict::Reject => Tone::Warn,
        ReviewVerdict::Comment | ReviewVerdict::Assign => Tone::Idle,
    };
    html::toned(verdict.name(), tone)
}

/// `GET /reviews/{index}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(index): Path<u64>,
) -> Result<Response, Refusal> {
    show(&OneReview::new(&app, &who, index).await?)
}

/// A form of the page of a review; without a point it is about the whole.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reply {
    #[serde(default)]
    point: String,
    verdict: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    text: String,
}

/// `POST /reviews/{index}`: an answer, a comment, an assignment or a signature.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(index): Path<u64>,
    Form(reply): Form<Reply>,
) -> Result<Response, Refusal> {
    let verdict = ReviewVerdict::from_name(&reply.verdict);
    let verdict = verdict.ok_or_else(|| Refusal::bad_query("`verdict` is none that a review takes"))?;
    let open = matches!(verdict, ReviewVerdict::Comment | ReviewVerdict::Assign);
    if !open && !who.rights.may(Permission::Sign, None) {
        return Err(Refusal::forbidden(Permission::Sign));
    }
    let act = Act::AnswerReview {
        review: index,
        point: Some(reply.point.clone()).filter(|point| !point.is_empty()),
        verdict,
        role: reply.role.parse().ok(),
        // Browsers send lines as forms do.
        text: reply.text.replace("\r\n", "\n"),
        by: who.by(None),
    };
    match app.act(act).await? {
        Ok(_) => Ok(Redirect::to(&format!("/reviews/{index}")).into_response()),
        Err(mistake) => {
            let page =
                OneReview { refused: Some((reply, mistake)), ..OneReview::new(&app, &who, index).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
        }
    }
}
