//! What people say about a finding: a judgement, whose it is, a remark, a risk that is accepted until a day.
//!
//! Each is a statement of its own. What cannot be taken shows the page again with what was typed.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use model::{
    FindingId, Predicate, Statement, Subject, Timestamp,
    predicate::{Exception, Triage, TriageState},
};
use serde::Deserialize;
use store::views::{FindingView, PageRequest};

use super::{Finding, finding};
use crate::{
    access::Principal,
    api::{Form, Path, extract::day},
    problem::Refusal,
    state::App,
    text,
};

/// Longest time for which a risk can be accepted, in seconds.
pub(super) const LONGEST: i64 = 366 * 86_400;

/// Everything that can be typed into the forms of a finding.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages) struct Typed {
    pub(super) stream: Option<u64>,
    pub(super) state: String,
    pub(super) of: String,
    pub(super) reason: String,
    pub(super) assignee: String,
    pub(super) comment: String,
    pub(super) until: String,
    pub(super) environment: String,
}

/// Who says it, and about what.
struct Saying {
    app: Arc<App>,
    who: Arc<Principal>,
    finding: FindingView,
    typed: Typed,
}

/// What is wrong with what was typed, as one sentence.
type Mistake = String;

impl Saying {
    async fn new(
        app: Arc<App>,
        who: Arc<Principal>,
        (project, id): (String, FindingId),
        typed: Typed,
    ) -> Result<Self, Refusal> {
        let detail = app.store.finding(&project, id, typed.stream).await?;
        let finding = detail.ok_or_else(|| Refusal::not_found("finding"))?.finding;
        Ok(Self { app, who, finding, typed })
    }

    /// An act of triage that says nothing yet.
    fn nothing(&self) -> Triage {
        Triage {
            project: self.finding.project.clone(),
            finding: self.finding.id,
            state: None,
            duplicate_of: None,
            reason: None,
            seen: None,
            assignee: None,
            comment: None,
            by: self.who.by(Some(&self.finding.project)),
            at: self.app.clock.now(),
        }
    }

    /// Records an act of triage, or shows what is wrong with it in one of the forms.
    async fn say(self, form: &'static str, act: Result<Triage, Mistake>) -> Result<Response, Refusal> {
        let act = act.and_then(|act| match act.mistake() {
            Some(mistake) => Err(mistake),
            None => Ok(act),
        });
        match act {
            Ok(act) => self.record("finding", &act).await,
            Err(mistake) => self.again(form, &mistake).await,
        }
    }

    async fn record<P: Predicate>(self, subject: &str, said: &P) -> Result<Response, Refusal> {
        let subject = Subject::sha256(subject, self.finding.id.0);
        let statement = Statement::new(vec![subject], said).map_err(std::io::Error::other)?;
        self.app.record(statement).await?;
        let FindingView { project, id, stream, .. } = &self.finding;
        let address = format!("/projects/{}/findings/{id}?stream={stream}", text::url(project));
        Ok(Redirect::to(&address).into_response())
    }

    async fn again(self, form: &'static str, mistake: &str) -> Result<Response, Refusal> {
        let at = (self.finding.project.clone(), self.finding.id);
        let page = finding(&self.app, &self.who, at, self.typed.stream).await?;
        let mut typed = self.typed;
        if form != "assign" {
            // Another form does not have the name, and must not take the finding from whom it is with.
            typed.assignee = page.typed.assignee.clone();
        }
        let page = Finding { typed, mistake: Some((form, text::sentence(mistake))), ..page };
        let body = askama::Template::render(&page)?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(body)).into_response())
    }

    /// The finding that this one repeats.
    async fn other(&self) -> Result<Result<FindingId, Mistake>, Refusal> {
        let typed = self.typed.of.trim();
        let mut found: Vec<FindingId> = Vec::new();
        // A few digits could be many findings.
        if typed.len() >= 8 {
            let all = self.app.store.findings_by_prefix(typed, 100).await?;
            found = all.into_iter().filter(|f| f.project == self.finding.project).map(|f| f.id).collect();
            found.dedup();
        }
        Ok(match found.as_slice() {
            [one] => Ok(*one),
            [] => Err("give at least 8 digits of the identity of a finding of this project".to_owned()),
            _ => Err("several findings begin so: give more digits of the identity".to_owned()),
        })
    }

    /// The exception that was typed.
    fn exception(&self, environments: &BTreeSet<String>) -> Result<Exception, Mistake> {
        let at = self.app.clock.now();
        let reason = text::typed(&self.typed.reason);
        if reason.chars().count() < Triage::SHORTEST_REASON {
            return Err(format!("the reason must have at least {} characters", Triage::SHORTEST_REASON));
        }
        if reason.chars().count() > Triage::LONGEST_TEXT {
            return Err(format!("the reason is longer than {} characters", Triage::LONGEST_TEXT));
        }
        let environment = Some(self.typed.environment.clone()).filter(|name| !name.is_empty());
        if environment.as_ref().is_some_and(|name| !environments.contains(name)) {
            return Err("this project has no such environment".to_owned());
        }
        Ok(Exception {
            project: self.finding.project.clone(),
            finding: Some(self.finding.id),
            rule: None,
            environment,
            reason,
            by: self.who.by(Some(&self.finding.project)),
            at,
            expires: end_of(&self.typed.until, at)?,
        })
    }
}

