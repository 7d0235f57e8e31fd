//! Credentials in files: known token formats, keys, and suspicious assignments.
//!
//! A file is searched once for the keywords of all rules; only the rules whose keyword occurs run their
//! (linear-time) expression. The credential itself never leaves this module: a finding carries its
//! SHA-256. A line with `proofhouse:allow-secret` is left out and counted as skipped.

mod entropy;
mod file;
mod matcher;
mod rules;

use std::sync::LazyLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use model::{Coverage, ScanReport, Technique, identity};

pub(crate) use entropy::is_placeholder;
pub use rules::{RULES, Rule, Strength};

use crate::tree::{ReadError, SourceTree};
use matcher::{Matcher, RuleError};

/// Name of the tool in reports.
pub(crate) const TOOL: &str = "proofhouse-secrets";
/// Largest file that is searched, in bytes.
pub const LARGEST_FILE: u64 = 10 << 20;
/// The mark that allows a credential on its line.
pub const ALLOW_MARK: &str = "proofhouse:allow-secret";

/// All rules; made once, because compiling them takes longer than searching many a file.
static MATCHER: LazyLock<Result<Matcher, RuleError>> = LazyLock::new(|| Matcher::new(RULES));

/// What to leave out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Glob patterns of paths that are not looked at; each such file is counted as skipped.
    pub exclude: Vec<String>,
}

/// Looks for credentials in every text file of the tree.
///
/// Binary and very large files are skipped with the reason; a file that cannot be read and an exclusion
/// that is not a glob are errors of the coverage.
pub fn scan(tree: &dyn SourceTree, options: &Options) -> ScanReport {
    let mut coverage = Coverage { stated: true, rules: Some(RULES.len() as u64), ..Coverage::default() };
    let mut findings = Vec::new();
    let excluded = globs(&options.exclude, &mut coverage);
    let matcher = match &*MATCHER {
        Ok(matcher) => matcher,
        Err(error) => {
            coverage.error(format!("the rules cannot be used: {error}"));
            return report(findings, coverage);
        }
    };
    for path in tree.paths() {
        coverage.seen += 1;
        if excluded.is_match(path) {
            coverage.skip(path, "excluded by configuration");
            continue;
        }
        match tree.read(path, LARGEST_FILE) {
            Ok(bytes) => file::scan(path, bytes, matcher, &mut findings, &mut coverage),
            Err(error @ ReadError::TooLarge { .. }) => coverage.skip(path, error.to_string()),
            Err(error) => coverage.error(format!("{path}: {error}")),
        }
    }
    report(findings, coverage)
}

fn report(mut findings: Vec<model::Finding>, coverage: Coverage) -> ScanReport {
    identity::assign_all(&mut findings);
    ScanReport { tool: crate::tool(TOOL), technique: Technique::Secrets, findings, coverage }
}

fn globs(patterns: &[String], coverage: &mut Coverage) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        match GlobBuilder::new(pattern).literal_separator(true).build() {
            Ok(glob) => drop(set.add(glob)),
            Err(error) => coverage.error(format!("exclusion `{pattern}`: {error}")),
        }
    }
    set.build().unwrap_or_else(|error| {
        coverage.error(format!("exclusions: {error}"));
        GlobSet::empty()
    })
}

#[cfg(test)]
mod tests;
