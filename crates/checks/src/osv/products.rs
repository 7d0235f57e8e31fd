//! Releases of products and when they end: endoflife data, as its release-data files have it
//! (`releases/django.json`) and as its API answers (`/api/v1/products/full`).
//!
//! Kept beside the index, one file a feed: the SHA-256 of the rest in the first line, then JSON. The index file
//! names the same digest, so that the statement about the feed covers it.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use model::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FeedError, IndexDir};

/// Most products of a feed, and most releases or versions of one that are kept.
const MOST: usize = 5_000;
/// Largest file that is read back.
const LARGEST: u64 = 256 << 20;

/// What is known of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Release lines, by name (`4.2`).
    pub cycles: BTreeMap<String, Cycle>,
    /// Days of release (`YYYY-MM-DD`) by version.
    pub versions: BTreeMap<String, String>,
}

/// A release line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cycle {
    /// When it came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// Its last day; absent when there is none, or none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// Said to have ended, with or without a day.
    #[serde(default)]
    pub ended: bool,
}

/// Products in a file; none when it is something else. `name` is the file's.
pub fn parse(name: &str, bytes: &[u8]) -> Option<BTreeMap<String, Product>> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    if let Some(all) = value["result"].as_array() {
        let named = all.iter().take(MOST).filter_map(|one| Some((id(one["name"].as_str()?)?, of_api(one)?)));
        return Some(named.collect::<BTreeMap<_, _>>()).filter(|all| !all.is_empty());
    }
    value["releases"].as_object()?;
    let stem = name.rsplit('/').next()?.strip_suffix(".json")?;
    Some([(id(stem)?, of_release_data(&value))].into())
}

fn id(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    (!text.is_empty() && text.len() <= 100 && text.chars().all(fits)).then(|| text.to_owned())
}

fn of_release_data(value: &Value) -> Product {
    let entries = |key: &str| value[key].as_object().into_iter().flatten().take(MOST);
    let cycles = entries("releases").map(|(name, one)| {
        let ended = one["eol"].as_bool().unwrap_or(false);
        (short(name), Cycle { released: day(&one["releaseDate"]), ends: day(&one["eol"]), ended })
    });
    let versions = entries("versions").filter_map(|(name, one)| Some((short(name), day(&one["date"])?)));
    Product { cycles: cycles.collect(), versions: versions.collect() }
}

fn of_api(value: &Value) -> Option<Product> {
    let mut product = Product::default();
    for one in value["releases"].as_array()?.iter().take(MOST) {
        let Some(name) = one["name"].as_str() else { continue };
        let ended = one["isEol"].as_bool().unwrap_or(false);
        let cycle = Cycle { released: day(&one["releaseDate"]), ends: day(&one["eolFrom"]), ended };
        product.cycles.insert(short(name), cycle);
        let latest = &one["latest"];
        if let (Some(version), Some(date)) = (latest["name"].as_str(), day(&latest["date"])) {
            product.versions.insert(short(version), date);
        }
    }
    Some(product)
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

fn day(value: &Value) -> Option<String> {
    let text = value.as_str()?.get(..10)?;
    format!("{text}T00:00:00Z").parse::<Timestamp>().ok().map(|_| text.to_owned())
}

/// The newest day of a release that is not in the future.
pub fn newest(products: &BTreeMap<String, Product>, now: Timestamp) -> Option<Timestamp> {
    let days = products.values().flat_map(|product| product.versions.values());
    days.filter_map(|day| format!("{day}T00:00:00Z").parse().ok()).filter(|at| *at <= now).max()
}

/// The file of a feed's products.
pub fn file(dir: &IndexDir, feed: &str) -> PathBuf {
    dir.path().join(format!("{feed}.products"))
}

/// Writes the products of a feed, durably and at once; their digest.
pub fn write(dir: &IndexDir, feed: &str, products: &BTreeMap<String, Product>) -> Result<Sha256, FeedError> {
    let path = file(dir, feed);
    fs::create_dir_all(dir.path()).map_err(FeedError::io(dir.path()))?;
    let json = serde_json::to_vec(products).map_err(|e| FeedError::io(&path)(e.into()))?;
    let digest = Sha256::of(&json);
    let mut half = tempfile::NamedTempFile::new_in(dir.path()).map_err(FeedError::io(dir.path()))?;
    let written = writeln!(half, "{digest}").and_then(|()| half.write_all(&json));
    written.and_then(|()| half.as_file().sync_all()).map_err(FeedError::io(&path))?;
    half.persist(&path).map_err(|e| FeedError::io(&path)(e.error))?;
    Ok(digest)
}

/// Reads the products of a feed back.
///
/// # Errors
/// The file is missing, or is not what was written.
pub fn read(path: &Path, wanted: Sha256) -> Result<BTreeMap<String, Product>, FeedError> {
    let mut bytes = vec![];
    let open = fs::File::open(path).map_err(FeedError::io(path))?;
    open.take(LARGEST).read_to_end(&mut bytes).map_err(FeedError::io(path))?;
    let json = bytes.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default();
    let damaged = |why: String| FeedError::Damaged {
        path: path.to_owned(),
        feed: path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default(),
        why,
    };
    if Sha256::of(json) != wanted {
        return Err(damaged("the endoflife data is not what was imported".to_owned()));
    }
    serde_json::from_slice(json).map_err(|e| damaged(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let data = br#"{"releases":{"4.2":{"name":"4.2","releaseDate":"2023-04-03","eol":"2026-04-07"},
            "1.0":{"eol":true}},"versions":{"4.2.1":{"date":"2023-05-03"}}}"#;
        let of = parse("releases/django.json", data).unwrap();
        let django = &of["django"];
        assert_eq!(django.cycles["4.2"].ends.as_deref(), Some("2026-04-07"));
        assert!(django.cycles["1.0"].ended && django.cycles["1.0"].ends.is_none());
        assert_eq!(django.versions["4.2.1"], "2023-05-03");
        let api = br#"{"schema_version":"1.2.0","result":[{"name":"django","releases":[{"name":"4.2",
            "releaseDate":"2023-04-03","isEol":false,"eolFrom":"2026-04-07",
            "latest":{"name":"4.2.1","date":"2023-05-03"}},{"name":"1.0","isEol":true}]}]}"#;
        assert_eq!(parse("full.json", api).unwrap()["django"], *django);
        assert!(parse("x.json", br#"{"id":"GHSA-1"}"#).is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_json_is_taken_or_passed_over(text in ".{0,60}", name in ".{0,20}", n: i64) {
            for bytes in [format!("{{\"releases\":{{{text:?}:{n}}}}}"), format!("{{\"result\":[{text:?},{{\"name\":{text:?},\"releases\":[{n}]}}]}}"), text.clone()] {
                let _ = parse(&format!("{name}.json"), bytes.as_bytes());
            }
        }
    }
}
