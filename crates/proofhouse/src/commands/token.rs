//! `proofhouse token`: access tokens of the API.

use model::{Clock, Exit, Problem, Timestamp, problem::erase};
use server::TokenFile;

use crate::{
    app::{SystemClock, home_folder},
    args::{Format, Global, TokenCommand},
    ui::{self, BOLD, DIM, println},
};

/// Folder of the server's own state.
pub fn folder(global: &Global) -> Result<std::path::PathBuf, Problem> {
    Ok(engine::Home::open(&home_folder(global)?)?.root().join("server"))
}

pub fn token(global: &Global, command: TokenCommand) -> Result<Exit, Problem> {
    let file = TokenFile::in_folder(&folder(global)?);
    match command {
        TokenCommand::Create { name, days } => {
            let now = SystemClock.now();
            let end = Timestamp::from_second(now.as_second() + i64::from(days) * 86400).ok();
            let (info, secret) = file.create(&name, end, now).map_err(|e| erase(&e))?;
            println!("{secret}");
            ui::note(&format!("token {} is shown only now; it ends after {days} days", info.id));
        }
        TokenCommand::List => {
            let all = file.list().map_err(|e| erase(&e))?;
            if global.format == Format::Json {
                ui::json(&all);
            }
            for token in all.iter().filter(|_| global.format == Format::Text) {
                let end = token.expires.map_or("never".to_owned(), |end| end.to_string());
                println!("{BOLD}{}{BOLD:#} {} {DIM}ends {end}{DIM:#}", token.id, token.name);
            }
        }
        TokenCommand::Revoke { id } => {
            if !file.revoke(&id).map_err(|e| erase(&e))? {
                return Err(Problem::new("token-unknown", Exit::Input, format!("there is no token {id}"))
                    .with_hint("`proofhouse token list` shows them"));
            }
            println!("{id} is revoked");
        }
    }
    Ok(Exit::Success)
}
