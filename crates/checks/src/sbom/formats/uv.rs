//! `uv.lock`, version 1.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::{
    FormatError, Input, Parsed,
    python::{Names, component},
};
use crate::sbom::Component;

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
}

impl Package {
    fn local(&self) -> bool {
        ["virtual", "editable", "directory", "path"].iter().any(|kind| self.source.contains_key(*kind))
    }

    fn production(&self) -> impl Iterator<Item = &str> {
        let optional = self.optional_dependencies.values().flatten();
        self.dependencies.iter().chain(optional).map(|d| d.name.as_str())
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.production().chain(self.dev_dependencies.values().flatten().map(|d| d.name.as_str()))
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
    for (made, package) in parsed.components.iter_mut().zip(&sources) {
        made.depends_on = package.all().flat_map(|name| names.find(name)).collect();
    }
    mark(&mut parsed.components, &lock.package, &names);
    Ok(parsed)
}

/// Direct is what the project's own packages name; development-only is what production cannot reach.
fn mark(components: &mut [Component], packages: &[Package], names: &Names) {
    let roots: Vec<&Package> = packages.iter().filter(|p| p.local()).collect();
    if roots.is_empty() {
        return;
    }
    let direct: HashSet<String> =
        roots.iter().flat_map(|p| p.all()).flat_map(|name| names.find(name)).collect();
    let mut pending: Vec<String> =
        roots.iter().flat_map(|p| p.production()).flat_map(|n| names.find(n)).collect();
    let mut needed = HashSet::new();
    while let Some(purl) = pending.pop() {
        if needed.insert(purl.clone()) {
            let below =
                components.iter().filter(|c| c.purl == purl).flat_map(|c| c.depends_on.iter().cloned());
            pending.extend(below);
        }
    }
    for component in components {
        component.direct = Some(direct.contains(&component.purl) || component.local);
        component.dev = !component.local && !needed.contains(&component.purl);
    }
}
