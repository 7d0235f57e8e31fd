//! The digest of a time, usually a week: what is new, what was fixed, what was learned, what grows old.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use govern::awareness::digest::{Changes, Digest, Lesson, Line, digest};
use model::{FindingId, Timestamp, awareness::AwarenessFacts};
use serde::Deserialize;

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Query, extract::given},
    html,
    problem::Refusal,
    state::App,
    text,
};

/// Periods to choose from, in days.
const PERIODS: [u32; 4] = [7, 14, 30, 90];

#[derive(Template)]
#[template(path = "digest/page.html")]
struct Page {
    frame: Frame,
    digest: Digest,
    query: Wanted,
    days: u32,
    /// Teams to choose from: those with a project that may be seen.
    teams: Vec<String>,
    /// Findings by the short form of their identity.
    ids: HashMap<String, FindingId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    team: Option<String>,
    project: Option<String>,
    days: Option<u32>,
}

/// `GET /digest`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<Wanted>,
) -> Result<Response, Refusal> {
    let organisation = app.organisation().await?;
    let mut seen = app.store.project_names().await?;
    seen.retain(|project| who.sees(project));
    let teams: Vec<String> = (organisation.teams.iter())
        .filter(|(_, team)| seen.iter().any(|project| team.owns(project)))
        .map(|(name, _)| name.clone())
        .collect();
    let (team, project) = (given(&query.team), given(&query.project));
    let about = match (&team, &project) {
        (Some(_), Some(_)) => return Err(Refusal::bad_query("name a team or a project, not both")),
        (Some(name), None) => {
            let team = organisation.teams.get(name).filter(|_| teams.contains(name));
            let team = team.ok_or_else(|| Refusal::not_found("team with a project that you may see"))?;
            seen.retain(|project| team.owns(project));
            format!("team {name}")
        }
        (None, Some(name)) => {
            seen.retain(|project| project == name);
            if seen.is_empty() {
                return Err(Refusal::not_found("project"));
            }
            name.clone()
        }
        (None, None) if who.projects(&app).await?.is_none() => "all projects".to_owned(),
        (None, None) => "your projects".to_owned(),
    };
    let days = query.days.unwrap_or(7).clamp(1, 366);
    let until = app.clock.now();
    let since = Timestamp::from_second(until.as_second() - i64::from(days) * 86_400).unwrap_or(until);
    let facts = match seen.as_slice() {
        // No name would stand for all.
        [] => AwarenessFacts::default(),
        some => app.store.awareness(some, since, until).await?,
    };
    let digest = digest(&about, &facts, since, until, &organisation.service_levels);
    let ids = ids(&facts);
    show(&Page { frame: Frame::new(&app, "/guidance"), digest, query, days, teams, ids })
}

fn ids(facts: &AwarenessFacts) -> HashMap<String, FindingId> {
    let all = facts.appeared.iter().chain(&facts.fixed).chain(&facts.oldest);
    all.map(|finding| (finding.id.0.short().to_string(), finding.id)).collect()
}

impl Page {
    /// Address of a finding.
    fn to(&self, line: &Line) -> String {
        let project = text::url(&line.project);
        match self.ids.get(&line.id) {
            Some(id) => format!("/projects/{project}/findings/{id}"),
            None => format!("/findings?project={project}"),
        }
    }

    fn changes(&self) -> [(&'static str, &Changes); 2] {
        [("New", &self.digest.new), ("Fixed", &self.digest.fixed)]
    }

    /// Address of the same digest over another time.
    fn over(&self, days: &u32) -> String {
        let days = days.to_string();
        let (team, project) = (self.query.team.as_deref(), self.query.project.as_deref());
        format!("/digest{}", text::query([("team", team), ("project", project), ("days", Some(&days))]))
    }

    fn is_team(&self, name: &str) -> bool {
        self.query.team.as_deref() == Some(name)
    }
}
