//! `poetry.lock`, lock versions 1 and 2.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

use super::{
    Edges, FormatError, Input, Parsed,
    python::{Names, component},
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    files: BTreeMap<String, Vec<File>>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    category: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    hash: String,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "type", default)]
    kind: String,
}

/// Parses a `poetry.lock`.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let lock: Lock = toml::from_str(input.text)?;
    let mut names = Names::default();
    let mut parsed = Parsed::default();
    for package in &lock.package {
        let old = lock.metadata.files.get(&package.name).into_iter().flatten();
        let hashes = package.files.iter().chain(old).map(|file| file.hash.as_str());
        let mut made = component(&package.name, &package.version, input.path, hashes);
        made.dev = package.category.as_deref() == Some("dev")
            || !package.groups.is_empty() && !package.groups.iter().any(|group| group == "main");
        made.local = package.source.as_ref().is_some_and(|s| matches!(s.kind.as_str(), "directory" | "file"));
        names.add(&made);
        parsed.components.push(made);
    }
    let mut edges = Edges::default();
    for (made, package) in parsed.components.iter_mut().zip(&lock.package) {
        made.depends_on = edges.to(package.dependencies.keys().flat_map(|name| names.find(name, None)));
    }
    edges.tell(&mut parsed);
    Ok(parsed)
}
