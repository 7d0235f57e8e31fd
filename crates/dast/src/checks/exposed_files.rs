//! Files and pages that belong to operators, verified by their content, never by the status alone.

use std::sync::LazyLock;

use model::{Confidence, Place, Severity};
use regex::Regex;

use super::{Check, Hit, Hits};
use crate::{
    RuleInfo,
    client::{Answer, Ask},
    session::Session,
};

pub const CHECK: Check = Check { rules: &[&RULE], run: |session| run(session) };

const RULE: RuleInfo = RuleInfo {
    id: "dast-exposed-file",
    title: "A file or page for operators is public",
    severity: Severity::High,
    confidence: Confidence::High,
    cwe: &[538, 527],
    fix: "Keep it out of the served folder, or allow it for operators only; replace secrets that were in it.",
};

/// Path, what its content looks like, how bad, and what it is.
type Known = (&'static str, &'static str, Severity, &'static str);

const KNOWN: [Known; 26] = [
    ("/.git/HEAD", r"\A(ref: refs/|[0-9a-f]{40}\s*\z)", Severity::High, "the Git repository"),
    ("/.git/config", r"(?m)^\[core\]", Severity::High, "the Git configuration"),
    ("/.svn/wc.db", r"\ASQLite format 3", Severity::High, "the Subversion data"),
    ("/.hg/requires", r"(?m)^(revlogv1|store|fncache)$", Severity::High, "the Mercurial repository"),
    ("/.env", r#"(?m)^(export )?[A-Z][A-Z0-9_]{2,}\s*=\s*\S"#, Severity::High, "environment variables"),
    (
        "/.env.production",
        r#"(?m)^(export )?[A-Z][A-Z0-9_]{2,}\s*=\s*\S"#,
        Severity::High,
        "environment variables",
    ),
    ("/.htpasswd", r"(?m)^[\w.-]+:(\$|\{)", Severity::High, "password hashes"),
    ("/.npmrc", r"_authToken\s*=", Severity::High, "a registry token"),
    ("/.aws/credentials", r"(?i)aws_secret_access_key", Severity::Critical, "cloud credentials"),
    ("/id_rsa", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", Severity::Critical, "a private key"),
    ("/server.key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", Severity::Critical, "a private key"),
    ("/backup.zip", r"\APK\x03\x04", Severity::High, "a backup"),
    ("/backup.tar.gz", r"\A\x1f", Severity::High, "a backup"),
    ("/backup.sql", r"(?i)(create table|insert into)\s", Severity::High, "a database dump"),
    ("/dump.sql", r"(?i)(create table|insert into)\s", Severity::High, "a database dump"),
    ("/db.sqlite3", r"\ASQLite format 3", Severity::High, "the database"),
    ("/app.db", r"\ASQLite format 3", Severity::High, "the database"),
    ("/wp-config.php.bak", r"DB_PASSWORD", Severity::High, "the configuration with its password"),
    ("/docker-compose.yml", r"(?m)^services:", Severity::Medium, "the deployment description"),
    ("/.DS_Store", r"\A\x00\x00\x00\x01Bud1", Severity::Low, "names of files"),
    ("/server-status", r"(Apache Server Status|Total [Aa]ccesses)", Severity::Medium, "the server's status"),
    ("/phpinfo.php", r"(?i)<title>phpinfo\(\)", Severity::Medium, "the PHP configuration"),
    ("/actuator/env", r#""propertySources""#, Severity::High, "configuration values"),
    ("/actuator", r#""_links"\s*:"#, Severity::Low, "the list of management pages"),
    ("/debug/pprof/", r"(?i)full goroutine stack dump|/debug/pprof/", Severity::Medium, "Go's profiler"),
    ("/console", r"EVALEX|Werkzeug Debugger|H2 Console", Severity::Critical, "a console that runs code"),
];

static PATTERNS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| KNOWN.iter().map(|(_, pattern, ..)| Regex::new(pattern).ok()).collect());

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let mut hits = vec![];
        for ((path, _, severity, what), pattern) in KNOWN.iter().zip(PATTERNS.iter()) {
            let Some(pattern) = pattern else { continue };
            let Some(answer) = session.ask_path(path, &Ask::get(session.at(path))).await else { continue };
            if is_there(session, &answer, pattern) {
                let place = Place::Route { method: "GET".into(), route: (*path).to_owned(), parameter: None };
                hits.push(Hit::new(&RULE, place, format!("{path} shows {what}.")).rated(*severity));
            }
        }
        hits
    })
}

/// Its content is right, and the application does not answer the same to everything.
fn is_there(session: &Session<'_>, answer: &Answer, pattern: &Regex) -> bool {
    let everywhere = session.nothing_here.as_ref();
    let alike = |nothing: &Answer| nothing.status == 200 && pattern.is_match(&nothing.body);
    answer.status == 200 && pattern.is_match(&answer.body) && !everywhere.is_some_and(alike)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        assert!(super::PATTERNS.iter().all(Option::is_some));
    }
}
