//! What each address asks for: a permission, and where it must hold. An address that is not in the table is closed.

use std::collections::HashMap;

use axum::{extract::RawPathParams, http::Method};
use govern::organisation::Permission::{
    self, AcceptRisk, Assess, Audit, Comment, EnterResult, People, Sign, Triage, View,
};

use super::who::Principal;
use crate::{problem::Refusal, state::App};

/// Where a permission must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// In the organisation as a whole.
    Organisation,
    /// In any project; the answer shows only what may be seen.
    Somewhere,
    /// In the project that the query names, or in any when it names none; the answer shows only what may be seen.
    List,
    /// In the project that the query names, or in all when it names none.
    Query,
    /// In the project of the path.
    Project,
    /// In the project of the run of the path.
    Run,
    /// In the project of the deployment of the path.
    Deployment,
    /// In the project of the ledger's entry of the path.
    Entry,
    /// In a project that made the artifact of the path.
    Artifact,
    /// Everybody who is signed in, about themselves.
    Oneself,
}

/// One address.
pub(crate) struct Rule {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) permission: Permission,
    pub(crate) place: Where,
}

const fn get(path: &'static str, permission: Permission, place: Where) -> Rule {
    Rule { method: Method::GET, path, permission, place }
}

const fn post(path: &'static str, permission: Permission, place: Where) -> Rule {
    Rule { method: Method::POST, path, permission, place }
}

