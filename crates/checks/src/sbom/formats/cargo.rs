//! `Cargo.lock`, versions 1 to 4.
//!
//! A package without `source` is part of the project. Version 1 keeps checksums in `[metadata]`.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::{Edges, FormatError, Input, Parsed};
use crate::sbom::{Component, Ecosystem, Purl};

#[derive(Deserialize)]
struct Lock {
    version: Option<i64>,
    #[serde(default)]
    package: Vec<Package>,
    root: Option<Package>,
    #[serde(default)]
    metadata: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// Parses a `Cargo.lock`.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let mut lock: Lock = toml::from_str(input.text)?;
    if lock.version.is_some_and(|version| version > 4) {
        return Err(FormatError::Shape("a Cargo.lock newer than version 4".to_owned()));
    }
    lock.package.extend(lock.root.take());
    let index = Index::new(&lock.package);
    let locals = lock.package.iter().filter(|p| p.source.is_none());
    let direct: HashSet<usize> =
        locals.flat_map(|p| p.dependencies.iter().filter_map(|d| index.find(d))).collect();
    let mut parsed = Parsed::default();
    let mut edges = Edges::default();
    for (n, package) in lock.package.iter().enumerate() {
        let mut component = Component::new(Ecosystem::Cargo, &package.name, &package.version, input.path);
        component.purl = index.purls[n].clone();
        component.local = package.source.is_none();
        component.direct = Some(direct.contains(&n) || component.local);
        if let Some(hex) = checksum(package, &lock.metadata) {
            component.hash_hex("sha256", hex);
        }
        let below = package.dependencies.iter().filter_map(|d| index.find(d));
        component.depends_on = edges.to(below.map(|n| index.purls[n].as_str()));
        parsed.components.push(component);
    }
    edges.tell(&mut parsed);
    Ok(parsed)
}

fn checksum<'a>(package: &'a Package, metadata: &'a BTreeMap<String, toml::Value>) -> Option<&'a str> {
    let old = || {
        let source = package.source.as_deref()?;
        metadata.get(&format!("checksum {} {} ({source})", package.name, package.version))?.as_str()
    };
    package.checksum.as_deref().or_else(old)
}

/// A package as a dependency entry names it: `name`, `name version`, `name version source`.
type Key<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// Finds packages by the text of a dependency entry: `name`, `name version`, `name version (source)`.
struct Index<'a> {
    purls: Vec<String>,
    first: HashMap<Key<'a>, usize>,
}

impl<'a> Index<'a> {
    fn new(packages: &'a [Package]) -> Self {
        let mut first = HashMap::new();
        for (n, package) in packages.iter().enumerate() {
            let (name, version) = (package.name.as_str(), Some(package.version.as_str()));
            for key in [(name, None, None), (name, version, None), (name, version, package.source.as_deref())]
            {
                first.entry(key).or_insert(n);
            }
        }
        Self { purls: packages.iter().map(purl).collect(), first }
    }

    fn find(&self, dependency: &str) -> Option<usize> {
        let mut words = dependency.splitn(3, ' ');
        let (name, version, source) = (words.next()?, words.next(), words.next());
        let source = source.map(|s| s.trim_start_matches('(').trim_end_matches(')'));
        self.first.get(&(name, version, source)).copied()
    }
}

/// A git source is part of the purl, so that it is not mistaken for the registry's package.
fn purl(package: &Package) -> String {
    let purl = Purl::of(Ecosystem::Cargo, &package.name, &package.version);
    match package.source.as_deref() {
        Some(source) if source.starts_with("git+") => purl.with("vcs_url", source).to_string(),
        _ => purl.to_string(),
    }
}
