//! Whether other sites may read answers (Fetch standard, CORS protocol).

use std::collections::BTreeMap;

use model::{Confidence, Severity};

use super::{Check, Hit, Hits};
use crate::{
    RuleInfo,
    client::Answer,
    route::Route,
    session::{Session, place},
};

pub const CHECK: Check = Check { rules: &[&RULE], run: |session| run(session) };

const RULE: RuleInfo = RuleInfo {
    id: "dast-permissive-cors",
    title: "Any site may read the answers",
    severity: Severity::High,
    confidence: Confidence::High,
    cwe: &[942],
    fix: "Allow the origins that need access by a fixed list; never repeat the asking origin together with credentials.",
};

const FOREIGN: &str = "https://proofhouse.invalid";
/// Policies are set for whole applications; a few routes are enough to see them.
const MOST_ROUTES: usize = 25;

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        // One finding for each kind of policy, at the first route that has it.
        let mut kinds: BTreeMap<(Severity, &str), (&Route, usize)> = BTreeMap::new();
        for route in session.routes.iter().filter(|r| r.method == "GET").take(MOST_ROUTES) {
            for origin in [FOREIGN, "null"] {
                let ask = route.ask(session.base()).with("origin", origin);
                let Some(answer) = session.ask(route, None, &ask).await else { continue };
                if let Some(kind) = judge(&answer, origin) {
                    kinds.entry(kind).or_insert((route, 0)).1 += 1;
                    break;
                }
            }
        }
        let hit = |((severity, message), (route, count)): ((Severity, &str), (&Route, usize))| {
            let message = format!("{message} Routes: {count}.");
            Hit::new(&RULE, place(route, Some("origin")), message).rated(severity)
        };
        kinds.into_iter().map(hit).collect()
    })
}

fn judge(answer: &Answer, origin: &str) -> Option<(Severity, &'static str)> {
    let allowed = answer.header("access-control-allow-origin")?;
    let credentials = answer.header("access-control-allow-credentials") == Some("true");
    match (allowed == origin, allowed, credentials) {
        (true, "null", true) => {
            Some((Severity::Medium, "The origin `null` (any sandboxed frame) is allowed with cookies."))
        }
        (true, "null", false) => Some((Severity::Low, "The origin `null` (any sandboxed frame) is allowed.")),
        (true, _, true) => Some((Severity::High, "The asking origin is repeated, and cookies are allowed.")),
        (true, _, false) => Some((Severity::Low, "The asking origin is repeated, without cookies.")),
        (false, "*", _) => Some((Severity::Info, "Every origin is allowed, without cookies.")),
        _ => None,
    }
}
