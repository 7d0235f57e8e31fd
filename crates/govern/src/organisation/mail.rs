//! How mail goes out and to whom, in the organisation's file. Passwords are named by their place only: the file is
//! in the ledger, which many read and which keeps for ever.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{
    MAIL_VARIABLE, MailServer, MailTls, SecretPlace,
    read::{MOST, person, text},
};
use crate::strict::{Reading, place};

/// A person's entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPerson {
    mail: Spanned<String>,
}

/// The entry `mail`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawMail {
    server: Spanned<String>,
    tls: Option<Spanned<String>>,
    from: Spanned<String>,
    user: Option<Spanned<String>>,
    password_file: Option<Spanned<String>>,
    password_env: Option<Spanned<String>>,
}

/// A mail address as far as it can be told without asking: `@` inside, no white space, nothing that ends a line.
pub(super) fn address(reading: &mut Reading, raw: Spanned<String>) -> String {
    let fine = raw.value.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !fine || raw.value.len() > 320 || raw.value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let message = format!("`{}` is no mail address", raw.value);
        reading.add("organisation-mail", place(&raw), message, None);
    }
    raw.value
}

/// Addresses of people.
pub(super) fn addresses(
    reading: &mut Reading,
    raw: BTreeMap<String, Spanned<RawPerson>>,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (name, entry) in raw.into_iter().take(MOST) {
        let at = Spanned { value: name, ..entry.value.mail.clone() };
        if let Some(name) = person(reading, at) {
            all.insert(name, address(reading, entry.value.mail));
        }
    }
    all
}

/// `mail.example:587`, or `[::1]:25`.
pub fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_matches(['[', ']']);
    let plain = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/');
    Some((host.to_owned(), port.parse().ok()?)).filter(|_| plain)
}

pub(super) fn server(reading: &mut Reading, raw: Spanned<RawMail>) -> MailServer {
    let at = place(&raw);
    let raw = raw.value;
    let found = host_and_port(&raw.server.value);
    if found.is_none() {
        let message = format!("`{}` is no mail server", raw.server.value);
        reading.add(
            "organisation-mail",
            place(&raw.server),
            message,
            Some("HOST:PORT, such as mail.example:587"),
        );
    }
    let (host, port) = found.unwrap_or_default();
    let from = text(reading, raw.from.clone());
    if !from.contains('@') {
        let message = format!("`{from}` is no mail address");
        reading.add("organisation-mail", place(&raw.from), message, None);
    }
    let tls = match raw.tls.as_ref().map(|tls| (tls, tls.value.as_str())) {
        None | Some((_, "starttls")) => MailTls::StartTls,
        Some((_, "tls")) => MailTls::Tls,
        Some((_, "none")) => MailTls::None,
        Some((raw, other)) => {
            let message = format!("`{other}` is not known here");
            reading.add("organisation-unknown-name", place(raw), message, Some("starttls, tls or none"));
            MailTls::StartTls
        }
    };
    let secret = secret(reading, raw.password_file, raw.password_env);
    if raw.user.is_some() != secret.is_some() {
        let hint = "`user` and either `password-file` or `password-env`, or none of them";
        reading.add("organisation-mail", at, "a user needs a password".to_owned(), Some(hint));
    }
    let user = raw.user.map(|user| text(reading, user)).zip(secret);
    MailServer { host, port, tls, from, user }
}

fn secret(
    reading: &mut Reading,
    file: Option<Spanned<String>>,
    variable: Option<Spanned<String>>,
) -> Option<SecretPlace> {
    match (file, variable) {
        (Some(file), Some(_)) => {
            let message = "the password can only be in one place".to_owned();
            reading.add("organisation-mail", place(&file), message, Some("leave one of the two out"));
            None
        }
        (Some(file), None) => {
            if !file.value.starts_with('/') || file.value.contains(char::is_control) {
                let message = format!("`{}` is no path from the root", file.value);
                reading.add("organisation-mail", place(&file), message, Some("such as /run/secrets/smtp"));
            }
            Some(SecretPlace::File(file.value))
        }
        (None, Some(name)) => {
            let rest = name.value.strip_prefix(MAIL_VARIABLE).unwrap_or_default();
            let word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            if rest.is_empty() || !rest.chars().all(word) {
                let message = format!("`{}` is no variable for this", name.value);
                let hint = "its name must begin with PROOFHOUSE_MAIL_, such as PROOFHOUSE_MAIL_PASSWORD";
                reading.add("organisation-mail", place(&name), message, Some(hint));
            }
            Some(SecretPlace::Variable(name.value))
        }
        (None, None) => None,
    }
}
