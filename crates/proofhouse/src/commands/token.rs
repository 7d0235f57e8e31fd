//! `proofhouse token`: access tokens of the API.

use model::{Clock, Exit, Problem, Role, Timestamp, predicate::AccessAction, problem::erase};
use server::{TokenFile, TokenInfo, TokenScope};

use crate::{
    app::{App, SystemClock, home_folder},
    args::{Format, Global, TokenCommand, TokenCreateArgs},
    commands::people,
    ui::{self, BOLD, DIM, println},
};

/// Folder of the server's own state.
pub fn folder(global: &Global) -> Result<std::path::PathBuf, Problem> {
    Ok(engine::Home::open(&home_folder(global)?)?.root().join("server"))
}

pub fn token(global: &Global, command: TokenCommand) -> Result<Exit, Problem> {
    let file = TokenFile::in_folder(&folder(global)?);
    match command {
        TokenCommand::Create(arguments) => create(global, &file, arguments)?,
        TokenCommand::List => {
            let all = file.list().map_err(|e| erase(&e))?;
            if global.format == Format::Json {
                ui::json(&all);
            }
            for token in all.iter().filter(|_| global.format == Format::Text) {
                let end = token.expires.map_or("never".to_owned(), |end| end.to_string());
                println!("{BOLD}{}{BOLD:#} {} {DIM}{}, ends {end}{DIM:#}", token.id, token.name, may(token));
            }
        }
        TokenCommand::Revoke { id } => {
            if !file.revoke(&id).map_err(|e| erase(&e))? {
                return Err(Problem::new("token-unknown", Exit::Input, format!("there is no token {id}"))
                    .with_hint("`proofhouse token list` shows them"));
            }
            people::audit(&App::open(global)?, AccessAction::TokenRevoked, &id)?;
            println!("{id} is revoked");
        }
    }
    Ok(Exit::Success)
}

fn create(global: &Global, file: &TokenFile, arguments: TokenCreateArgs) -> Result<(), Problem> {
    let now = SystemClock.now();
    let end = Timestamp::from_second(now.as_second() + i64::from(arguments.days) * 86400).ok();
    let role = |name: &String| {
        name.parse::<Role>().map_err(|()| {
            let all = Role::ALL.map(Role::name).join(", ");
            Problem::new("role-unknown", Exit::Input, format!("`{name}` is no role")).with_hint(all)
        })
    };
    let roles = arguments.role.iter().map(role).collect::<Result<Vec<_>, _>>()?;
    let scope = TokenScope { roles, projects: arguments.project, owner: None };
    let scope = Some(scope).filter(|scope| !scope.roles.is_empty());
    let (info, secret) = file.create(&arguments.name, scope, end, now).map_err(|e| erase(&e))?;
    people::audit(&App::open(global)?, AccessAction::TokenMade, &info.id)?;
    println!("{secret}");
    ui::note(&format!("token {} is shown only now; it ends after {} days", info.id, arguments.days));
    Ok(())
}

/// What a token may do, as a phrase.
fn may(token: &TokenInfo) -> String {
    let Some(scope) = &token.scope else { return "sees everything".to_owned() };
    let roles: Vec<&str> = scope.roles.iter().map(|role| role.name()).collect();
    let place =
        if scope.projects.is_empty() { String::new() } else { format!(" in {}", scope.projects.join(", ")) };
    let owner = scope.owner.as_ref().map(|owner| format!(" of {owner}")).unwrap_or_default();
    format!("{}{place}{owner}", roles.join(", "))
}
