//! One technology: evaluated on data, with what is unknown; what people think of it; who signed its entry.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    Extension, Form,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use govern::{
    catalogue::{
        Misuse, Moved, Ring, Standing, Technology,
        evaluate::{BY_PEOPLE, Criterion, Evaluation, OpinionFacts},
        history,
    },
    organisation::Permission,
};
use model::Role;
use serde::Deserialize;

use super::{Frame, radar, show};
use crate::{
    access::Principal,
    act::{Act, Opinion},
    api::Path,
    html,
    problem::Refusal,
    state::App,
    text,
};

#[derive(Template)]
#[template(path = "technologies/entry.html")]
struct Entry {
    frame: Frame,
    name: String,
    /// As the catalogue has it; absent for what is only known.
    entry: Option<Technology>,
    standing: Option<Standing>,
    /// Itself first, then its alternatives.
    evaluations: Vec<Evaluation>,
    /// Projects that may be seen and use it.
    users: BTreeSet<String>,
    misused: Vec<Misuse>,
    moves: Vec<Moved>,
    may_assess: bool,
    /// Roles of the quorum in which they can sign.
    roles: Vec<Role>,
    refused: Option<(Said, String)>,
}

impl Entry {
    async fn new(app: &App, who: &Principal, wanted: &str) -> Result<Self, Refusal> {
        let radar = radar(app).await?;
        let same = |name: &str| name.to_lowercase() == wanted.to_lowercase();
        let entry = radar.catalogue.technologies.iter().find(|entry| same(&entry.name)).cloned();
        let mut names = vec![entry.as_ref().map_or_else(|| wanted.to_owned(), |entry| entry.name.clone())];
        names.extend(entry.iter().flat_map(|entry| entry.alternatives.clone()));
        let asked = names.clone();
        let evaluations = app.ask(move |backend| Ok::<_, Refusal>(backend.evaluate(&asked))).await?;
        let evaluations = match evaluations {
            Ok(evaluations) => evaluations,
            // A name that means nothing.
            Err(problem) if problem.exit == model::Exit::Input => {
                return Err(Refusal::not_found("technology"));
            }
            Err(problem) => return Err(problem.into()),
        };
        let name = names.swap_remove(0);
        let visible = who.projects(app).await?;
        let mut held = radar.held(visible.as_deref(), &*app.organisation().await?, app.clock.now());
        held.misused.retain(|one| one.technology.as_ref().is_some_and(|of| same(of)));
        let quorum = radar.catalogue.quorum.as_ref().filter(|_| entry.is_some());
        let own = who.by(None);
        let may_sign = who.rights.may(Permission::Sign, None);
        let quorum: BTreeSet<Role> = quorum.into_iter().flat_map(|quorum| quorum.roles.clone()).collect();
        Ok(Self {
            frame: Frame::new(app, "/technologies"),
            standing: radar.standings.get(&name).cloned(),
            users: held.users.remove(&name).unwrap_or_default(),
            misused: held.misused,
            moves: history(&radar.signatures).into_iter().filter(|one| same(&one.technology)).collect(),
            may_assess: who.rights.may_somewhere(Permission::Assess),
            roles: quorum.into_iter().filter(|role| may_sign && own.has(*role)).collect(),
            evaluations,
            entry,
            name,
            refused: None,
        })
    }

    fn address(&self) -> String {
        format!("/technologies/{}", text::url(&self.name))
    }

    fn evaluation(&self) -> Option<&Evaluation> {
        self.evaluations.first()
    }

    fn opinions(&self) -> &[OpinionFacts] {
        self.evaluation().map_or(&[], |one| one.facts.opinions.as_slice())
    }

    /// Rows of the comparison: a criterion and the score of each.
    fn compared(&self) -> Vec<(String, Vec<String>)> {
        let Some(first) = self.evaluation() else { return vec![] };
        let cell = |one: &Evaluation, n: usize| one.criteria.get(n).map(score).unwrap_or_default();
        let row = |(n, criterion): (usize, &Criterion)| {
            (criterion.criterion.clone(), self.evaluations.iter().map(|one| cell(one, n)).collect())
        };
        first.criteria.iter().enumerate().map(row).collect()
    }

    fn criteria(&self) -> Vec<String> {
        let known = BY_PEOPLE.iter().map(|name| (*name).to_owned());
        known.collect()
    }

    /// What was typed into the form that was refused.
    fn typed(&self, form: &str) -> &str {
        self.refused.as_ref().filter(|(said, _)| said.what == form).map_or("", |(said, _)| &said.text)
    }
}

fn score(criterion: &Criterion) -> String {
    criterion.score.map_or_else(|| "unknown".to_owned(), |score| format!("{score:.1}"))
}

fn total(evaluation: &Evaluation) -> String {
    evaluation.total.map_or_else(|| "unknown".to_owned(), |total| format!("{total:.1} of 10"))
}

/// `GET /technologies/{name}`.
pub(in crate::pages) async fn one(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    show(&Entry::new(&app, &who, &name).await?)
}

/// What somebody says in one of the forms.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Said {
    /// The form: `vote`, `score`, `sign`.
    #[serde(default)]
    what: String,
    #[serde(default)]
    ring: String,
    #[serde(default)]
    criterion: String,
    #[serde(default)]
    score: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    text: String,
}

impl Said {
    fn words(&self) -> Option<String> {
        Some(self.text.trim().replace("\r\n", "\n")).filter(|text| !text.is_empty())
    }
}

/// `POST /technologies/{name}/assess`: a score or a vote.
pub(in crate::pages) async fn assess(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(name): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, Refusal> {
    let opinion = match said.what.as_str() {
        "vote" => Ring::from_name(&said.ring).map(Opinion::Vote),
        "score" => {
            let known = BY_PEOPLE.contains(&said.criterion.as_str());
            let score = said.score.parse::<u8>().ok().filter(|score| known && (1..=5).contains(score));
            score.map(|score| Opinion::Score(said.criterion.clone(), score))
        }
        _ => None,
    };
    let opinion = opinion
        .ok_or_else(|| Refusal::bad_query("say a ring to vote for, or a criterion with a score of 1 to 5"))?;
    let act = Act::Assess { technology: name.clone(), opinion, comment: said.words(), by: who.by(None) };
    done(&app, &who, &name, said, act).await
}

/// `POST /technologies/{name}/sign`: a signature under the entry, or its refusal.
pub(in crate::pages) async fn sign(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(name): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, Refusal> {
    let approve = match said.verdict.as_str() {
        "sign" => true,
        "refuse" => false,
        _ => return Err(Refusal::bad_query("`verdict` is `sign` or `refuse`")),
    };
    let role = said.role.parse::<Role>().map_err(|_| Refusal::bad_query("`role` is no role"))?;
    let reason = said.words();
    let act = Act::SignTechnology { technology: name.clone(), approve, role, reason, by: who.by(None) };
    done(&app, &who, &name, said, act).await
}

async fn done(app: &App, who: &Principal, name: &str, said: Said, act: Act) -> Result<Response, Refusal> {
    match app.act(act).await? {
        Ok(_) => Ok(Redirect::to(&format!("/technologies/{}", text::url(name))).into_response()),
        Err(mistake) => {
            let page = Entry { refused: Some((said, mistake)), ..Entry::new(app, who, name).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
        }
    }
}
