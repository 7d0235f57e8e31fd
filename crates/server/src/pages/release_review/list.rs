//! Release reviews: how the newest of each environment stands, and the earlier ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use model::{Problem, Role};
use serde::Deserialize;
use store::views::{PageRequest, ReleaseReviewView};

use super::{signable, tone};
use crate::{
    access::Principal,
    api::{Query, extract::given},
    backend::ReviewPaper,
    html::{self, Markup, Tone},
    pages::{frame::Frame, show},
    problem::Refusal,
    state::App,
    text,
};

/// Most reviews that are judged for one page; each reads a part of the ledger.
const MOST_JUDGED: usize = 25;
/// Most of one project that are looked through, and most earlier ones that are listed.
const MOST: usize = 100;
/// Days before the end in which a review that waits is marked.
const SOON_DAYS: i64 = 3;

#[derive(Template)]
#[template(path = "release_review/list.html")]
struct List {
    frame: Frame,
    project: Option<String>,
    newest: Vec<Row>,
    earlier: Vec<ReleaseReviewView>,
}

/// A review and how it stands; an error: it cannot be shown that it is one.
struct Row {
    review: ReleaseReviewView,
    paper: Result<Option<ReviewPaper>, Problem>,
    /// Roles that whoever asks could sign for and nobody has.
    wanted: Vec<Role>,
}

impl Row {
    fn state(&self) -> (&'static str, Tone) {
        match &self.paper {
            Ok(Some(paper)) => (paper.standing.state.name(), tone(paper.standing.state)),
            Ok(None) => ("not found", Tone::Bad),
            Err(_) => ("not proven", Tone::Bad),
        }
    }

    fn chip(&self) -> Markup {
        let (words, tone) = self.state();
        html::toned(words, tone)
    }

    /// Why it is so, one sentence each.
    fn because(&self) -> Vec<String> {
        match &self.paper {
            Ok(Some(paper)) => paper.standing.because.iter().map(|why| text::sentence(why)).collect(),
            Ok(None) => vec![],
            Err(problem) => vec![text::sentence(&problem.message)],
        }
    }

    /// Whether somebody must be reminded: it waits, and its end is near.
    fn soon(&self, frame: &Frame) -> bool {
        let left = self.review.expires.as_second() - frame.now.as_second();
        self.state().0 == "waiting" && left < SOON_DAYS * 86_400
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pages) struct Scope {
    project: Option<String>,
}

/// `GET /reviews/releases`.
pub(in crate::pages) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(scope): Query<Scope>,
) -> Result<Response, Refusal> {
    let project = given(&scope.project);
    let (newest, earlier) = split(visible(&app, &who, project.as_deref()).await?);
    let indices: Vec<u64> = newest.iter().map(|review| review.index).collect();
    let judged = app
        .ask(move |backend| {
            let one = |index| (index, backend.release_review(index));
            Ok::<_, Refusal>(indices.into_iter().map(one).collect::<BTreeMap<_, _>>())
        })
        .await?;
    let mut judged = judged;
    let row = |review: ReleaseReviewView| {
        let paper = judged.remove(&review.index).unwrap_or(Ok(None));
        let wanted = paper.as_ref().ok().and_then(Option::as_ref).map_or(vec![], |paper| {
            let mine = signable(&who, &paper.put.review);
            mine.into_iter().filter(|role| paper.standing.missing.contains(role)).collect()
        });
        Row { review, paper, wanted }
    };
    let newest = newest.into_iter().map(row).collect();
    show(&List { frame: Frame::new(&app, "/reviews/releases"), project, newest, earlier })
}

/// Reviews of the projects that may be seen, newest first.
async fn visible(
    app: &App,
    who: &Principal,
    project: Option<&str>,
) -> Result<Vec<ReleaseReviewView>, Refusal> {
    let page = PageRequest::first(MOST as u32);
    let some = match project {
        Some(name) => Some(vec![name.to_owned()]),
        None => who.projects(app).await?,
    };
    let Some(projects) = some else {
        return Ok(app
            .store
            .release_reviews(None, None, &PageRequest::first(PageRequest::MOST))
            .await?
            .items);
    };
    let mut all = Vec::new();
    for name in projects {
        all.extend(app.store.release_reviews(Some(&name), None, &page).await?.items);
    }
    all.sort_by_key(|review| std::cmp::Reverse(review.index));
    Ok(all)
}

/// The newest of each environment, and the others.
fn split(all: Vec<ReleaseReviewView>) -> (Vec<ReleaseReviewView>, Vec<ReleaseReviewView>) {
    let mut seen = BTreeSet::new();
    let (newest, mut earlier): (Vec<_>, Vec<_>) = all.into_iter().partition(|review| {
        seen.len() < MOST_JUDGED && seen.insert((review.project.clone(), review.environment.clone()))
    });
    earlier.truncate(MOST);
    (newest, earlier)
}