/// All addresses behind the door.
pub(crate) const RULES: &[Rule] = &[
    get("/", View, Where::Somewhere),
    get("/projects/{project}", View, Where::Project),
    get("/projects/{project}/requirements", View, Where::Project),
    get("/projects/{project}/findings/{id}", View, Where::Project),
    post("/projects/{project}/findings/{id}/triage", Triage, Where::Project),
    post("/projects/{project}/findings/{id}/exception", AcceptRisk, Where::Project),
    post("/projects/{project}/findings/{id}/assign", Comment, Where::Project),
    post("/projects/{project}/findings/{id}/comment", Comment, Where::Project),
    get("/projects/{project}/results/new", EnterResult, Where::Project),
    post("/projects/{project}/results", EnterResult, Where::Project),
    post("/projects/{project}/results/report", EnterResult, Where::Project),
    get("/results/{index}/attachments/{digest}", View, Where::Entry),
    get("/guidance", View, Where::List),
    get("/guidance/{cwe}", View, Where::Somewhere),
    get("/digest", View, Where::List),
    get("/reviews/releases", View, Where::List),
    get("/reviews/releases/{index}", View, Where::Entry),
    get("/reviews/releases/{index}/pdf", View, Where::Entry),
    post("/reviews/releases/{index}/comment", Comment, Where::Entry),
    post("/reviews/releases/{index}/sign", Sign, Where::Entry),
    post("/reviews/releases/{index}/reject", Sign, Where::Entry),
    get("/runs", View, Where::Query),
    get("/runs/{run}", View, Where::Run),
    get("/findings", View, Where::List),
    get("/portfolio", View, Where::List),
    get("/coverage", View, Where::List),
    get("/scanners", View, Where::List),
    get("/exceptions", View, Where::List),
    get("/controls", View, Where::List),
    get("/controls/export/{form}", View, Where::List),
    get("/controls/{catalogue}/{control}", View, Where::List),
    get("/decisions", View, Where::List),
    get("/deployments", View, Where::List),
    get("/deployments/{deployment}", View, Where::Deployment),
    get("/decisions/{index}", View, Where::Entry),
    get("/ledger", View, Where::Query),
    get("/ledger/{index}", View, Where::Entry),
    get("/sboms", View, Where::Query),
    get("/sboms/{index}", View, Where::Entry),
    get("/artifacts/{digest}", View, Where::Artifact),
    get("/reviews", View, Where::Organisation),
    post("/reviews", Sign, Where::Organisation),
    get("/reviews/{index}", View, Where::Organisation),
    post("/reviews/{index}", Comment, Where::Organisation),
    get("/technologies", View, Where::Somewhere),
    get("/technologies.json", View, Where::Somewhere),
    get("/technologies.csv", View, Where::Somewhere),
    get("/technologies.md", View, Where::Somewhere),
    get("/technologies.svg", View, Where::Somewhere),
    get("/technologies/{name}", View, Where::Somewhere),
    post("/technologies/{name}/assess", Assess, Where::Somewhere),
    post("/technologies/{name}/sign", Sign, Where::Organisation),
    get("/people", People, Where::Organisation),
    post("/people/organisation", People, Where::Organisation),
    post("/people/accounts", People, Where::Organisation),
    post("/people/accounts/{account}", People, Where::Organisation),
    get("/people/access", Audit, Where::Organisation),
    get("/account", View, Where::Oneself),
    post("/account/tokens", View, Where::Oneself),
    post("/account/tokens/{token}", View, Where::Oneself),
    post("/logout", View, Where::Oneself),
    get("/api/v1/openapi.json", View, Where::Oneself),
    get("/api/v1/me", View, Where::Oneself),
    get("/api/v1/organisation", Audit, Where::Organisation),
    get("/api/v1/access", Audit, Where::Organisation),
    get("/api/v1/projects", View, Where::Somewhere),
    get("/api/v1/projects/{project}", View, Where::Project),
    get("/api/v1/trend", View, Where::Query),
    get("/api/v1/runs", View, Where::Query),
    get("/api/v1/runs/{run}", View, Where::Run),
    get("/api/v1/runs/{run}/steps/{step}/log", View, Where::Run),
    get("/api/v1/runs/{run}/steps/{step}/log/stream", View, Where::Run),
    get("/api/v1/findings", View, Where::List),
    get("/api/v1/findings/counts", View, Where::List),
    get("/api/v1/projects/{project}/findings/{id}", View, Where::Project),
    get("/api/v1/scans", View, Where::Query),
    get("/api/v1/scans/{index}", View, Where::Entry),
    get("/api/v1/portfolio", View, Where::List),
    get("/api/v1/coverage", View, Where::List),
    get("/api/v1/controls", View, Where::List),
    get("/api/v1/decisions", View, Where::List),
    get("/api/v1/decisions/{index}", View, Where::Entry),
    get("/api/v1/exceptions", View, Where::Query),
    get("/api/v1/feeds", View, Where::Somewhere),
    get("/api/v1/deployments", View, Where::List),
    get("/api/v1/deployments/{deployment}", View, Where::Deployment),
    get("/api/v1/environments", View, Where::Query),
    get("/api/v1/ledger", View, Where::Query),
    get("/api/v1/ledger/checkpoint", View, Where::Somewhere),
    get("/api/v1/ledger/{index}", View, Where::Entry),
    get("/api/v1/ledger/{index}/envelope", View, Where::Entry),
    get("/api/v1/ledger/{index}/proof", View, Where::Entry),
    get("/api/v1/trust", View, Where::Somewhere),
    get("/api/v1/artifacts/{digest}", View, Where::Artifact),
    get("/api/v1/sboms", View, Where::Query),
    get("/api/v1/sboms/{index}", View, Where::Entry),
    get("/api/v1/sboms/{index}/components", View, Where::Entry),
];

/// An address behind the door, as tests go through all of them.
#[derive(Clone, Debug)]
pub struct Address {
    /// Method.
    pub method: Method,
    /// Path with the names of its parameters.
    pub path: &'static str,
    /// What it asks for.
    pub permission: Permission,
    /// The permission must hold in the whole organisation.
    pub organisation: bool,
    /// The permission may hold anywhere; the answer shows only what may be seen.
    pub anywhere: bool,
}

/// Everything behind the door but what people do about themselves.
pub fn addresses() -> impl Iterator<Item = Address> {
    let behind = RULES.iter().filter(|rule| rule.place != Where::Oneself);
    behind.map(|rule| Address {
        method: rule.method.clone(),
        path: rule.path,
        permission: rule.permission,
        organisation: rule.place == Where::Organisation,
        anywhere: matches!(rule.place, Where::Somewhere | Where::List | Where::Query),
    })
}

