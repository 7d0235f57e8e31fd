//! `proofhouse organisation` and `proofhouse account`: who may do what.

use std::path::Path;

use model::{
    By, Exit, Problem, Role, Statement,
    predicate::{Access, AccessAction},
    problem::erase,
};
use server::AccountFile;

use crate::{
    app::App,
    args::{AccountCommand, Format, Global, OrganisationCommand},
    commands::token,
    ui::{self, BOLD, DIM, eprintln, println},
};

pub fn organisation(global: &Global, command: &OrganisationCommand) -> Result<Exit, Problem> {
    match command {
        OrganisationCommand::Check { file } => check(global, file),
        OrganisationCommand::Show { roles } => show(&App::open(global)?, *roles),
        OrganisationCommand::Apply { file } => apply(&App::open(global)?, file),
    }
}

fn read(path: &Path) -> Result<String, Problem> {
    let cannot = |why: String| {
        let message = format!("{} cannot be read: {why}", path.display());
        Problem::new("organisation-file", Exit::Input, message)
            .with_hint("name the file, or write organisation.yaml (docs/people.md)")
    };
    let most = govern::organisation::MAX_BYTES as u64;
    let bytes = engine::project::read_bounded(path, most + 1).map_err(|e| cannot(e.message))?;
    if bytes.len() as u64 > most {
        return Err(cannot("it is too large".to_owned()));
    }
    String::from_utf8(bytes).map_err(|e| cannot(e.to_string()))
}

/// Every mistake on stderr, each at its place.
fn parse(path: &Path, text: &str) -> Result<govern::organisation::Organisation, Problem> {
    govern::organisation::parse(text.as_bytes(), &path.display().to_string()).map_err(|mistakes| {
        for mistake in mistakes.mistakes.iter().skip(1) {
            let hint = mistake.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            eprintln!("{}:{}:{}: {}{hint}", path.display(), mistake.line, mistake.column, mistake.message);
        }
        erase(&mistakes)
    })
}

fn check(global: &Global, path: &Path) -> Result<Exit, Problem> {
    let text = read(path)?;
    let after = parse(path, &text)?;
    let app = App::open(global)?;
    let before = app.organisation()?;
    tell(global, &after.name, &govern::organisation::changes(&before, &after), "it would change");
    Ok(Exit::Success)
}

fn tell(global: &Global, name: &str, changes: &[String], verb: &str) {
    if global.format == Format::Json {
        return ui::json(&serde_json::json!({ "name": name, "changes": changes }));
    }
    println!("{BOLD}{name}{BOLD:#}: {verb}{}", if changes.is_empty() { " nothing" } else { ":" });
    changes.iter().for_each(|change| println!("  {change}"));
}

fn apply(app: &App, path: &Path) -> Result<Exit, Problem> {
    let text = read(path)?;
    let after = parse(path, &text)?;
    let before = app.database.wait(app.store.organisation())?.map(|applied| applied.text);
    let changes = govern::organisation::changes(&app.organisation()?, &after);
    if !after.grants.iter().any(|grant| grant.role == Role::Admin) {
        ui::note("nobody has the role admin: only this command can change the file again");
    }
    let by = app.by(None)?;
    let statement = engine::people::apply(&text, before.as_deref(), by, app.now())?;
    record(app, statement)?;
    tell(&app.global, &after.name, &changes, "changed");
    Ok(Exit::Success)
}

fn record(app: &App, statement: Statement) -> Result<(), Problem> {
    let (_, warning) = app.recorder.record(&[statement])?;
    warning.iter().for_each(ui::warning);
    Ok(())
}

fn show(app: &App, roles: bool) -> Result<Exit, Problem> {
    let applied = app.database.wait(app.store.organisation())?;
    let Some(applied) = applied else {
        return Err(Problem::new("organisation-none", Exit::Input, "no organisation was applied yet")
            .with_hint("write organisation.yaml (docs/people.md), then `proofhouse organisation apply`"));
    };
    match (app.json(), roles) {
        (true, _) => ui::json(&applied),
        (false, false) => println!("{}", applied.text.trim_end()),
        (false, true) => {
            let nobody = govern::organisation::Organisation::default();
            for right in govern::organisation::changes(&nobody, &app.organisation()?) {
                if let Some(right) = right.strip_prefix("given: ") {
                    println!("{right}");
                }
            }
        }
    }
    Ok(Exit::Success)
}

pub fn account(global: &Global, command: &AccountCommand) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let file = AccountFile::in_folder(&token::folder(global)?);
    match command {
        AccountCommand::Invite { name } => {
            let (info, secret) = file.invite(name, app.now()).map_err(|e| erase(&e))?;
            audit(&app, AccessAction::Invited, &info.name)?;
            println!("/invitation?code={secret}");
            ui::note("open this at the address of your server; it works for three days, once");
        }
        AccountCommand::List => {
            let all = file.list().map_err(|e| erase(&e))?;
            if app.json() {
                ui::json(&all);
            }
            for account in all.iter().filter(|_| !app.json()) {
                let state = match () {
                    () if account.disabled => "disabled",
                    () if !account.ready => "invited",
                    () if account.second_factor => "ready, with second factor",
                    () => "ready, password only",
                };
                println!("{BOLD}{}{BOLD:#} {DIM}{state}{DIM:#}", account.name);
            }
        }
        AccountCommand::Disable { name } => switch(&app, &file, name, true)?,
        AccountCommand::Enable { name } => switch(&app, &file, name, false)?,
    }
    Ok(Exit::Success)
}

fn switch(app: &App, file: &AccountFile, name: &str, disable: bool) -> Result<(), Problem> {
    file.set_disabled(name, disable, app.now()).map_err(|e| erase(&e))?;
    audit(app, if disable { AccessAction::Disabled } else { AccessAction::Enabled }, name)?;
    println!("{name} is {}", if disable { "disabled" } else { "enabled" });
    Ok(())
}

/// Records what was done about an account or token on the command line.
pub fn audit(app: &App, action: AccessAction, account: &str) -> Result<(), Problem> {
    let by: By = app.by(None)?;
    let at = app.recorder.clock().now();
    let event = Access { action, account: account.to_owned(), by: Some(by), address: None, at };
    let statement = Statement::new(vec![event.subject()], &event)
        .map_err(|e| Problem::new("statement", Exit::Environment, e.to_string()))?;
    record(app, statement)
}
