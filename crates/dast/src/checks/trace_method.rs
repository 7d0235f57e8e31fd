//! TRACE repeats the request, with headers that scripts must not see (RFC 9110 section 9.3.8).

use model::{Confidence, Place, Severity};
use reqwest::Method;

use super::{Check, Hit, Hits};
use crate::{RuleInfo, client::Ask, session::Session};

pub const CHECK: Check = Check { rules: &[&RULE], run: |session| run(session) };

const RULE: RuleInfo = RuleInfo {
    id: "dast-trace-method",
    title: "The method TRACE is answered",
    severity: Severity::Low,
    confidence: Confidence::High,
    cwe: &[693],
    fix: "Switch TRACE off in the server.",
};

const MARK: &str = "proofhouse-trace-5c1d";

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let ask = Ask { method: Method::TRACE, ..Ask::get(session.base().clone()) };
        let answer = session.ask_path(session.base().path(), &ask.with("x-proofhouse", MARK)).await;
        let repeated = answer.is_some_and(|answer| answer.status == 200 && answer.body.contains(MARK));
        let route = session.base().path().to_owned();
        let place = Place::Route { method: "TRACE".into(), route, parameter: None };
        let hit = || Hit::new(&RULE, place, "The answer repeats the headers of the request.");
        repeated.then(hit).into_iter().collect()
    })
}
