//! `signing_config.json` (`dev.sigstore.trustroot.v1.SigningConfig` v0.2 as JSON): which services to sign with.

use model::Timestamp;
use serde::Deserialize;

use super::{KeylessError, Service};
use crate::{json, keys::signers::repeated, sigstore::Window};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
/// Largest signing config that is read, in bytes.
pub const MAX_CONFIG: usize = 1 << 20;
/// Most services of one kind that are listed, and most time-stamps that are taken.
const MOST: usize = 100;
const MOST_STAMPS: u64 = 16;
/// Versions that are spoken here.
const FULCIO: u64 = 1;
const REKOR: u64 = 2;
const TIMESTAMP: u64 = 1;

/// A signing config. Fields that are not known here are ignored.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningConfig {
    media_type: String,
    #[serde(default)]
    ca_urls: Vec<Entry>,
    #[serde(default)]
    rekor_tlog_urls: Vec<Entry>,
    #[serde(default)]
    rekor_tlog_config: Option<Selection>,
    #[serde(default)]
    tsa_urls: Vec<Entry>,
    #[serde(default)]
    tsa_config: Option<Selection>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    url: String,
    major_api_version: u64,
    valid_for: Window,
    #[serde(default)]
    operator: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Selection {
    selector: Selector,
    #[serde(default)]
    count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Selector {
    All,
    Any,
    Exact,
}

/// The services for one act of signing: their addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// The Fulcio.
    pub authority: String,
    /// The Rekor v2.
    pub log: String,
    /// Time-stamping authorities, at least one.
    pub stampers: Vec<String>,
}

impl SigningConfig {
    /// Reads a signing config of at most [`MAX_CONFIG`] bytes and 100 services of a kind.
    ///
    /// # Errors
    /// [`KeylessError::Config`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeylessError> {
        let wrong = |why: String| KeylessError::Config(repeated(&why));
        let config: Self = json::parse(bytes, MAX_CONFIG).map_err(|error| wrong(error.to_string()))?;
        if config.media_type != MEDIA_TYPE {
            return Err(wrong(format!("its media type is `{}`", config.media_type)));
        }
        let lists = [&config.ca_urls, &config.rekor_tlog_urls, &config.tsa_urls];
        match lists.iter().all(|list| list.len() <= MOST) {
            true => Ok(config),
            false => Err(wrong(format!("it lists more than {MOST} services of a kind"))),
        }
    }

    /// The services to use at `now`: those in force that speak a version known here, at most one of each
    /// operator (the first, as the newest stands first), as many as the selector wants.
    ///
    /// # Errors
    /// [`KeylessError::NoService`], [`KeylessError::RekorVersion`], [`KeylessError::SeveralLogs`], or
    /// [`KeylessError::Config`] for a count that cannot be.
    pub fn services(&self, now: Timestamp) -> Result<Services, KeylessError> {
        let none = |service| KeylessError::NoService { service, at: now };
        let authority = usable(&self.ca_urls, FULCIO, now).into_iter().next();
        let authority = authority.ok_or(none(Service::Fulcio))?;
        let logs = usable(&self.rekor_tlog_urls, REKOR, now);
        if logs.is_empty() {
            let other = self.rekor_tlog_urls.iter().find(|entry| entry.valid_for.holds(now));
            return Err(other.map_or(none(Service::Rekor), |log| KeylessError::RekorVersion {
                url: repeated(&log.url),
                version: log.major_api_version,
            }));
        }
        let mut logs = wanted(logs, self.rekor_tlog_config.as_ref(), Service::Rekor, now)?;
        let (Some(log), true) = (logs.pop(), logs.is_empty()) else { return Err(KeylessError::SeveralLogs) };
        let stampers = usable(&self.tsa_urls, TIMESTAMP, now);
        let stampers = wanted(stampers, self.tsa_config.as_ref(), Service::Stamper, now)?;
        Ok(Services { authority, log, stampers })
    }
}

/// The first of each operator that is in force and speaks `version`.
fn usable(entries: &[Entry], version: u64, now: Timestamp) -> Vec<String> {
    let mut found: Vec<&Entry> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.major_api_version == version) {
        if entry.valid_for.holds(now) && !found.iter().any(|known| known.operator == entry.operator) {
            found.push(entry);
        }
    }
    found.into_iter().map(|entry| entry.url.clone()).collect()
}

/// As many as are to be used; one when nothing is said.
fn wanted(
    mut found: Vec<String>,
    selection: Option<&Selection>,
    service: Service,
    now: Timestamp,
) -> Result<Vec<String>, KeylessError> {
    let count = match selection {
        Some(Selection { selector: Selector::All, .. }) => found.len().max(1) as u64,
        Some(Selection { selector: Selector::Exact, count }) => *count,
        Some(Selection { selector: Selector::Any, .. }) | None => 1,
    };
    if !(1..=MOST_STAMPS).contains(&count) {
        let why = format!("{count} services of {} are wanted, 1 to {MOST_STAMPS} can be", service.name());
        return Err(KeylessError::Config(why));
    }
    if (found.len() as u64) < count {
        return Err(KeylessError::NoService { service, at: now });
    }
    found.truncate(count as usize);
    Ok(found)
}