/// The last second of a day; after now, and at most a year away.
fn end_of(typed: &str, now: Timestamp) -> Result<Timestamp, Mistake> {
    let start = day("until", &Some(typed.trim().to_owned())).ok().flatten();
    let end = start.and_then(|start| Timestamp::from_second(start.as_second() + 86_399).ok());
    match end.map(|end| (end, end.as_second() - now.as_second())) {
        None => Err("say until which day, as 2026-11-23".to_owned()),
        Some((_, ..=0)) => Err("the day is not in the future".to_owned()),
        Some((_, left)) if left > LONGEST => Err("the day is more than a year away".to_owned()),
        Some((end, _)) => Ok(end),
    }
}

/// Environments that something was deployed to or decided about.
pub(super) async fn environments(app: &App, project: &str) -> Result<BTreeSet<String>, Refusal> {
    let deployed = app.store.environments(Some(project)).await?;
    let decided = app.store.decisions(Some(project), None, &PageRequest::first(PageRequest::MOST)).await?;
    let mut all: BTreeSet<String> = deployed.into_iter().map(|one| one.environment).collect();
    all.extend(decided.items.into_iter().map(|decision| decision.environment));
    Ok(all)
}

type Place = Path<(String, FindingId)>;

/// `POST /projects/{project}/findings/{id}/triage`.
pub(in crate::pages) async fn triage(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(place): Place,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let saying = Saying::new(app, who, place, typed).await?;
    let mut act = saying.nothing();
    act.state = TriageState::from_name(&saying.typed.state);
    act.reason = Some(text::typed(&saying.typed.reason));
    let FindingView { severity, cwe, place, .. } = &saying.finding;
    act.seen = Some(model::identity::substance(*severity, cwe, place));
    let mut said = match act.state {
        None => Err("choose a judgement".to_owned()),
        Some(_) => Ok(act),
    };
    if saying.typed.state == TriageState::DuplicateOf.name() {
        let other = saying.other().await?;
        said = said.and_then(|act| Ok(Triage { duplicate_of: Some(other?), ..act }));
    }
    saying.say("triage", said).await
}

/// `POST /projects/{project}/findings/{id}/assign`; an empty name: to nobody.
pub(in crate::pages) async fn assign(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(place): Place,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let saying = Saying::new(app, who, place, typed).await?;
    let assignee = Some(saying.typed.assignee.trim().to_owned());
    let said = match assignee.as_deref() == Some(saying.finding.assignee.as_deref().unwrap_or_default()) {
        true => Err("it is with them already".to_owned()),
        false => Ok(Triage { assignee, ..saying.nothing() }),
    };
    saying.say("assign", said).await
}

/// `POST /projects/{project}/findings/{id}/comment`.
pub(in crate::pages) async fn comment(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(place): Place,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let saying = Saying::new(app, who, place, typed).await?;
    let said = Triage { comment: Some(text::typed(&saying.typed.comment)), ..saying.nothing() };
    saying.say("comment", Ok(said)).await
}

/// `POST /projects/{project}/findings/{id}/exception`: accepts the risk until a day.
pub(in crate::pages) async fn exception(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(place): Place,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let saying = Saying::new(app, who, place, typed).await?;
    let environments = environments(&saying.app, &saying.finding.project).await?;
    match saying.exception(&environments) {
        Ok(exception) => {
            let title = saying.finding.title.clone();
            saying.record(&title, &exception).await
        }
        Err(mistake) => saying.again("exception", &mistake).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_risk_is_accepted_until_the_end_of_a_day_within_a_year() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        assert_eq!(end_of(" 2026-03-04 ", now).unwrap().to_string(), "2026-03-04T23:59:59Z");
        assert!(end_of("2027-03-04", now).is_ok());
        for wrong in ["", "2026-03-03", "2027-03-06", "04.03.2026", "2026-13-01", "9999-12-31", "-9999-01-1"]
        {
            assert!(end_of(wrong, now).is_err(), "{wrong}");
        }
    }
}
