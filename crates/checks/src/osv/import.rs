//! `feeds import`: reads a feed and replaces its index file.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use model::{Skipped, Timestamp};
use serde::Serialize;

use super::{
    FeedError, archive, kev,
    products::{self, Product},
    rustsec,
    schema::{MOST_VERSIONS, Osv},
    store::{EcosystemMeta, FeedMeta, IndexDir, Records, write},
};
use crate::yaml;

/// What an import did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedReport {
    /// Name of the feed.
    pub feed: String,
    /// The index file.
    pub file: PathBuf,
    /// Advisories that are now in the index.
    pub advisories: u64,
    /// Packages that they are about.
    pub packages: u64,
    /// Advisories per OSV ecosystem.
    pub ecosystems: BTreeMap<String, u64>,
    /// Newest change of any advisory.
    pub newest: Option<Timestamp>,
    /// Left out: withdrawn by their publisher.
    pub withdrawn: u64,
    /// Left out: only ecosystems that are not matched, or only `GIT` ranges.
    pub not_matched: u64,
    /// CVE ids of a KEV catalogue.
    pub exploited: u64,
    /// Products of endoflife data.
    pub products: u64,
    /// Files that are not an advisory: how many,
    pub rejected: u64,
    /// and the first of them with the reason.
    pub rejected_first: Vec<Skipped>,
}

/// Most rejected files that are listed.
const MOST_REJECTED: usize = 20;

/// Imports the feed at `path` under `feed`; what the index had under this name is replaced.
///
/// # Errors
/// [`FeedError`]; the old index stays as it was.
pub fn import(path: &Path, feed: &str, dir: &IndexDir, now: Timestamp) -> Result<FeedReport, FeedError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if feed.is_empty() || feed.len() > 64 || feed.starts_with('.') || !feed.chars().all(plain) {
        return Err(FeedError::Name(feed.to_owned()));
    }
    let mut collector = Collector::default();
    archive::each(path, &archive::Limits::default(), &mut |name, bytes| collector.file(name, bytes))?;
    if collector.advisories.is_empty() && collector.exploited.is_empty() && collector.products.is_empty() {
        let first = collector.rejected_first.first().map(|r| format!("{}: {}", r.what, r.why));
        return Err(FeedError::Empty { path: path.to_owned(), first });
    }
    collector.store(feed, dir, now)
}

#[derive(Default)]
struct Collector {
    advisories: HashMap<String, Osv>,
    exploited: BTreeMap<String, String>,
    products: BTreeMap<String, Product>,
    catalogue: Option<Timestamp>,
    rejected: u64,
    rejected_first: Vec<Skipped>,
}

impl Collector {
    fn file(&mut self, name: &str, bytes: &[u8]) {
        match self.read(name, bytes) {
            Ok(()) => {}
            Err(why) => {
                self.rejected += 1;
                if self.rejected_first.len() < MOST_REJECTED {
                    let why = why.chars().take(300).collect();
                    self.rejected_first.push(Skipped { what: name.to_owned(), why });
                }
            }
        }
    }

    fn read(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let end = name.rsplit('.').next().unwrap_or_default();
        match end {
            "md" => {
                let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
                if !text.contains("```toml") {
                    return Ok(()); // a README
                }
                rustsec::parse(name, text)?.map_or(Ok(()), |osv| self.add(osv))
            }
            "yaml" | "yml" => {
                let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
                let json = yaml::parse(text).map_err(|e| e.to_string())?.to_json();
                self.add(serde_json::from_value(json).map_err(|e| e.to_string())?)
            }
            _ => self.json(name, bytes),
        }
    }

    /// One advisory, a list of them, the KEV catalogue, or endoflife data.
    fn json(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
        if first == Some(&b'[') {
            let all: Vec<Osv> = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
            return all.into_iter().try_for_each(|osv| self.add(osv));
        }
        let osv = serde_json::from_slice::<Osv>(bytes).map_err(|e| e.to_string())?;
        if osv.id.is_empty()
            && let Some((ids, date)) = kev::parse(bytes)
        {
            self.exploited.extend(ids);
            self.catalogue = self.catalogue.max(date);
            return Ok(());
        }
        if osv.id.is_empty()
            && let Some(products) = products::parse(name, bytes)
        {
            self.products.extend(products);
            return Ok(());
        }
        self.add(osv)
    }

    /// The newest version of an advisory wins.
    fn add(&mut self, osv: Osv) -> Result<(), String> {
        if osv.id.is_empty() || osv.modified().is_none() {
            return Err("no `id` or no valid `modified`: not an OSV advisory".to_owned());
        }
        if osv.too_many_versions() {
            return Err(format!("{} names more than {MOST_VERSIONS} versions of a package", osv.id));
        }
        match self.advisories.get(&osv.id) {
            Some(known) if known.modified() >= osv.modified() => {}
            _ => drop(self.advisories.insert(osv.id.clone(), osv)),
        }
        Ok(())
    }

    fn store(self, feed: &str, dir: &IndexDir, now: Timestamp) -> Result<FeedReport, FeedError> {
        let mut records = Records::new();
        let mut ecosystems: BTreeMap<String, EcosystemMeta> = BTreeMap::new();
        let (mut withdrawn, mut not_matched, mut kept) = (0, 0, 0);
        let mut sorted: Vec<&Osv> = self.advisories.values().collect();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        for osv in sorted {
            if osv.withdrawn.is_some() {
                withdrawn += 1;
                continue;
            }
            let made = osv.records();
            match made.is_empty() {
                true => not_matched += 1,
                false => kept += 1,
            }
            let mut counted = Vec::new();
            for (ecosystem, name, advisory) in made {
                if !counted.contains(&ecosystem) {
                    let meta = ecosystems.entry(ecosystem.osv_name().to_owned()).or_default();
                    meta.advisories += 1;
                    meta.newest = meta.newest.max(osv.modified());
                    counted.push(ecosystem);
                }
                records.entry((ecosystem, name)).or_default().push(advisory);
            }
        }
        let newest = ecosystems.values().map(|m| m.newest).max().flatten().max(self.catalogue);
        let newest = newest.max(products::newest(&self.products, now));
        let counts = ecosystems.iter().map(|(name, meta)| (name.clone(), meta.advisories)).collect();
        let exploited = self.exploited.len() as u64;
        let products = self.products.len() as u64;
        let written = (products > 0).then(|| products::write(dir, feed, &self.products)).transpose()?;
        let meta = FeedMeta {
            feed: feed.to_owned(),
            imported_at: now,
            newest,
            ecosystems,
            exploited: self.exploited.keys().cloned().collect(),
            exploited_since: self.exploited.into_iter().filter(|(_, day)| !day.is_empty()).collect(),
            products: written,
        };
        Ok(FeedReport {
            feed: feed.to_owned(),
            file: write(dir, &meta, &records)?,
            advisories: kept,
            packages: records.len() as u64,
            ecosystems: counts,
            newest,
            withdrawn,
            not_matched,
            exploited,
            products,
            rejected: self.rejected,
            rejected_first: self.rejected_first,
        })
    }
}
