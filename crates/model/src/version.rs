//! Version requirements of tools: `>=3.9`, `>=1.80, <2`, `3.11` (that release line).
//!
//! Tools print all kinds of versions; only the dotted numbers count here, missing ones are zero.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    conditions: Vec<(Comparison, Vec<u64>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
    Line,
    Not,
}

const SIGNS: [(&str, Comparison); 7] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    ("!=", Comparison::Not),
    ("==", Comparison::Line),
    (">", Comparison::Above),
    ("<", Comparison::Below),
    ("=", Comparison::Line),
];

/// The text is not a requirement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version requirement (examples: `>=3.9`, `>=1.80, <2`, `3.11`)")]
pub struct BadRequirement;

impl FromStr for Requirement {
    type Err = BadRequirement;

    fn from_str(text: &str) -> Result<Self, BadRequirement> {
        let conditions = text.split(',').map(condition).collect::<Option<Vec<_>>>().ok_or(BadRequirement)?;
        Ok(Self { text: text.trim().to_owned(), conditions })
    }
}

fn condition(text: &str) -> Option<(Comparison, Vec<u64>)> {
    let text = text.trim();
    let sign = SIGNS.iter().find_map(|(sign, kind)| Some((*kind, text.strip_prefix(sign)?)));
    let (kind, version) = sign.unwrap_or((Comparison::Line, text));
    let version = version.trim();
    // Signs and spaces are refused: `parse::<u64>` alone would take `+1`.
    let plain = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let numbers = version.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    (plain && numbers.len() <= 6).then_some((kind, numbers))
}

impl Requirement {
    /// Whether a version (dotted numbers, anything after them ignored) meets every condition.
    pub fn accepts(&self, version: &str) -> bool {
        let Some(version) = numbers(version) else { return false };
        self.conditions.iter().all(|(kind, wanted)| {
            let order = compare(&version, wanted);
            let same_line =
                wanted.iter().zip(version.iter().chain(std::iter::repeat(&0))).all(|(w, v)| w == v);
            match kind {
                Comparison::AtLeast => order != Ordering::Less,
                Comparison::AtMost => order != Ordering::Greater || same_line,
                Comparison::Above => order == Ordering::Greater && !same_line,
                Comparison::Below => order == Ordering::Less,
                Comparison::Line => same_line,
                Comparison::Not => !same_line,
            }
        })
    }
}

/// The first dotted number in a line such as `Python 3.11.2`: `3.11.2`.
pub fn find(line: &str) -> Option<&str> {
    let word = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    let start = |word: &str| word.trim_start_matches(['v', 'V', '(', '"', '\'']).len();
    let candidate = line.split([' ', ',', ';', '-', '_']).map(|w| &w[w.len() - start(w)..]).find(word)?;
    let end = candidate.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(candidate.len());
    Some(candidate[..end].trim_end_matches('.'))
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.trim_start_matches('v');
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let version = version[..end].trim_end_matches('.');
    version.split('.').map(|part| part.parse().ok()).collect()
}

fn compare(a: &[u64], b: &[u64]) -> Ordering {
    let part = |list: &[u64], n: usize| list.get(n).copied().unwrap_or(0);
    (0..a.len().max(b.len()))
        .map(|n| part(a, n).cmp(&part(b, n)))
        .find(|o| o.is_ne())
        .unwrap_or(Ordering::Equal)
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Requirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_accept_and_refuse() {
        let cases = [
            (">=3.9", "3.11.2", true),
            (">=3.9", "3.8.20", false),
            (">=1.80, <2", "1.95.0", true),
            (">=1.80, <2", "2.0.0", false),
            ("3.11", "3.11.7", true),
            ("3.11", "3.1.1", false),
            ("<=3", "3.11", true),
            (">3", "3.11", false),
            ("!=3.11.7", "3.11.7", false),
            ("=12.2", "12.2.0-14+deb12u1", true),
        ];
        for (requirement, version, expected) in cases {
            let parsed: Requirement = requirement.parse().unwrap();
            assert_eq!(parsed.accepts(version), expected, "{requirement} {version}");
        }
        for bad in ["", ">=", "latest", "1..2", "~1.2", ">=+1", "1,,2"] {
            assert_eq!(bad.parse::<Requirement>(), Err(BadRequirement), "{bad}");
        }
    }

    #[test]
    fn versions_are_found_in_what_tools_print() {
        assert_eq!(find("Python 3.11.2"), Some("3.11.2"));
        assert_eq!(find("cargo 1.95.0 (f2d3ce0bd 2026-03-21)"), Some("1.95.0"));
        assert_eq!(find("cc (Debian 12.2.0-14+deb12u1) 12.2.0"), Some("12.2.0"));
        assert_eq!(find("git version 2.39.5"), Some("2.39.5"));
        assert_eq!(find("v18.20.4"), Some("18.20.4"));
        assert_eq!(find("go version go1.22.1 linux/amd64"), None);
        assert_eq!(find("usage: tool"), None);
    }
}
