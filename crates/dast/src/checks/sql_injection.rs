//! SQL injection, in three grades: the text of a database error; a quote that breaks and two quotes
//! that do not; and a pair of conditions, one true and one false, that the answer follows.
//!
//! Only the last two confirm, and they confirm twice. Conditions that could widen a change (OR) are
//! sent by GET only.

use std::sync::LazyLock;

use model::{Confidence, Severity};
use regex::Regex;
use reqwest::Method;

use super::{Check, Hit, Hits};
use crate::{
    RuleInfo,
    client::Answer,
    route::{Parameter, Route},
    session::{Session, place},
};

pub const CHECK: Check = Check { rules: &[&CONFIRMED, &ERROR], run: |session| run(session) };

const CONFIRMED: RuleInfo = RuleInfo {
    id: "dast-sql-injection",
    title: "SQL injection",
    severity: Severity::Critical,
    confidence: Confidence::High,
    cwe: &[89],
    fix: "Keep the statement constant and hand the value over as a parameter of the statement.",
};
const ERROR: RuleInfo = RuleInfo {
    id: "dast-sql-error",
    title: "Input causes a database error",
    severity: Severity::High,
    confidence: Confidence::Medium,
    cwe: &[89, 209],
    fix: "Hand the value over as a parameter of the statement, and answer errors without their details.",
};

/// Database and how its errors look.
const SIGNS: [(&str, &str); 5] = [
    (
        "SQLite",
        r#"(?i)sqlite3?[._]?(\.|::)?\w*(error|exception)|near ".{0,40}": syntax error|unrecognized token: "|SQLITE_ERROR"#,
    ),
    (
        "PostgreSQL",
        r#"(?i)unterminated quoted string at or near|syntax error at or near "|psycopg2?\.errors|pg_query\(\)|org\.postgresql\.util\.PSQLException|PG::SyntaxError"#,
    ),
    (
        "MySQL",
        r"(?i)you have an error in your sql syntax|mysql_fetch|com\.mysql\.|MySQLSyntaxError|ER_PARSE_ERROR",
    ),
    (
        "SQL Server",
        r"(?i)unclosed quotation mark after the character string|incorrect syntax near|System\.Data\.SqlClient|Microsoft OLE DB Provider for SQL Server",
    ),
    ("Oracle", r"\bORA-\d{5}\b|(?i)quoted string not properly terminated|oracle\.jdbc"),
];

static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let compiled = |(kind, sign): &(&'static str, &str)| Some((*kind, Regex::new(sign).ok()?));
    SIGNS.iter().filter_map(compiled).collect()
});

/// The database whose error message is in `body`.
pub fn database_error(body: &str) -> Option<&'static str> {
    PATTERNS.iter().find(|(_, pattern)| pattern.is_match(body)).map(|(name, _)| *name)
}

/// Value, and what follows it when the condition `{a}={b}` is put into a statement: in quotes, in a
/// LIKE pattern, as a number, in brackets.
const CONDITIONS: [(&str, bool); 7] = [
    ("{v}' AND '{a}'='{b}", false),
    ("{v}%' AND '{a}%'='{b}", false),
    ("{v} AND {a}={b}", false),
    ("{v}') AND ('{a}'='{b}", false),
    ("{v}' OR '{a}'='{b}", true),
    ("{v}%' OR '{a}%'='{b}", true),
    ("{v} OR {a}={b}", true),
];

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let mut hits = vec![];
        for (route, which, parameter) in session.points() {
            hits.extend(Point { session, route, which, parameter }.look().await);
        }
        hits
    })
}

/// One parameter under test.
struct Point<'s> {
    session: &'s Session<'s>,
    route: &'s Route,
    which: usize,
    parameter: &'s Parameter,
}

/// What of an answer is compared: the status, and the body without the value that was sent.
type Print = (u16, String);

