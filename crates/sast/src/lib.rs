//! Static analysis with own rules on syntax trees (ast-grep).
//!
//! One rule is one file under `rules/<language>/`, with its examples in it and one line in
//! `registry.rs`. A rule says which code it matches (ast-grep patterns) and, where a pattern alone
//! would cry wolf, what a matched part must be (`where`): not constant, composed text, or derived
//! from the input of a request, as far as the same function and file show it (`flow/`).
//!
//! A comment `proofhouse:allow RULE-ID reason` on the line of a finding or the line before leaves it
//! out; it is counted as skipped with its reason. Without a reason it does nothing.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod engine;
mod files;
mod flow;
mod language;
mod registry;
mod rule;
mod scan;
mod source;
mod suppress;
mod symbol;

pub use files::{MemoryFiles, Options, SourceFiles};

use model::{Confidence, ScanReport, Severity};

/// Name of the tool in reports and findings.
pub const TOOL: &str = "proofhouse-sast";

/// What one rule is, for listings and documents.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// Id, e.g. `python-sql-injection`; unique over all languages.
    pub id: String,
    /// Language: `python`, `javascript` (also TypeScript, JSX, TSX), `go`, `java`, `rust`.
    pub language: String,
    /// One short line.
    pub title: String,
    /// What is wrong, one or two sentences.
    pub message: String,
    /// How to fix it.
    pub fix: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// CWE numbers, most specific first.
    pub cwe: Vec<u32>,
    /// Code that the rule finds, each exactly once.
    pub vulnerable: Vec<String>,
    /// Code that the rule leaves alone.
    pub safe: Vec<String>,
}

/// All rules, in the order of the registry.
pub fn rules() -> &'static [RuleInfo] {
    registry::infos()
}

/// Scans all files of known languages. Never fails: what could not be done is in the coverage.
pub fn scan(files: &dyn SourceFiles, options: &Options) -> ScanReport {
    scan::scan(files, options)
}

#[cfg(test)]
mod tests;
