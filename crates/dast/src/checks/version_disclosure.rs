//! Headers that tell which product and version answers.

use model::{Confidence, Severity};

use super::{Check, Hit, Hits};
use crate::{
    RuleInfo,
    session::{Session, place},
};

pub const CHECK: Check = Check { rules: &[&RULE], run: |session| run(session) };

const RULE: RuleInfo = RuleInfo {
    id: "dast-version-disclosure",
    title: "The answer names product and version",
    severity: Severity::Low,
    confidence: Confidence::High,
    cwe: &[200],
    fix: "Remove the header, or its version.",
};

const HEADERS: [&str; 5] =
    ["server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator"];

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let one = |header: &&str| {
            let told = |value: &str| value.chars().any(|c| c.is_ascii_digit());
            session.exchanges.iter().find_map(|exchange| {
                let value = exchange.answer.header(header).filter(|value| told(value))?;
                let message = format!("`{header}: {}`", value.chars().take(100).collect::<String>());
                Some(Hit::new(&RULE, place(&exchange.route, Some(header)), message))
            })
        };
        HEADERS.iter().filter_map(one).collect()
    })
}
