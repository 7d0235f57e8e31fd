//! The catalogue of known exploited vulnerabilities (CISA KEV, JSON).

use std::collections::BTreeSet;

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
}

/// The CVE ids of a catalogue and its date; `None` when `bytes` is something else.
pub fn parse(bytes: &[u8]) -> Option<(BTreeSet<String>, Option<Timestamp>)> {
    let catalogue: Catalogue = serde_json::from_slice(bytes).ok()?;
    let date = catalogue.date_released.as_deref().and_then(|d| d.parse().ok());
    (!catalogue.catalog_version.is_empty())
        .then(|| (catalogue.vulnerabilities.into_iter().map(|entry| entry.cve).collect(), date))
}
