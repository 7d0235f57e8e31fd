//! The portfolio: figures over all projects, and how far the scans reach.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, routing::get};
use model::{
    Technique, Timestamp,
    portfolio::{Coverage, CoverageState, Portfolio, ServiceLevels},
};
use serde::Deserialize;
use store::{
    PortfolioQuery,
    views::{Page, PageRequest},
};
use utoipa::IntoParams;

use super::{
    Query,
    extract::{given, one as one_of, paged},
};
use crate::{access::Principal, problem::Refusal, state::App};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/portfolio", get(portfolio)).route("/api/v1/coverage", get(coverage))
}

/// Techniques that every project should have; the others need a deployment or a person.
const TECHNIQUES: [Technique; 4] = [Technique::Sast, Technique::Secrets, Technique::Sca, Technique::Config];

/// A complete scan that is older is stale.
const STALE_DAYS: u32 = 30;

/// What a portfolio is asked for, with what holds for whoever asks.
pub(crate) struct Asked {
    /// Projects that whoever asks may see; `None`: all.
    projects: Option<Vec<String>>,
    levels: ServiceLevels,
    techniques: Vec<Technique>,
    now: Timestamp,
    days: u32,
}

impl Asked {
    /// `days` of 0 means 60.
    pub(crate) async fn new(app: &App, who: &Principal, days: u32) -> Result<Self, Refusal> {
        Ok(Self {
            projects: who.projects(app).await?,
            levels: app.organisation().await?.service_levels.clone(),
            techniques: TECHNIQUES.to_vec(),
            now: app.clock.now(),
            days: if days == 0 { 60 } else { days.min(400) },
        })
    }

    /// Only one of the projects; nothing when whoever asks may not see it.
    pub(crate) fn only_project(&mut self, project: Option<String>) {
        let Some(project) = project else { return };
        let seen = self.projects.as_ref().is_none_or(|projects| projects.contains(&project));
        self.projects = Some(if seen { vec![project] } else { vec![] });
    }

    /// Only one of the techniques.
    pub(crate) fn only_technique(&mut self, technique: Option<Technique>) {
        self.techniques = technique.map_or_else(|| std::mem::take(&mut self.techniques), |one| vec![one]);
    }

    /// As the store wants it.
    pub(crate) fn query(&self) -> PortfolioQuery<'_> {
        PortfolioQuery {
            projects: self.projects.as_deref(),
            now: self.now,
            days: self.days,
            service_levels: &self.levels,
            techniques: &self.techniques,
            stale_days: STALE_DAYS,
            most: 10,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PortfolioParameters {
    /// Only this project.
    project: Option<String>,
    /// Days that figures about a period go back, 1 to 400; default 60.
    #[serde(default)]
    days: u32,
}

/// Figures over all projects: risk, ages, gates, coverage, delivery, exceptions, tools, catalogue, triage.
#[utoipa::path(get, path = "/api/v1/portfolio", params(PortfolioParameters),
    responses((status = 200, body = Object)))]
pub(super) async fn portfolio(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<PortfolioParameters>,
) -> Result<Json<Portfolio>, Refusal> {
    let mut asked = Asked::new(&app, &who, query.days).await?;
    asked.only_project(given(&query.project));
    Ok(Json(app.store.portfolio(&asked.query()).await?))
}

/// Filters and page of the coverage.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CoverageQuery {
    /// Only this project.
    pub(crate) project: Option<String>,
    /// Only this technique, e.g. `sast`.
    pub(crate) technique: Option<String>,
    /// Only this state: `fresh`, `stale`, `incomplete` or `missing`.
    pub(crate) state: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Items on the page, 1 to 500; default 50.
    #[serde(default)]
    pub(crate) limit: u32,
}

impl CoverageQuery {
    pub(crate) async fn answer(&self, app: &App, who: &Principal) -> Result<Page<Coverage>, Refusal> {
        let state = one_of("state", &self.state, CoverageState::from_name)?;
        let mut asked = Asked::new(app, who, 0).await?;
        asked.only_project(given(&self.project));
        asked.only_technique(one_of("technique", &self.technique, Technique::from_name)?);
        let page: PageRequest = paged!(self);
        Ok(app.store.coverage(&asked.query(), state, &page).await?)
    }
}

/// Projects with the state of each technique that all should have.
#[utoipa::path(get, path = "/api/v1/coverage", params(CoverageQuery),
    responses((status = 200, body = Object), (status = 400, body = crate::problem::ProblemDocument)))]
pub(super) async fn coverage(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<CoverageQuery>,
) -> Result<Json<Page<Coverage>>, Refusal> {
    Ok(Json(query.answer(&app, &who).await?))
}
