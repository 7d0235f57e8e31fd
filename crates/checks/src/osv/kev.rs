//! The catalogue of known exploited vulnerabilities (CISA KEV, JSON).

use std::collections::BTreeMap;

use model::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    catalog_version: String,
    date_released: Option<String>,
    vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(default, rename = "dateAdded")]
    added: String,
}

/// The CVE ids of a catalogue with the day they were added, and its date; `None` when `bytes` is something else.
pub fn parse(bytes: &[u8]) -> Option<(BTreeMap<String, String>, Option<Timestamp>)> {
    let catalogue: Catalogue = serde_json::from_slice(bytes).ok()?;
    let date = catalogue.date_released.as_deref().and_then(|d| d.parse().ok());
    let of = |entry: Entry| (entry.cve, entry.added.chars().take(10).collect());
    (!catalogue.catalog_version.is_empty())
        .then(|| (catalogue.vulnerabilities.into_iter().map(of).collect(), date))
}
