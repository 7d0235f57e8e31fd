//! The way that mail takes: named on the command line, or by the organisation's file.

use std::path::Path;

use engine::mail::{Protection, Smtp};
use govern::organisation::{MailServer, MailTls as Tls, Organisation, SecretPlace};
use model::{Exit, Problem};

use crate::args::{MailTls, MailWay};

/// Most bytes of a password and the end of its line.
const LONGEST_PASSWORD: u64 = 512;

/// The server, and who mail is from.
///
/// # Errors
/// Nothing names a server, or the password cannot be read.
pub fn way(given: &MailWay, organisation: &Organisation) -> Result<(Smtp, String), Problem> {
    let Some((host, port)) = &given.smtp else {
        let known = organisation.mail.as_ref().ok_or_else(|| {
            Problem::new("mail-unconfigured", Exit::Input, "no mail server is known")
                .with_hint("give --smtp and --from, or add `mail: { server: HOST:PORT, from: ADDRESS }` to the organisation's file")
        })?;
        let (smtp, from) = of_organisation(known)?;
        return Ok((smtp, given.from.clone().unwrap_or(from)));
    };
    let credentials = match (&given.smtp_user, &given.smtp_password_file) {
        (Some(user), Some(file)) => Some((user.clone(), read(file)?)),
        _ => None,
    };
    let protection = match given.smtp_tls {
        MailTls::Tls => Protection::Tls,
        MailTls::Starttls => Protection::StartTls,
        MailTls::None => Protection::None,
    };
    // The argument parser demands it.
    let from = given.from.clone().unwrap_or_default();
    Ok((Smtp { host: host.clone(), port: *port, protection, credentials }, from))
}

/// The server that the organisation's file names.
///
/// # Errors
/// The password cannot be read.
pub fn of_organisation(known: &MailServer) -> Result<(Smtp, String), Problem> {
    let credentials = match &known.user {
        None => None,
        Some((user, SecretPlace::File(file))) => Some((user.clone(), read(Path::new(file))?)),
        Some((user, SecretPlace::Variable(name))) => {
            let unset = || {
                Problem::new("mail-password", Exit::Environment, format!("the variable {name} is not set"))
                    .with_hint("the organisation's file names it as the place of the mail server's password")
            };
            Some((user.clone(), std::env::var(name).map_err(|_| unset())?))
        }
    };
    let protection = match known.tls {
        Tls::Tls => Protection::Tls,
        Tls::StartTls => Protection::StartTls,
        Tls::None => Protection::None,
    };
    let smtp = Smtp { host: known.host.clone(), port: known.port, protection, credentials };
    Ok((smtp, known.from.clone()))
}

fn read(file: &Path) -> Result<String, Problem> {
    let bytes = engine::project::read_bounded(file, LONGEST_PASSWORD)?;
    // Whoever may change the organisation's file chooses path and server: keys and tables of users, which have
    // several lines, must not leave this machine as a password.
    let text = String::from_utf8(bytes).unwrap_or_default();
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains(char::is_control) {
        let message = format!("{} holds no password", file.display());
        return Err(Problem::new("mail-password", Exit::Input, message)
            .with_hint("the file must be one line of text"));
    }
    Ok(line.to_owned())
}
