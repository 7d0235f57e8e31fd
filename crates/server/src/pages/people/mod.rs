//! Who may do what: the organisation's file, accounts, and what happened at the door.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Form,
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use govern::organisation::{self, Organisation};
use model::{Role, Statement, Via, predicate::AccessAction};
use serde::Deserialize;
use store::views::{AccessView, OrganisationView, PageRequest};

use super::{frame::Frame, show};
use crate::{
    access::{Principal, accounts::AccountInfo, audit},
    api::Path,
    problem::Refusal,
    state::App,
};

#[derive(Template)]
#[template(path = "people/page.html")]
struct People {
    frame: Frame,
    organisation: Arc<Organisation>,
    applied: Option<OrganisationView>,
    text: String,
    /// Index of the file that `text` was made from.
    base: u64,
    errors: Vec<String>,
    rows: Vec<Row>,
    invitation: Option<(String, String)>,
}

/// An account with its roles.
struct Row {
    account: AccountInfo,
    roles: Vec<Role>,
}

const EXAMPLE: &str = "version: 1\nname: Our organisation\nteams: {}\nroles:\n  - { role: admin, scope: organisation, people: [] }\n";

async fn people(app: &App) -> Result<People, Refusal> {
    let organisation = app.organisation().await?;
    let applied = app.store.organisation().await?;
    let accounts = app.accounts.list()?;
    let row = |account: AccountInfo| Row { roles: organisation.roles_of(&account.name, None), account };
    Ok(People {
        frame: Frame::new(app, "/people"),
        rows: accounts.into_iter().map(row).collect(),
        text: applied.as_ref().map_or_else(|| EXAMPLE.to_owned(), |applied| applied.text.clone()),
        base: applied.as_ref().map_or(0, |applied| applied.index),
        applied,
        organisation,
        errors: vec![],
        invitation: None,
    })
}

/// `GET /people`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    show(&people(&app).await?)
}

#[derive(Deserialize)]
pub(super) struct Applied {
    text: String,
    base: u64,
}

/// `POST /people/organisation`.
pub(super) async fn apply(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Form(given): Form<Applied>,
) -> Result<Response, Refusal> {
    // Browsers send lines as forms do.
    let text = given.text.replace("\r\n", "\n");
    let before = app.store.organisation().await?;
    let mut errors = vec![];
    if before.as_ref().map_or(0, |applied| applied.index) != given.base {
        errors.push("Somebody else changed the file meanwhile: begin again from the file below.".to_owned());
    }
    let old = app.organisation().await?;
    match organisation::applied(&text, &old, who.by(None), app.clock.now()) {
        Ok(applied) if errors.is_empty() && beyond(&text, &old, &who).is_none() => {
            let statement = Statement::new(vec![applied.subject()], &applied);
            app.record(statement.map_err(std::io::Error::other)?).await?;
            return Ok(Redirect::to("/people").into_response());
        }
        Ok(_) => errors.extend(beyond(&text, &old, &who)),
        Err(mistakes) => errors.extend(mistakes.mistakes.iter().map(|mistake| {
            let hint = mistake.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("Line {}, column {}: {}{hint}.", mistake.line, mistake.column, mistake.message)
        })),
    }
    let stale = errors.first().is_some_and(|error| error.starts_with("Somebody"));
    let mut page = people(&app).await?;
    if !stale {
        page.text = text;
    }
    page.errors = errors;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}

/// What in a file only whoever holds the machine may change: by its own link, or on the command line.
fn beyond(text: &str, old: &Organisation, who: &Principal) -> Option<String> {
    let new = organisation::parse(text.as_bytes(), "organisation.yaml").ok()?;
    let what = new.reaches_beyond(old).filter(|_| who.via != Via::Link)?;
    Some(format!(
        "This changes {what}, which only somebody on the server's machine can: `proofhouse organisation apply`."
    ))
}

#[derive(Deserialize)]
pub(super) struct Named {
    name: String,
}

/// `POST /people/accounts`: invites somebody. The link is shown once.
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Form(given): Form<Named>,
) -> Result<Response, Refusal> {
    let (account, secret) = app.accounts.invite(given.name.trim(), app.clock.now())?;
    audit::record(&app, AccessAction::Invited, &account.name, Some(who.by(None)), None).await?;
    let mut page = people(&app).await?;
    page.invitation = Some((account.name, format!("/invitation?code={secret}")));
    show(&page)
}

#[derive(Deserialize)]
pub(super) struct Change {
    action: String,
}

/// `POST /people/accounts/{account}`: lets it sign in, or not.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(account): Path<String>,
    Form(given): Form<Change>,
) -> Result<Response, Refusal> {
    let disable = match given.action.as_str() {
        "disable" => true,
        "enable" => false,
        _ => return Err(Refusal::bad_query("`action` is `disable` or `enable`")),
    };
    app.accounts.set_disabled(&account, disable, app.clock.now())?;
    let action = if disable { AccessAction::Disabled } else { AccessAction::Enabled };
    audit::record(&app, action, &account, Some(who.by(None)), None).await?;
    Ok(Redirect::to("/people").into_response())
}

#[derive(Template)]
#[template(path = "people/access.html")]
struct Access {
    frame: Frame,
    events: Vec<AccessView>,
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    after: Option<String>,
}

/// `GET /people/access`.
pub(super) async fn access(
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Response, Refusal> {
    let request = PageRequest { after: page.after, limit: 100 };
    let found = app.store.access_events(None, &request).await?;
    show(&Access { frame: Frame::new(&app, "/people"), events: found.items, next: found.next })
}

fn who(event: &AccessView) -> String {
    let name = event.by.as_ref().and_then(|by| by.get("name")).and_then(serde_json::Value::as_str);
    name.unwrap_or("nobody").to_owned()
}

fn how(event: &AccessView) -> String {
    let how = event.by.as_ref().and_then(|by| by.pointer("/via/how")).and_then(serde_json::Value::as_str);
    how.unwrap_or_default().replace('-', " ")
}
