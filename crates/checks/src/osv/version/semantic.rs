//! Semantic Versioning 2.0 precedence; a leading `v` and missing parts are accepted.

use std::cmp::Ordering;

use semver::Version;

/// Compares by precedence: build metadata does not count.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(parse(a)?.cmp_precedence(&parse(b)?))
}

/// Parses a version; `1` and `1.2` are `1.0.0` and `1.2.0`.
pub fn parse(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', '=']);
    if let Ok(version) = Version::parse(text) {
        return Some(version);
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at(end);
    let missing = 3_usize.checked_sub(core.split('.').count())?;
    Version::parse(&format!("{core}{}{rest}", ".0".repeat(missing))).ok()
}
