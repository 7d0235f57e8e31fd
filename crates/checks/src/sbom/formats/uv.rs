//! `uv.lock`, version 1.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::{
    Edges, FormatError, Input, Parsed,
    python::{Names, component},
};
use crate::sbom::{Component, pypi_name};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: String,
    version: Option<String>,
    #[serde(default)]
    source: BTreeMap<String, toml::Value>,
    sdist: Option<File>,
    #[serde(default)]
    wheels: Vec<File>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Dependency>>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Vec<Dependency>>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    hash: String,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Which one, when the name is locked in several versions.
    version: Option<String>,
}

impl Package {
    fn local(&self) -> bool {
        ["virtual", "editable", "directory", "path"].iter().any(|kind| self.source.contains_key(*kind))
    }

    fn production(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().chain(self.optional_dependencies.values().flatten())
    }

    fn all(&self) -> impl Iterator<Item = &Dependency> {
        self.production().chain(self.dev_dependencies.values().flatten())
    }
}

/// Parses a `uv.lock`.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let lock: Lock = toml::from_str(input.text)?;
    if lock.version > 1 {
        return Err(FormatError::Shape(format!("uv.lock version {} is not known (1 is)", lock.version)));
    }
    let mut names = Names::default();
    let mut parsed = Parsed::default();
    let mut sources = Vec::new();
    for package in &lock.package {
        let Some(version) = &package.version else {
            parsed.skip(package.name.as_str(), "no version (part of the project, or dynamic)");
            continue;
        };
        let hashes = package.sdist.iter().chain(&package.wheels).map(|file| file.hash.as_str());
        let mut made = component(&package.name, version, input.path, hashes);
        made.local = package.local();
        names.add(&made);
        parsed.components.push(made);
        sources.push(package);
    }
    let mut edges = Edges::default();
    for (made, package) in parsed.components.iter_mut().zip(&sources) {
        made.depends_on = edges.to(package.all().flat_map(|d| names.find(&d.name, d.version.as_deref())));
    }
    edges.tell(&mut parsed);
    mark(&mut parsed.components, &lock.package, &names, edges.full());
    Ok(parsed)
}

/// Direct is what the project's own packages name; development-only is what production cannot reach, which
/// is known only while the graph is whole.
fn mark(components: &mut [Component], packages: &[Package], names: &Names, cut: bool) {
    let roots: Vec<&Package> = packages.iter().filter(|p| p.local()).collect();
    if roots.is_empty() {
        return;
    }
    let direct = named(roots.iter().flat_map(|p| p.all()), names);
    let production = named(roots.iter().flat_map(|p| p.production()), names);
    let needed = reachable(components, production);
    let facts = |c: &Component| (direct.contains(c.purl.as_str()), needed.contains(&c.purl));
    for component in components {
        let (direct, needed) = facts(component);
        component.direct = Some(direct || component.local);
        component.dev = !cut && !component.local && !needed;
    }
}

/// The purls that dependencies mean; each is looked up once.
fn named<'a>(dependencies: impl Iterator<Item = &'a Dependency>, names: &'a Names) -> HashSet<&'a str> {
    let distinct: HashSet<(String, Option<&str>)> =
        dependencies.map(|d| (pypi_name(&d.name), d.version.as_deref())).collect();
    distinct.iter().flat_map(|(name, version)| names.find(name, *version)).collect()
}

/// What the edges lead to from `start`, with it.
fn reachable(components: &[Component], start: HashSet<&str>) -> HashSet<String> {
    let mut below: HashMap<&str, Vec<&String>> = HashMap::new();
    for component in components {
        below.entry(&component.purl).or_default().extend(&component.depends_on);
    }
    let mut seen = HashSet::new();
    let mut pending: Vec<&str> = start.into_iter().collect();
    while let Some(purl) = pending.pop() {
        if seen.insert(purl) {
            pending.extend(below.remove(purl).into_iter().flatten().map(String::as_str));
        }
    }
    seen.into_iter().map(str::to_owned).collect()
}
