//! The registry of checks: one file and one line each. Cheap and severe ones come first, so that a
//! small budget goes where it matters; `error_leak` is last, because it also reports what the probes
//! of the others brought to light.

mod cookies;
mod cors;
mod directory_listing;
pub mod error_leak;
mod exposed_files;
mod headers;
mod open_redirect;
mod reflected_input;
mod sql_injection;
mod tls;
mod trace_method;
mod version_disclosure;

use std::pin::Pin;

use model::{Finding, FindingId, Place, Severity, Sha256, Technique};

use crate::{RuleInfo, TOOL, session::Session};

/// A check: its rules, and the function that looks.
pub struct Check {
    pub rules: &'static [&'static RuleInfo],
    pub run: for<'s> fn(&'s Session<'s>) -> Hits<'s>,
}

/// What a check yields.
pub type Hits<'s> = Pin<Box<dyn Future<Output = Vec<Hit>> + Send + 's>>;

/// All checks, in the order in which they run.
pub const ALL: &[Check] = &[
    headers::CHECK,
    cookies::CHECK,
    version_disclosure::CHECK,
    tls::CHECK,
    exposed_files::CHECK,
    cors::CHECK,
    trace_method::CHECK,
    sql_injection::CHECK,
    reflected_input::CHECK,
    open_redirect::CHECK,
    directory_listing::CHECK,
    error_leak::CHECK,
];

/// One result of a check.
pub struct Hit {
    rule: &'static RuleInfo,
    severity: Severity,
    place: Place,
    message: String,
}

impl Hit {
    /// A result with the severity of its rule.
    pub fn new(rule: &'static RuleInfo, place: Place, message: impl Into<String>) -> Self {
        Self { rule, severity: rule.severity, place, message: message.into() }
    }

    /// The same with another severity.
    pub fn rated(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// As a finding, still without identity.
    pub fn finding(self) -> Finding {
        Finding {
            id: FindingId(Sha256([0; 32])),
            scanner: TOOL.into(),
            rule: self.rule.id.into(),
            technique: Technique::Dast,
            severity: self.severity,
            confidence: self.rule.confidence,
            title: self.rule.title.into(),
            message: self.message,
            cwe: self.rule.cwe.to_vec(),
            aliases: vec![],
            place: self.place,
            fix: Some(self.rule.fix.into()),
            help: None,
            cvss: None,
        }
    }
}
