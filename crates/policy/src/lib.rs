//! **Decide**: gates as pure functions of an evidence document.
//!
//! A gate is a list of Rego rules, ours (`rules/`) and the project's own `.rego` files. Each rule is
//! evaluated in an engine of its own, so that no rule can redefine another, under a time limit and
//! with strict built-in errors. A rule defines `deny` and/or `warn` (sets of
//! `{code, message, findings?}`), a `title`, optionally `looked_at` (facts for people) and
//! `exceptable`.
//!
//! **Architecture Invariant:** a rule that cannot be evaluated denies. No IO, no clock: "now" is in
//! the evidence.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod evaluate;
mod exceptions;
mod rules;

pub use evaluate::evaluate;
pub use rules::{PolicyError, Rule, RuleSet};
