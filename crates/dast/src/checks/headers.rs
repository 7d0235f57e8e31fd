//! Headers by which a page asks the browser for protection.

use model::{Confidence, Severity};

use super::{Check, Hit, Hits};
use crate::{
    RuleInfo,
    client::Answer,
    session::{Exchange, Session, place},
};

pub const CHECK: Check =
    Check { rules: &[&CSP, &WEAK_CSP, &FRAMING, &SNIFFING, &REFERRER, &HSTS], run: |session| run(session) };

const CSP: RuleInfo = RuleInfo {
    id: "dast-missing-csp",
    title: "No Content-Security-Policy",
    severity: Severity::Medium,
    confidence: Confidence::High,
    cwe: &[693, 1021],
    fix: "Send a Content-Security-Policy that allows scripts from 'self' only, e.g. default-src 'self'.",
};
const WEAK_CSP: RuleInfo = RuleInfo {
    id: "dast-weak-csp",
    title: "Content-Security-Policy allows any script",
    severity: Severity::Low,
    confidence: Confidence::High,
    cwe: &[693],
    fix: "Remove 'unsafe-inline', 'unsafe-eval' and * from script-src; use nonces or hashes.",
};
const FRAMING: RuleInfo = RuleInfo {
    id: "dast-framing-allowed",
    title: "Other sites may show the page in a frame",
    severity: Severity::Medium,
    confidence: Confidence::High,
    cwe: &[1021],
    fix: "Send frame-ancestors 'none' in the Content-Security-Policy, or X-Frame-Options: DENY.",
};
const SNIFFING: RuleInfo = RuleInfo {
    id: "dast-missing-nosniff",
    title: "Browsers may guess the content type",
    severity: Severity::Low,
    confidence: Confidence::High,
    cwe: &[693],
    fix: "Send X-Content-Type-Options: nosniff.",
};
const REFERRER: RuleInfo = RuleInfo {
    id: "dast-missing-referrer-policy",
    title: "No Referrer-Policy",
    severity: Severity::Info,
    confidence: Confidence::High,
    cwe: &[200],
    fix: "Send Referrer-Policy: strict-origin-when-cross-origin or no-referrer.",
};
const HSTS: RuleInfo = RuleInfo {
    id: "dast-missing-hsts",
    title: "No Strict-Transport-Security",
    severity: Severity::Low,
    confidence: Confidence::High,
    cwe: &[319],
    fix: "Send Strict-Transport-Security: max-age=31536000; includeSubDomains.",
};

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let pages = session.exchanges.iter().filter(|e| e.answer.is_html() && !e.answer.is_redirect());
        let pages: Vec<_> = pages.collect();
        let all: Vec<_> = session.exchanges.iter().collect();
        let directive = |answer: &Answer, name: &str| directive(answer, name);
        let mut hits = vec![];
        let mut report = |rule, among: &[&Exchange], header: &str, bad: &dyn Fn(&Answer) -> bool| {
            hits.extend(first(rule, among, header, bad));
        };
        report(&CSP, &pages, "content-security-policy", &|a| a.header("content-security-policy").is_none());
        report(&WEAK_CSP, &pages, "content-security-policy", &|a| {
            let scripts = directive(a, "script-src").or_else(|| directive(a, "default-src"));
            a.header("content-security-policy").is_some() && scripts.is_none_or(|s| is_weak(&s))
        });
        report(&FRAMING, &pages, "x-frame-options", &|a| {
            a.header("x-frame-options").is_none() && directive(a, "frame-ancestors").is_none()
        });
        report(&SNIFFING, &all, "x-content-type-options", &|a| {
            !a.header("x-content-type-options").is_some_and(|v| v.trim().eq_ignore_ascii_case("nosniff"))
        });
        report(&REFERRER, &pages, "referrer-policy", &|a| a.header("referrer-policy").is_none());
        if session.base().scheme() == "https" {
            report(&HSTS, &all, "strict-transport-security", &|a| {
                a.header("strict-transport-security").is_none()
            });
        }
        hits
    })
}

/// One finding for the whole target, at the first route that lacks the header.
fn first(
    rule: &'static RuleInfo,
    among: &[&Exchange],
    header: &str,
    bad: &dyn Fn(&Answer) -> bool,
) -> Option<Hit> {
    let lacking: Vec<_> = among.iter().filter(|exchange| bad(&exchange.answer)).collect();
    let one = lacking.iter().min_by_key(|e| (e.route.template.clone(), e.route.method.to_string()))?;
    let message =
        format!("{} of {} answers are affected, e.g. {}.", lacking.len(), among.len(), one.url.path());
    Some(Hit::new(rule, place(&one.route, Some(header)), message))
}

/// The value of one directive of the policy (CSP level 3).
fn directive(answer: &Answer, name: &str) -> Option<String> {
    let policy = answer.header("content-security-policy")?;
    policy.split(';').find_map(|part| {
        let (found, value) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
        found.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

/// Nonces and hashes switch 'unsafe-inline' off in browsers that know them.
fn is_weak(sources: &str) -> bool {
    let strict = sources.contains("'nonce-") || sources.contains("'sha");
    sources.split_whitespace().any(|source| match source {
        "'unsafe-inline'" => !strict,
        "'unsafe-eval'" | "*" | "http:" | "https:" | "data:" => true,
        _ => false,
    })
}
