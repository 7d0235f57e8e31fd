//! Redirects to an address that the visitor's link chooses.

use model::{Confidence, Severity};
use url::Url;

use super::{Check, Hit, Hits};
use crate::{
    RuleInfo,
    client::Answer,
    route::Carrier,
    session::{Session, place},
};

pub const CHECK: Check = Check { rules: &[&RULE], run: |session| run(session) };

const RULE: RuleInfo = RuleInfo {
    id: "dast-open-redirect",
    title: "Redirect to any address",
    severity: Severity::Medium,
    confidence: Confidence::High,
    cwe: &[601],
    fix: "Redirect only to paths of this site or to hosts of a list.",
};

/// Parts of names that redirect parameters have.
const NAMES: [&str; 14] = [
    "next", "url", "uri", "redir", "return", "dest", "goto", "continue", "target", "forward", "link", "out",
    "back", "to",
];
/// Never resolves (RFC 6761 section 6.4), and is never followed.
const HOST: &str = "proofhouse.invalid";
const VALUES: [&str; 3] = ["https://proofhouse.invalid/", "//proofhouse.invalid/", "/\\proofhouse.invalid/"];

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let mut hits = vec![];
        for (route, which, parameter) in session.points() {
            if !matches!(parameter.carrier, Carrier::Query | Carrier::Form) {
                continue;
            }
            let name = parameter.name.to_ascii_lowercase();
            let named =
                NAMES.iter().any(|part| if part.len() < 4 { name == *part } else { name.contains(part) });
            let redirects = || {
                let same = session.exchanges.iter().filter(|e| e.route.template == route.template);
                same.into_iter().any(|e| e.answer.is_redirect())
            };
            if !named && !redirects() {
                continue;
            }
            for value in VALUES {
                let Some(answer) = session.probe(route, which, value).await else { break };
                if leaves(&answer, session.base()) {
                    let message = format!("`{}={value}` is answered with a redirect there.", parameter.name);
                    hits.push(Hit::new(&RULE, place(route, Some(&parameter.name)), message));
                    break;
                }
            }
        }
        hits
    })
}

fn leaves(answer: &Answer, base: &Url) -> bool {
    let location = answer.header("location").filter(|_| answer.is_redirect());
    // Browsers read a backslash as a slash (URL standard).
    let location = location.map(|to| to.replace('\\', "/"));
    location.and_then(|to| base.join(&to).ok()).is_some_and(|to| to.host_str() == Some(HOST))
}
