//! Answers that show the inside of the program: stack traces and database errors. Every answer of the
//! scan is looked at; this check adds input that is malformed on purpose.

use std::sync::LazyLock;

use model::{Confidence, Place, Severity};
use regex::Regex;
use reqwest::Method;

use super::{Check, Hit, Hits, sql_injection};
use crate::{RuleInfo, client::Answer, route::Carrier, session::Session};

pub const CHECK: Check = Check { rules: &[&RULE], run: |session| run(session) };

const RULE: RuleInfo = RuleInfo {
    id: "dast-error-leak",
    title: "An error shows the inside of the program",
    severity: Severity::Medium,
    confidence: Confidence::High,
    cwe: &[209],
    fix: "Answer errors with a plain page and an identifier, and keep the details in the log.",
};

/// What leaks, and how it looks.
const SIGNS: [(&str, &str); 8] = [
    ("a Python stack trace", r#"Traceback \(most recent call last\)|File "[^"]+\.py", line \d+, in "#),
    ("a Java stack trace", r"(?m)^\s+at [\w.$]+\([\w$]+\.(java|kt|scala):\d+\)|Exception in thread "),
    ("a Node.js stack trace", r"(?m)^\s+at [^\n]{0,200}(\.[cm]?[jt]s|node:[\w/]+):\d+:\d+\)?"),
    ("a Go stack trace", r"goroutine \d+ \[running\]:"),
    ("a Rust panic", r"thread '[^']*' (\(\d+\) )?panicked at "),
    (
        "a PHP error",
        r"(?i)<b>(fatal error|warning|parse error|notice)</b>:.{1,300} on line <b>\d+|PHP (Fatal error|Warning|Parse error):",
    ),
    ("a .NET stack trace", r"(?m)^\s+at [\w.<>`]+\([^)]*\) in .+:line \d+|\[\w+Exception: "),
    ("a Ruby stack trace", r"(?m)\.rb:\d+:in [`']"),
];

static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let compiled = |(kind, sign): &(&'static str, &str)| Some((*kind, Regex::new(sign).ok()?));
    SIGNS.iter().filter_map(compiled).collect()
});

/// What an answer leaks, if anything.
pub fn leak(answer: &Answer) -> Option<&'static str> {
    let sign = PATTERNS.iter().find(|(_, pattern)| pattern.is_match(&answer.body));
    let error = || (answer.status >= 500).then(|| sql_injection::database_error(&answer.body)).flatten();
    sign.map(|(kind, _)| *kind).or_else(|| error().map(|_| "a database error"))
}

/// Text that few programs expect: a percent sign alone, NUL, a number out of range, not UTF-8.
const MALFORMED: [&str; 3] = ["%", "\0", "99999999999999999999999"];

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        for (route, which, parameter) in session.points() {
            for value in MALFORMED {
                // A NUL in a path is refused by most servers before the program sees it.
                if !(parameter.carrier == Carrier::Path && value == "\0") {
                    session.probe(route, which, value).await;
                }
            }
        }
        for route in session.routes.iter().filter(|route| route.method == Method::POST) {
            let mut ask = route.ask(session.base());
            if ask.body.as_ref().is_some_and(|(kind, _)| *kind == "application/json") {
                ask.body = Some(("application/json", b"{\"a\": [".to_vec()));
                session.ask(route, None, &ask).await;
            }
        }
        let hit = |leak: crate::session::Leak| {
            let message = format!("An answer contains {}.", leak.kind);
            let place = Place::Route { method: leak.method, route: leak.template, parameter: leak.parameter };
            Hit::new(&RULE, place, message)
        };
        let mut hits: Vec<Hit> = vec![];
        let mut seen = std::collections::BTreeSet::new();
        for leak in session.leaks() {
            if seen.insert((leak.method.clone(), leak.template.clone())) {
                hits.push(hit(leak));
            }
        }
        hits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(body: &str) -> Option<&'static str> {
        leak(&Answer { status: 500, headers: Default::default(), body: body.into(), certificate: None })
    }

    #[test]
    fn stack_traces_of_each_language_are_known_and_plain_errors_are_not() {
        assert_eq!(PATTERNS.len(), SIGNS.len());
        assert_eq!(
            kind("Traceback (most recent call last):\n  File \"/a.py\", line 3, in f"),
            Some("a Python stack trace")
        );
        assert_eq!(kind("x\n\tat com.shop.Orders.find(Orders.java:31)\n"), Some("a Java stack trace"));
        assert_eq!(kind("Error: no\n    at find (/srv/app/orders.js:10:7)\n"), Some("a Node.js stack trace"));
        assert_eq!(kind("goroutine 7 [running]:\nmain.f"), Some("a Go stack trace"));
        assert_eq!(kind("thread 'main' panicked at src/main.rs:3:4"), Some("a Rust panic"));
        assert_eq!(
            kind("<b>Warning</b>: fopen failed in <b>/a.php</b> on line <b>3</b>"),
            Some("a PHP error")
        );
        assert_eq!(kind("near \"'\": syntax error (sqlite3.OperationalError)"), Some("a database error"));
        assert_eq!(kind("<h1>Something went wrong</h1> at 10:30:12 see http://help.example:80/a"), None);
    }
}
