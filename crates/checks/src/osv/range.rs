//! Whether a version is affected: the evaluation algorithm of the OSV specification.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{schema::Advisory, version::compare};
use crate::sbom::Ecosystem;

/// How the versions of a range are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RangeKind {
    /// As Semantic Versioning 2.0 says.
    Semver,
    /// As the ecosystem says.
    Ecosystem,
}

/// One event of a range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Affected from here on. `0` is before every version.
    Introduced(String),
    /// Not affected from here on.
    Fixed(String),
    /// Affected up to and with this one.
    LastAffected(String),
    /// Nothing from here on is meant. `*` is no limit.
    Limit(String),
}

impl Event {
    fn version(&self) -> &str {
        match self {
            Self::Introduced(v) | Self::Fixed(v) | Self::LastAffected(v) | Self::Limit(v) => v,
        }
    }
}

/// A range of versions as a list of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The order.
    pub kind: RangeKind,
    /// Events, in any order.
    pub events: Vec<Event>,
}

/// About how many versions [`affected`] compares.
pub fn effort(advisory: &Advisory) -> u64 {
    let sorting =
        |range: &Range| range.events.len() as u64 * (2 + u64::from(range.events.len().max(1).ilog2()));
    1 + advisory.versions.len() as u64 + advisory.ranges.iter().map(sorting).sum::<u64>()
}

/// Whether `version` is affected. `None` when a comparison that matters was not possible.
pub fn affected(ecosystem: Ecosystem, version: &str, advisory: &Advisory) -> Option<bool> {
    let same =
        |listed: &String| listed == version || order(ecosystem, listed, version) == Some(Ordering::Equal);
    if advisory.versions.iter().any(same) {
        return Some(true);
    }
    let mut known = true;
    for range in &advisory.ranges {
        match in_range(ecosystem, version, range) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => known = false,
        }
    }
    known.then_some(false)
}

fn in_range(ecosystem: Ecosystem, version: &str, range: &Range) -> Option<bool> {
    let ecosystem = match range.kind {
        // SemVer ranges are used for Rust, JavaScript and Go, whose order is SemVer in any case.
        RangeKind::Semver => Ecosystem::Cargo,
        RangeKind::Ecosystem => ecosystem,
    };
    let limits: Vec<&str> =
        range.events.iter().filter(|e| matches!(e, Event::Limit(_))).map(Event::version).collect();
    if !limits.is_empty() && !before_limits(ecosystem, version, &limits)? {
        return Some(false);
    }
    let mut vulnerable = false;
    for event in sorted(ecosystem, &range.events)? {
        let at = order(ecosystem, version, event.version())?;
        match event {
            Event::Introduced(_) if at.is_ge() => vulnerable = true,
            Event::Fixed(_) if at.is_ge() => vulnerable = false,
            Event::LastAffected(_) if at.is_gt() => vulnerable = false,
            _ => {}
        }
    }
    Some(vulnerable)
}

fn before_limits(ecosystem: Ecosystem, version: &str, limits: &[&str]) -> Option<bool> {
    for limit in limits {
        if *limit == "*" || order(ecosystem, version, limit)?.is_lt() {
            return Some(true);
        }
    }
    Some(false)
}

/// Events by version. At the same version an introduction comes first for `last_affected` (a range of
/// one version) and last for `fixed` (fixed and broken again means broken).
fn sorted(ecosystem: Ecosystem, events: &[Event]) -> Option<Vec<&Event>> {
    let mut sorted: Vec<&Event> = events.iter().filter(|e| !matches!(e, Event::Limit(_))).collect();
    let mut known = true;
    sorted.sort_by(|a, b| {
        let order = order(ecosystem, a.version(), b.version());
        known &= order.is_some();
        order.unwrap_or(Ordering::Equal).then(rank(a).cmp(&rank(b)))
    });
    known.then_some(sorted)
}

fn rank(event: &Event) -> u8 {
    match event {
        Event::Fixed(_) => 0,
        Event::Introduced(_) => 1,
        Event::LastAffected(_) | Event::Limit(_) => 2,
    }
}

/// The smallest fixed version above `version`, of all ranges that contain it.
pub fn fixed_after<'a>(ecosystem: Ecosystem, version: &str, advisory: &'a Advisory) -> Option<&'a str> {
    let containing = advisory.ranges.iter().filter(|r| in_range(ecosystem, version, r) == Some(true));
    let fixes = containing.flat_map(|r| &r.events).filter_map(|e| match e {
        Event::Fixed(v) if order(ecosystem, v, version) == Some(Ordering::Greater) => Some(v.as_str()),
        _ => None,
    });
    fixes.min_by(|a, b| order(ecosystem, a, b).unwrap_or(Ordering::Equal))
}

fn order(ecosystem: Ecosystem, a: &str, b: &str) -> Option<Ordering> {
    match (a, b) {
        ("0", "0") => Some(Ordering::Equal),
        ("0", _) => Some(Ordering::Less),
        (_, "0") => Some(Ordering::Greater),
        _ => compare(ecosystem, a, b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advisory(events: &[(&str, &str)]) -> Advisory {
        let event =
            |(kind, v): &(&str, &str)| serde_json::from_value(serde_json::json!({ *kind: v })).unwrap();
        serde_json::from_value(serde_json::json!({
            "id": "X-1", "severity": "high",
            "ranges": [{ "kind": "ecosystem", "events": events.iter().map(event).collect::<Vec<Event>>() }],
        }))
        .unwrap()
    }

    #[test]
    fn ranges_are_evaluated_as_the_specification_says() {
        let a = advisory(&[("fixed", "5.2"), ("introduced", "4.0"), ("introduced", "5.0"), ("fixed", "4.3")]);
        let is = |v: &str| affected(Ecosystem::Pypi, v, &a);
        assert_eq!(
            ["3.9", "4.0", "4.2.9", "4.3", "5.0rc1", "5.0", "5.2"].map(is),
            [false, true, true, false, false, true, false].map(Some)
        );
        assert_eq!(fixed_after(Ecosystem::Pypi, "4.1", &a), Some("4.3"));
        assert_eq!(is("not a version"), None);

        let b = advisory(&[("introduced", "0"), ("last_affected", "1.4")]);
        assert_eq!(
            ["0.1", "1.4", "1.4.1"].map(|v| affected(Ecosystem::Npm, v, &b)),
            [true, true, false].map(Some)
        );

        let c = advisory(&[("introduced", "0"), ("limit", "2.0")]);
        assert_eq!(["1.9", "2.0"].map(|v| affected(Ecosystem::Gem, v, &c)), [true, false].map(Some));
    }

    #[test]
    fn listed_versions_are_affected_whatever_the_ranges_say() {
        let mut a = advisory(&[("introduced", "9")]);
        a.versions = vec!["1.0".into()];
        assert_eq!(affected(Ecosystem::Pypi, "1.0.0", &a), Some(true));
    }
}