/// The rule of an address.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Rule> {
    // A question for the head of an answer is one for the answer.
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    RULES.iter().find(|rule| rule.path == path && rule.method == *method)
}

/// The methods that an address has, as in the header `Allow` (RFC 9110 section 10.2.1).
pub(crate) fn methods(path: &str) -> String {
    let own = RULES.iter().filter(|rule| rule.path == path).map(|rule| &rule.method);
    let names = own.flat_map(|method| match *method {
        Method::GET => vec!["GET", "HEAD"],
        ref method => vec![method.as_str()],
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Lets somebody through or says why not.
pub(crate) async fn check(
    app: &App,
    principal: &Principal,
    rule: &Rule,
    path: &HashMap<String, String>,
    query: Option<&str>,
) -> Result<(), Refusal> {
    let may = |project: Option<&str>| principal.rights.may(rule.permission, project);
    if may(None) {
        return match rule.place {
            Where::Entry if !principal.rights.may(Audit, None) => refuse_door(app, path).await,
            _ => Ok(()),
        };
    }
    let allowed = match rule.place {
        Where::Organisation => false,
        Where::Oneself => true,
        Where::Somewhere => principal.rights.may_somewhere(rule.permission),
        Where::List => {
            let mut given = projects_of(query);
            // A form leaves the field empty.
            given.retain(|project| !project.is_empty());
            match given.is_empty() {
                true => principal.rights.may_somewhere(rule.permission),
                false => given.iter().all(|project| may(Some(project))),
            }
        }
        Where::Query => {
            let given = projects_of(query);
            !given.is_empty() && given.iter().all(|project| may(Some(project)))
        }
        Where::Project => path.get("project").is_some_and(|project| may(Some(project))),
        Where::Run | Where::Deployment | Where::Entry | Where::Artifact => {
            let key = path.get(key(rule.place)).map(String::as_str).unwrap_or_default();
            app.store.projects_of(kind(rule.place), key).await?.iter().any(|project| may(Some(project)))
        }
    };
    if allowed {
        return Ok(());
    }
    let refusal = Refusal::forbidden(rule.permission);
    let somewhere = rule.place == Where::Query && principal.rights.may_somewhere(rule.permission);
    Err(if somewhere { refusal.with_hint("name one of your projects: add `project=NAME`") } else { refusal })
}

/// What happened at the door and who may do what are entries like others, for those only who may see them on their
/// own pages.
async fn refuse_door(app: &App, path: &HashMap<String, String>) -> Result<(), Refusal> {
    let Some(index) = path.get("index").and_then(|index| index.parse().ok()) else { return Ok(()) };
    let entry = app.store.statement(index).await?;
    match entry.is_some_and(|entry| matches!(entry.kind.as_str(), "access" | "organisation")) {
        true => Err(Refusal::forbidden(Audit)),
        false => Ok(()),
    }
}

/// The first project that may be seen, for lists that must name one.
pub(crate) async fn first_visible(app: &App, principal: &Principal) -> Result<Option<String>, Refusal> {
    let all = app.store.project_names().await?;
    Ok(all.into_iter().find(|project| principal.sees(project)))
}

fn key(place: Where) -> &'static str {
    match place {
        Where::Run => "run",
        Where::Deployment => "deployment",
        Where::Artifact => "digest",
        _ => "index",
    }
}

fn kind(place: Where) -> store::Owned {
    match place {
        Where::Run => store::Owned::Run,
        Where::Deployment => store::Owned::Deployment,
        Where::Artifact => store::Owned::Artifact,
        _ => store::Owned::Entry,
    }
}

/// Every `project` of a query: two of them must not be read differently here and by the page.
fn projects_of(query: Option<&str>) -> Vec<String> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.filter(|(name, _)| name == "project").map(|(_, value)| value.into_owned()).collect()
}

/// Path parameters by name.
pub(crate) fn parameters(raw: &RawPathParams) -> HashMap<String, String> {
    raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
