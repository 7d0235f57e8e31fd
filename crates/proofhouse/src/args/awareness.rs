//! Arguments of `proofhouse guidance` and `proofhouse digest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::severity;

#[derive(Args)]
pub struct GuidanceArgs {
    /// Weakness, such as CWE-89 [default: list those that there is guidance for]
    #[arg(group = "what")]
    pub weakness: Option<String>,
    /// For this finding, by the beginning of its id
    #[arg(long, value_name = "ID", group = "what")]
    pub finding: Option<String>,
    /// The most common causes of the project's findings
    #[arg(long, group = "what")]
    pub here: bool,
    /// Only the example in this language [default: the one of the finding's file]
    #[arg(long)]
    pub language: Option<String>,
    /// Project of the finding or causes [default: from proofhouse.yaml; `*` for all]
    #[arg(long)]
    pub project: Option<String>,
}

/// How a digest is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DigestForm {
    /// For a terminal
    Text,
    /// For chats and pages
    Markdown,
    /// For mail
    Html,
}

#[derive(Args)]
pub struct DigestArgs {
    /// Project; may be repeated [default: from proofhouse.yaml; `*` for all]
    #[arg(long)]
    pub project: Vec<String>,
    /// The projects of this team of the organisation
    #[arg(long, value_name = "NAME", conflicts_with = "project")]
    pub team: Option<String>,
    /// Since when: a date (2026-12-31) or a time before now (7d)
    #[arg(long, default_value = "7d", value_name = "WHEN")]
    pub since: String,
    /// Days in which findings of a severity are to be fixed: high=30 [default: the organisation's]
    #[arg(long, value_name = "SEVERITY=DAYS", value_parser = level, value_delimiter = ',')]
    pub service_level: Vec<(model::Severity, u32)>,
    /// Form of the text
    #[arg(long, value_enum, default_value_t = DigestForm::Text)]
    pub form: DigestForm,
    /// Send it by mail, and record that
    #[arg(long)]
    pub send: bool,
    #[command(flatten)]
    pub mail: MailArgs,
}

#[derive(Args)]
pub struct RemindArgs {
    /// Send it by mail, and record that: of each thing at most one reminder a day to one address
    #[arg(long)]
    pub send: bool,
    /// Technology catalogue [default: the one that proofhouse.yaml names, where there is one]
    #[arg(long, value_name = "FILE")]
    pub catalogue: Option<PathBuf>,
    #[command(flatten)]
    pub way: MailWay,
}

/// Where mail goes, and on which way.
#[derive(Args)]
pub struct MailArgs {
    #[command(flatten)]
    pub way: MailWay,
    /// Who it is for; may be repeated [default: the team's address]
    #[arg(long, value_name = "ADDRESS")]
    pub to: Vec<String>,
}

/// The way to a mail server; without it, that of the organisation's file.
#[derive(Args)]
pub struct MailWay {
    /// Mail server [default: the organisation's]
    #[arg(long, value_name = "HOST:PORT", value_parser = server, requires = "from")]
    pub smtp: Option<(String, u16)>,
    /// Protection of the way to it
    #[arg(long, value_enum, default_value_t = MailTls::Starttls)]
    pub smtp_tls: MailTls,
    /// User at the server
    #[arg(long, value_name = "NAME", requires = "smtp_password_file")]
    pub smtp_user: Option<String>,
    /// File with the password
    #[arg(long, value_name = "FILE", requires = "smtp_user")]
    pub smtp_password_file: Option<PathBuf>,
    /// Who the mail is from [default: the organisation's]
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
}

/// How the way to a mail server is protected.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MailTls {
    /// TLS from the first byte
    Tls,
    /// TLS after STARTTLS, or nothing is sent
    Starttls,
    /// None; only to this machine
    None,
}

fn level(text: &str) -> Result<(model::Severity, u32), String> {
    let expected = || "expected SEVERITY=DAYS, such as high=30".to_owned();
    let (name, days) = text.split_once('=').ok_or_else(expected)?;
    Ok((severity(name)?, days.parse().map_err(|_| expected())?))
}

fn server(text: &str) -> Result<(String, u16), String> {
    let expected = || "expected HOST:PORT, such as mail.example:587".to_owned();
    govern::organisation::host_and_port(text).ok_or_else(expected)
}
