//! RustSec advisories: Markdown with a TOML head, turned into OSV.
//!
//! RustSec lists what is *not* affected (`patched`, `unaffected`) as Cargo requirements. They become
//! half-open intervals, and the ranges are what lies between them.

use semver::{BuildMetadata, Comparator, Op, Prerelease, Version, VersionReq};
use serde::Deserialize;
use serde_json::json;

use super::{
    range::Event,
    schema::{Affected, Osv, OsvRange, OsvSeverity, Package, Reference},
};
use crate::sbom::Ecosystem;

#[derive(Deserialize)]
struct Head {
    advisory: Meta,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct Meta {
    id: String,
    package: String,
    date: String,
    #[serde(default)]
    aliases: Vec<String>,
    cvss: Option<String>,
    url: Option<String>,
    informational: Option<String>,
    withdrawn: Option<String>,
    collection: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Versions {
    patched: Vec<String>,
    unaffected: Vec<String>,
}

/// Parses one advisory file. `None` when it is not about a crate (the Rust distribution itself).
pub fn parse(path: &str, text: &str) -> Result<Option<Osv>, String> {
    let (head, body) = split(text).ok_or("no TOML head between ```toml and ```")?;
    let head: Head = toml::from_str(head).map_err(|e| e.to_string().replace('\n', " "))?;
    let meta = head.advisory;
    if meta.collection.as_deref() == Some("rust") || path.starts_with("rust/") || path.contains("/rust/") {
        return Ok(None);
    }
    let mut safe = Vec::new();
    for requirement in head.versions.patched.iter().chain(&head.versions.unaffected) {
        safe.push(
            interval(requirement).ok_or_else(|| format!("requirement `{requirement}` is not understood"))?,
        );
    }
    let range = OsvRange { kind: "SEMVER".to_owned(), events: between(safe) };
    let title = body.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default();
    let details = body.lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>().join("\n");
    let affected = Affected {
        package: Package { ecosystem: Ecosystem::Cargo.osv_name().to_owned(), name: meta.package },
        ranges: vec![range],
        database_specific: json!({ "informational": meta.informational }),
        ..Affected::default()
    };
    Ok(Some(Osv {
        id: meta.id,
        published: Some(format!("{}T00:00:00Z", meta.date)),
        modified: Some(format!("{}T00:00:00Z", meta.date)),
        withdrawn: meta.withdrawn,
        aliases: Some(meta.aliases),
        summary: Some(title.trim().to_owned()),
        details: Some(details),
        severity: meta.cvss.into_iter().map(|v| OsvSeverity { kind: cvss_kind(&v), score: v }).collect(),
        affected: vec![affected],
        references: meta.url.into_iter().map(|url| Reference { kind: "ADVISORY".to_owned(), url }).collect(),
        ..Osv::default()
    }))
}

fn cvss_kind(vector: &str) -> String {
    if vector.starts_with("CVSS:4") { "CVSS_V4".to_owned() } else { "CVSS_V3".to_owned() }
}

fn split(text: &str) -> Option<(&str, &str)> {
    let start = text.find("```toml")? + "```toml".len();
    let end = start + text[start..].find("\n```")?;
    Some((&text[start..end], &text[end + 4..]))
}

/// From (inclusive) and to (exclusive); absent means without bound.
type Interval = (Option<Version>, Option<Version>);

fn interval(requirement: &str) -> Option<Interval> {
    let requirement = VersionReq::parse(requirement).ok()?;
    let mut whole: Interval = (None, None);
    for comparator in &requirement.comparators {
        let (from, to) = one(comparator)?;
        whole.0 = whole.0.max(from);
        whole.1 = match (whole.1, to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Some(whole)
}

fn one(c: &Comparator) -> Option<Interval> {
    let base = Version {
        major: c.major,
        minor: c.minor.unwrap_or(0),
        patch: c.patch.unwrap_or(0),
        pre: c.pre.clone(),
        build: BuildMetadata::EMPTY,
    };
    // The first version after everything that a partial version means: `1.2` ends before `1.3.0-0`.
    let end = match (c.minor, c.patch) {
        (None, _) => first(c.major.checked_add(1)?, 0, 0)?,
        (Some(minor), None) => first(c.major, minor.checked_add(1)?, 0)?,
        _ => after(&base)?,
    };
    Some(match c.op {
        Op::GreaterEq => (Some(base), None),
        Op::Greater => (Some(end), None),
        Op::Less => (None, Some(base)),
        Op::LessEq => (None, Some(end)),
        Op::Exact | Op::Wildcard => (Some(base), Some(end)),
        Op::Tilde if c.minor.is_some() => (Some(base), Some(first(c.major, c.minor?.checked_add(1)?, 0)?)),
        Op::Tilde => (Some(base), Some(end)),
        Op::Caret => (Some(base), Some(caret_end(c)?)),
        _ => return None,
    })
}

fn caret_end(c: &Comparator) -> Option<Version> {
    match (c.major, c.minor, c.patch) {
        (0, Some(0), Some(patch)) => first(0, 0, patch.checked_add(1)?),
        (0, Some(minor), _) => first(0, minor.checked_add(1)?, 0),
        (major, _, _) => first(major.checked_add(1)?, 0, 0),
    }
}

/// The lowest version with these numbers: its pre-release `0`.
fn first(major: u64, minor: u64, patch: u64) -> Option<Version> {
    let pre = Prerelease::new("0").ok()?;
    Some(Version { major, minor, patch, pre, build: BuildMetadata::EMPTY })
}

/// The lowest version above `version`.
fn after(version: &Version) -> Option<Version> {
    if version.pre.is_empty() {
        return first(version.major, version.minor, version.patch.checked_add(1)?);
    }
    Some(Version { pre: Prerelease::new(&format!("{}.0", version.pre)).ok()?, ..version.clone() })
}

/// The events of everything outside the safe intervals.
fn between(mut safe: Vec<Interval>) -> Vec<Event> {
    safe.sort();
    let mut events = Vec::new();
    let mut open: Option<String> = Some("0".to_owned());
    let mut reached: Option<Version> = None;
    for (from, to) in safe {
        if from.as_ref() > reached.as_ref() && open.is_some() {
            events.extend(open.take().map(Event::Introduced));
            events.extend(from.as_ref().map(|v| Event::Fixed(v.to_string())));
        }
        let Some(to) = to else { return events };
        if reached.as_ref().is_none_or(|r| to > *r) {
            open = Some(to.to_string());
            reached = Some(to);
        }
    }
    events.extend(open.map(Event::Introduced));
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::osv::affected;

    fn advisory(patched: &str, unaffected: &str) -> Osv {
        let text = format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2099-0001\"\npackage = \"x\"\ndate = \"2099-01-02\"\n\n\
             [versions]\npatched = {patched}\nunaffected = {unaffected}\n```\n\n# Title\n\nText.\n"
        );
        parse("crates/x/RUSTSEC-2099-0001.md", &text).unwrap().unwrap()
    }

    #[test]
    fn what_lies_between_patched_versions_is_affected() {
        let osv = advisory("[\">= 2.1.0\", \"^1.4.2\"]", "[\"< 0.5.0\"]");
        let record = &osv.records()[0].2;
        let is = |v: &str| affected(Ecosystem::Cargo, v, record).unwrap();
        let versions = ["0.4.9", "0.5.0", "1.4.1", "1.4.2", "1.9.0", "2.0.0-rc.1", "2.0.0", "2.1.0"];
        assert_eq!(versions.map(is), [false, true, true, false, false, true, true, false]);
        assert_eq!(osv.summary.as_deref(), Some("Title"));
    }

    #[test]
    fn without_a_patch_everything_is_affected() {
        let record = advisory("[]", "[]").records().remove(0).2;
        assert_eq!(affected(Ecosystem::Cargo, "7.0.0", &record), Some(true));
        let record = advisory("[]", "[\"<= 1.0.0\", \"= 3.0.0\"]").records().remove(0).2;
        let is = |v: &str| affected(Ecosystem::Cargo, v, &record).unwrap();
        assert_eq!(["1.0.0", "1.0.1-a", "1.0.1", "3.0.0", "3.0.1"].map(is), [false, true, true, false, true]);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_heads_never_panic(patched in "[<>=~^*0-9., a-]{0,20}", text in ".{0,80}") {
            let _ = interval(&patched).map(|i| between(vec![i]));
            let _ = parse("a.md", &format!("```toml\n{text}\n```"));
        }
    }
}
