//! Mail to people, and its record: one message to a mail server (SMTP, RFC 5321), then a statement that says to
//! whom it went, what it said and what the server answered.
//!
//! Addresses are checked by the library before anything is sent, so none can carry a header or a command of its
//! own. Outside of loopback nothing is sent without TLS.

use std::time::Duration;

use lettre::{
    Message, SmtpTransport, Transport,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use model::{By, Exit, Problem, Sha256, Subject, predicate::Notification};

use crate::{record::Recorder, statements::statement};

/// Most recipients of one message.
pub const MOST_RECIPIENTS: usize = 200;

/// How long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Who it is from, as an address with or without name.
    pub from: String,
    /// Who it is for.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Hands messages to a server; the answer is its last line.
pub trait Post {
    /// Sends one message.
    ///
    /// # Errors
    /// Why it was not taken, in one sentence.
    fn send(&self, message: &Message) -> Result<String, String>;
}

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS after `STARTTLS`; without it nothing is sent (RFC 3207).
    StartTls,
    /// None: only to loopback.
    None,
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection of the way.
    pub protection: Protection,
    /// User and password.
    pub credentials: Option<(String, String)>,
}

impl Smtp {
    fn transport(&self) -> Result<SmtpTransport, String> {
        let loopback = self.host == "localhost"
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let tls = || TlsParameters::new(self.host.clone()).map_err(|e| e.to_string());
        let tls = match self.protection {
            Protection::Tls => Tls::Wrapper(tls()?),
            Protection::StartTls => Tls::Required(tls()?),
            Protection::None if loopback => Tls::None,
            Protection::None => return Err("only to loopback without TLS".to_owned()),
        };
        let builder =
            SmtpTransport::builder_dangerous(&self.host).port(self.port).tls(tls).timeout(Some(PATIENCE));
        let builder = match &self.credentials {
            Some((user, password)) => builder.credentials(Credentials::new(user.clone(), password.clone())),
            None => builder,
        };
        Ok(builder.build())
    }
}

impl Post for Smtp {
    fn send(&self, message: &Message) -> Result<String, String> {
        let answer = self.transport()?.send(message).map_err(|error| {
            let mut told = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                told = format!("{told}: {error}");
                cause = error.source();
            }
            told
        })?;
        Ok(format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")))
    }
}

/// What is sent and for whom it is recorded.
pub struct Sending<'a> {
    /// Kind of message, e.g. `digest`.
    pub kind: &'a str,
    /// Projects it is about.
    pub projects: &'a [String],
    /// What it is about, by stable names; empty for what is not counted by item.
    pub items: &'a [String],
    /// The message.
    pub letter: &'a Letter,
    /// Who sends it.
    pub by: By,
}

/// Sends a message and records what became of it, also when the server does not take it. Gives the ledger index.
///
/// # Errors
/// An address is none, the server does not take it (`mail-not-sent`), or it cannot be recorded.
pub fn send(sending: Sending<'_>, post: &dyn Post, recorder: &Recorder) -> Result<u64, Problem> {
    let message = write(sending.letter)?;
    let content = recorder.put(sending.letter.text.as_bytes())?;
    let result = post.send(&message);
    let (delivered, answer) = match &result {
        Ok(answer) => (true, answer),
        Err(why) => (false, why),
    };
    let notification = Notification {
        kind: sending.kind.to_owned(),
        items: sending.items.to_vec(),
        projects: sending.projects.to_vec(),
        channel: "mail".to_owned(),
        recipients: sending.letter.to.iter().map(|to| fingerprint(to)).collect(),
        content,
        delivered,
        answer: findings::normalise::text::line(answer, 300),
        by: sending.by,
        at: recorder.clock().now(),
    };
    let subject = Subject::sha256(sending.kind, content.hash);
    let (logged, _) = recorder.record(&[statement(vec![subject], &notification)?])?;
    let index = logged.first().map_or(0, |entry| entry.index);
    match result {
        Ok(_) => Ok(index),
        Err(why) => {
            let message =
                format!("the mail was not sent: {} (recorded as ledger entry {index})", notification.answer);
            let hint = if why.contains("loopback") {
                "take --smtp-tls starttls or tls"
            } else {
                "see the server's log"
            };
            Err(Problem::new("mail-not-sent", Exit::Environment, message).with_hint(hint))
        }
    }
}

/// SHA-256 of an address without name, in lower case.
pub fn fingerprint(address: &str) -> Sha256 {
    let address =
        address.parse::<Mailbox>().map_or_else(|_| address.to_owned(), |mailbox| mailbox.email.to_string());
    Sha256::of(address.to_lowercase())
}

fn write(letter: &Letter) -> Result<Message, Problem> {
    let refuse = |code, message: String| {
        Problem::new(code, Exit::Input, message).with_hint("such as security@shop.example")
    };
    let mailbox = |text: &str| {
        text.parse::<Mailbox>().map_err(|_| refuse("mail-address", format!("{text:?} is no mail address")))
    };
    if letter.to.is_empty() || letter.to.len() > MOST_RECIPIENTS {
        return Err(refuse("mail-address", format!("1 to {MOST_RECIPIENTS} recipients are expected")));
    }
    let subject = findings::normalise::text::line(&letter.subject, 200);
    let mut builder = Message::builder().from(mailbox(&letter.from)?).subject(subject);
    for to in &letter.to {
        // Recipients need not know of each other.
        builder = builder.bcc(mailbox(to)?);
    }
    // A message of a machine: nobody's holiday notice should answer (RFC 3834).
    builder = builder.header(AutoSubmitted);
    let both = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
    builder.multipart(both).map_err(|e| refuse("mail-unusable", format!("the mail cannot be written: {e}")))
}

/// `Auto-Submitted: auto-generated`.
#[derive(Clone, Copy)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(from: &str, to: &str, subject: &str) -> Result<String, &'static str> {
        let (from, to, subject) = (from.to_owned(), vec![to.to_owned()], subject.to_owned());
        let letter = Letter { from, to, subject, text: "a".into(), html: "<p>a</p>".into() };
        write(&letter).map(|m| String::from_utf8(m.formatted()).unwrap()).map_err(|problem| problem.code)
    }

    #[test]
    fn no_address_or_subject_can_carry_a_header() {
        let told = letter("Shop <a@shop.example>", "b@shop.example", "x\r\nBcc: evil@evil.example").unwrap();
        let head = told.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc:")), "{head}");
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
        for bad in ["nobody", "a@b\r\nRCPT TO:<c@d>", "a@b>\r\nX: y", ""] {
            assert_eq!(letter("a@shop.example", bad, "x"), Err("mail-address"), "{bad:?}");
        }
    }

    #[test]
    fn nothing_goes_out_without_tls_but_to_this_machine() {
        let smtp = |host: &str| Smtp {
            host: host.into(),
            port: 25,
            protection: Protection::None,
            credentials: None,
        };
        assert!(smtp("127.0.0.1").transport().is_ok());
        assert!(smtp("mail.example").transport().is_err());
        assert!(smtp("127.0.0.1.evil.example").transport().is_err());
    }
}
