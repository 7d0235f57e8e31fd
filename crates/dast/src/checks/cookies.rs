//! Flags of cookies (RFC 6265bis section 4.1.2).

use std::collections::BTreeSet;

use model::{Confidence, Severity};

use super::{Check, Hit, Hits};
use crate::{
    RuleInfo,
    client::is_loopback,
    session::{Session, place},
};

pub const CHECK: Check = Check { rules: &[&HTTP_ONLY, &SAME_SITE, &SECURE], run: |session| run(session) };

const HTTP_ONLY: RuleInfo = RuleInfo {
    id: "dast-cookie-httponly",
    title: "Scripts can read a session cookie",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    cwe: &[1004],
    fix: "Set the cookie with HttpOnly.",
};
const SAME_SITE: RuleInfo = RuleInfo {
    id: "dast-cookie-samesite",
    title: "Cookie without SameSite",
    severity: Severity::Low,
    confidence: Confidence::High,
    cwe: &[1275],
    fix: "Set the cookie with SameSite=Lax or Strict.",
};
const SECURE: RuleInfo = RuleInfo {
    id: "dast-cookie-secure",
    title: "Cookie that also travels over plain HTTP",
    severity: Severity::Medium,
    confidence: Confidence::High,
    cwe: &[614],
    fix: "Set the cookie with Secure.",
};

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let mut hits = vec![];
        let mut seen = BTreeSet::new();
        for exchange in &session.exchanges {
            for cookie in exchange.answer.headers.get_all("set-cookie") {
                let Ok(text) = cookie.to_str() else { continue };
                let name = text.split(['=', ';']).next().unwrap_or_default().trim().to_owned();
                let flags: Vec<_> = text.split(';').skip(1).map(|f| f.trim().to_ascii_lowercase()).collect();
                if !seen.insert(name.clone()) {
                    continue;
                }
                let mut report = |rule: &'static RuleInfo, severity: Severity| {
                    let message = format!("The cookie `{name}` lacks the flag.");
                    hits.push(Hit::new(rule, place(&exchange.route, Some(&name)), message).rated(severity));
                };
                if !flags.iter().any(|f| f == "httponly") {
                    report(&HTTP_ONLY, if is_session(&name) { Severity::Medium } else { Severity::Info });
                }
                if !flags.iter().any(|f| f.starts_with("samesite=")) {
                    report(&SAME_SITE, Severity::Low);
                }
                if !flags.iter().any(|f| f == "secure") {
                    // On this machine there is no wire to listen on.
                    let here = is_loopback(session.base()) && session.base().scheme() == "http";
                    report(&SECURE, if here { Severity::Info } else { Severity::Medium });
                }
            }
        }
        hits
    })
}

fn is_session(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["sess", "sid", "auth", "token", "jwt", "user", "login", "remember"]
        .iter()
        .any(|part| name.contains(part))
}
