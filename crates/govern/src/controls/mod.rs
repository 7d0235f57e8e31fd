//! Controls: what standards ask for, held against what the ledger covers.
//!
//! A *catalogue* (one YAML file each, also users' own) has controls in our own words. Each control names *rules*:
//! conditions over [`model::facts`] with one line each in the [`registry`](rules). [`judge()`] gives every rule a
//! coverage figure, evidence and what is missing, and every control a status from its rules.
//!
//! Nothing passes by absence: without a project there is no data, and what nobody could show is not met. A control
//! that is measurable in part only says which part ([`Control::does_not_measure`]).

mod catalogue;
pub mod export;
mod judge;
mod report;
mod rule;
mod rules;

pub use catalogue::{
    Answers, Catalogue, Control, ControlsError, MAX_BYTES, MOST_CONTROLS, built_in, built_in_ids, parse,
};
pub use judge::judge;
pub use report::{
    CatalogueReport, ControlReport, Evidence, Level, Missing, Report, RuleReport, Scope, Status,
};
pub use rule::Rule;
pub use rules::{RULES, find};
