//! The OSV schema as it is read (tolerant of what we do not use), and what is kept of it.

use std::collections::HashMap;

use model::{Severity, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    range::{Event, Range, RangeKind},
    severity,
};
use crate::sbom::{Ecosystem, pypi_name};

/// Longest text kept of `details`.
const LONGEST_DETAILS: usize = 600;

/// Most versions that one advisory may name of one package, one by one or by events of ranges.
pub const MOST_VERSIONS: usize = 20_000;

/// One advisory as published.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Osv {
    pub id: String,
    pub published: Option<String>,
    pub modified: Option<String>,
    pub withdrawn: Option<String>,
    pub aliases: Option<Vec<String>>,
    pub upstream: Option<Vec<String>>,
    pub summary: Option<String>,
    pub details: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub severity: Vec<OsvSeverity>,
    #[serde(deserialize_with = "or_default")]
    pub affected: Vec<Affected>,
    #[serde(deserialize_with = "or_default")]
    pub references: Vec<Reference>,
    pub database_specific: Value,
}

/// One entry of `severity`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OsvSeverity {
    #[serde(rename = "type")]
    pub kind: String,
    pub score: String,
}

/// One entry of `affected`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Affected {
    pub package: Package,
    #[serde(deserialize_with = "or_default")]
    pub ranges: Vec<OsvRange>,
    #[serde(deserialize_with = "or_default")]
    pub versions: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub severity: Vec<OsvSeverity>,
    pub ecosystem_specific: Value,
    pub database_specific: Value,
}

/// The package of an `affected`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Package {
    pub ecosystem: String,
    pub name: String,
}

/// One range of an `affected`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OsvRange {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(deserialize_with = "or_default")]
    pub events: Vec<Event>,
}

/// One entry of `references`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reference {
    #[serde(rename = "type")]
    pub kind: String,
    pub url: String,
}

/// `null` where a list is expected means an empty list.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// What the index keeps of an advisory, for one package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// Id in its database.
    pub id: String,
    /// Ids of the same vulnerability elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// One line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The beginning of the description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub details: String,
    /// Severity.
    pub severity: Severity,
    /// CVSS base score, when there is a vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<f64>,
    /// CWE numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<u32>,
    /// A page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// Ranges that can be compared (never `GIT`).
    pub ranges: Vec<Range>,
    /// Versions listed one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
}

impl Osv {
    /// When it was last changed.
    pub fn modified(&self) -> Option<Timestamp> {
        self.modified.as_deref()?.parse().ok()
    }

    /// Whether it names more versions than can be compared with those of every component.
    pub fn too_many_versions(&self) -> bool {
        let events = |a: &Affected| a.ranges.iter().map(|range| 1 + range.events.len()).sum::<usize>();
        let mut packages: HashMap<&str, usize> = HashMap::new();
        self.affected.iter().any(|affected| {
            let sum = packages.entry(&affected.package.name).or_default();
            *sum += affected.versions.len() + events(affected);
            *sum > MOST_VERSIONS
        })
    }

    /// One record per package of an ecosystem that we can compare; entries of the same package are
    /// joined.
    pub fn records(&self) -> Vec<(Ecosystem, String, Advisory)> {
        let mut records: Vec<(Ecosystem, String, Advisory)> = Vec::new();
        for affected in &self.affected {
            let Some(ecosystem) = Ecosystem::from_osv(&affected.package.ecosystem) else { continue };
            let name = package_key(ecosystem, &affected.package.name);
            let record = self.record(affected);
            if record.ranges.is_empty() && record.versions.is_empty() {
                continue;
            }
            match records.iter_mut().find(|(e, n, _)| *e == ecosystem && *n == name) {
                None => records.push((ecosystem, name, record)),
                Some((_, _, known)) => {
                    known.ranges.extend(record.ranges);
                    known.versions.extend(record.versions);
                    if record.severity > known.severity {
                        (known.severity, known.cvss) = (record.severity, record.cvss);
                    }
                }
            }
        }
        records
    }

    fn record(&self, affected: &Affected) -> Advisory {
        let (severity, cvss) = severity::of(self, affected);
        let kind = |kind: &str| match kind {
            "SEMVER" => Some(RangeKind::Semver),
            "ECOSYSTEM" => Some(RangeKind::Ecosystem),
            _ => None,
        };
        let ranges = affected
            .ranges
            .iter()
            .filter_map(|r| Some(Range { kind: kind(&r.kind)?, events: r.events.clone() }));
        let related = self.aliases.iter().chain(&self.upstream).flatten();
        Advisory {
            id: self.id.clone(),
            aliases: related.cloned().collect(),
            summary: self.summary.clone().unwrap_or_default(),
            details: cut(self.details.as_deref().unwrap_or_default()),
            severity,
            cvss,
            cwe: self.cwe(),
            url: self.url(),
            published: self.published.as_deref().and_then(|at| at.parse().ok()),
            ranges: ranges.collect(),
            versions: affected.versions.clone(),
        }
    }

    fn cwe(&self) -> Vec<u32> {
        let ids = ["cwe_ids", "cwes"]
            .into_iter()
            .filter_map(|key| self.database_specific.get(key)?.as_array())
            .flatten();
        ids.filter_map(|id| id.as_str()?.strip_prefix("CWE-")?.parse().ok()).collect()
    }

    fn url(&self) -> Option<String> {
        let first = |kind: &str| self.references.iter().find(|r| r.kind == kind && r.url.starts_with("http"));
        ["ADVISORY", "REPORT", "WEB"].into_iter().find_map(first).map(|r| r.url.clone())
    }
}

fn cut(details: &str) -> String {
    match details.char_indices().nth(LONGEST_DETAILS) {
        Some((end, _)) => format!("{}…", details[..end].trim_end()),
        None => details.trim().to_owned(),
    }
}

/// The name under which a package is found: Python and PHP names are compared in normal form.
pub fn package_key(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::Pypi => pypi_name(name),
        Ecosystem::Composer => name.to_lowercase(),
        _ => name.to_owned(),
    }
}
