//! Basics of transport security: a certificate that browsers trust, and no plain HTTP.

use model::{Confidence, Place, Severity};

use super::{Check, Hit, Hits};
use crate::{RuleInfo, client::is_loopback, der, session::Session};

pub const CHECK: Check = Check { rules: &[&UNTRUSTED, &EXPIRES, &PLAIN], run: |session| run(session) };

const UNTRUSTED: RuleInfo = RuleInfo {
    id: "dast-tls-untrusted",
    title: "The certificate is not trusted",
    severity: Severity::Medium,
    confidence: Confidence::High,
    cwe: &[295, 298],
    fix: "Use a certificate of an authority that the clients trust, for this name, and renew it in time.",
};
const EXPIRES: RuleInfo = RuleInfo {
    id: "dast-tls-expires",
    title: "The certificate ends soon or has ended",
    severity: Severity::Low,
    confidence: Confidence::High,
    cwe: &[298],
    fix: "Renew the certificate, best by a job that does it each time.",
};
const PLAIN: RuleInfo = RuleInfo {
    id: "dast-plain-http",
    title: "The application answers over plain HTTP",
    severity: Severity::Medium,
    confidence: Confidence::High,
    cwe: &[319],
    fix: "Redirect to https and send Strict-Transport-Security.",
};

/// A renewal job that runs each month should have run.
const SOON_DAYS: i64 = 14;

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let place = || Place::Target { name: session.base().origin().ascii_serialization() };
        if session.base().scheme() == "http" {
            let to_https = session.exchanges.first().and_then(|e| e.answer.header("location"));
            let redirected = to_https.is_some_and(|to| to.starts_with("https://"));
            let severity = if is_loopback(session.base()) { Severity::Info } else { PLAIN.severity };
            let hit =
                Hit::new(&PLAIN, place(), "Everyone on the way can read and change it.").rated(severity);
            return if redirected { vec![] } else { vec![hit] };
        }
        let mut hits = vec![];
        if let Some(why) = &session.client.untrusted {
            hits.push(Hit::new(&UNTRUSTED, place(), format!("{why}.")));
        }
        let certificate = session.exchanges.first().and_then(|e| e.answer.certificate.as_deref());
        let end = certificate.and_then(der::not_after);
        if let (Some(end), Some(now)) = (end, session.target.now) {
            let days = (end.as_second() - now.as_second()).div_euclid(24 * 3600);
            let severity = if days < 0 { Severity::Medium } else { EXPIRES.severity };
            if days < SOON_DAYS {
                hits.push(Hit::new(&EXPIRES, place(), format!("It is valid until {end}.")).rated(severity));
            }
        }
        hits
    })
}