impl Point<'_> {
    async fn look(&self) -> Option<Hit> {
        let sample = &self.parameter.sample;
        let usual = self.session.probe(self.route, self.which, sample).await?;
        let quoted = format!("{sample}'");
        let broken = self.session.probe(self.route, self.which, &quoted).await?;
        let known = database_error(&usual.body);
        let error = database_error(&broken.body).filter(|_| known.is_none());
        let confirmed = match self.quotes(error.is_some(), &broken).await {
            Some(how) => Some(how),
            None => self.conditions().await,
        };
        let place = place(self.route, Some(&self.parameter.name));
        let told = error.map(|database| format!(" The error is one of {database}.")).unwrap_or_default();
        match (confirmed, error) {
            (Some(how), _) => Some(Hit::new(&CONFIRMED, place, format!("{how}{told}"))),
            (None, Some(_)) => {
                let message =
                    format!("A single quote in `{}` causes a database error.{told}", self.parameter.name);
                Some(Hit::new(&ERROR, place, message))
            }
            (None, None) => None,
        }
    }

    /// With a database error: one and three quotes break the statement, two and four do not.
    async fn quotes(&self, error: bool, broken: &Answer) -> Option<String> {
        if !error {
            return None;
        }
        for (quotes, breaks) in [("''", false), ("'''", true), ("''''", false)] {
            let value = format!("{}{quotes}", self.parameter.sample);
            let answer = self.session.probe(self.route, self.which, &value).await?;
            let same = answer.status == broken.status && database_error(&answer.body).is_some();
            if same != breaks {
                return None;
            }
        }
        let name = &self.parameter.name;
        Some(format!(
            "An odd number of quotes in `{name}` breaks the SQL statement, an even number does not."
        ))
    }

    /// Two pairs of a true and a false condition, whose answers agree within the pairs of equal truth.
    async fn conditions(&self) -> Option<String> {
        // A page that changes by itself cannot be compared.
        let first = self.print(&self.parameter.sample).await?;
        if first != self.print(&self.parameter.sample).await? {
            return None;
        }
        for (form, widens) in CONDITIONS {
            if widens && self.route.method != Method::GET {
                continue;
            }
            for value in self.values() {
                let filled =
                    |a: &str, b: &str| form.replace("{v}", value).replace("{a}", a).replace("{b}", b);
                let (yes, no) = (self.print(&filled("7", "7")).await?, self.print(&filled("7", "8")).await?);
                if yes == no || yes.0 >= 500 {
                    continue;
                }
                let again = (self.print(&filled("41", "41")).await?, self.print(&filled("41", "52")).await?);
                let swapped = self.print(&filled("8", "7")).await?;
                if again == (yes, no.clone()) && swapped == no {
                    let (name, with) = (&self.parameter.name, filled("7", "7"));
                    return Some(format!(
                        "The answer follows the truth of a condition in `{name}`, e.g. `{with}`."
                    ));
                }
            }
        }
        None
    }

    /// The sample, and nothing: a search for nothing often finds everything.
    fn values(&self) -> impl Iterator<Item = &str> {
        let nothing = (!self.parameter.number && !self.parameter.sample.is_empty()).then_some("");
        std::iter::once(self.parameter.sample.as_str()).chain(nothing)
    }

    async fn print(&self, value: &str) -> Option<Print> {
        let answer = self.session.probe(self.route, self.which, value).await?;
        Some((answer.status, without(&answer.body, value)))
    }
}

/// The body without the value, also where it was escaped for HTML, JSON or an address.
fn without(body: &str, value: &str) -> String {
    let html = |quote: &str| value.replace('&', "&amp;").replace('<', "&lt;").replace('\'', quote);
    let plus: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let mut forms = vec![
        html("&#39;"),
        html("&#x27;"),
        html("&#039;"),
        html("&apos;"),
        plus.replace('+', "%20"),
        plus.replace('+', "%20").replace("%3D", "="),
        plus,
        value.replace('\'', "\\'"),
        value.replace('\'', "\\u0027"),
        value.to_owned(),
    ];
    forms.retain(|form| form.len() > 3);
    forms.iter().fold(body.to_owned(), |body, form| body.replace(form.as_str(), ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_five_databases_are_known() {
        assert_eq!(PATTERNS.len(), SIGNS.len());
        assert_eq!(database_error("sqlite3.OperationalError: near \"x\": syntax error"), Some("SQLite"));
        assert_eq!(database_error("ERROR: unterminated quoted string at or near \"'\""), Some("PostgreSQL"));
        assert_eq!(database_error("You have an error in your SQL syntax; check"), Some("MySQL"));
        assert_eq!(
            database_error("Unclosed quotation mark after the character string ''."),
            Some("SQL Server")
        );
        assert_eq!(database_error("ORA-01756: quoted string not properly terminated"), Some("Oracle"));
        assert_eq!(database_error("We know SQLite and PostgreSQL."), None);
    }

    #[test]
    fn a_value_that_comes_back_escaped_does_not_count_as_a_difference() {
        let value = "a' AND '7'='8";
        let page = format!("<p>{}</p>{value}", value.replace('\'', "&#x27;"));
        assert_eq!(without(&page, value), "<p></p>");
    }
}
