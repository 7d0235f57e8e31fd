//! `pdm.lock`, lock version 4.

use serde::Deserialize;

use super::{
    Edges, FormatError, Input, Parsed,
    python::{Names, component},
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    files: Vec<File>,
    path: Option<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    hash: String,
}

/// Parses a `pdm.lock`.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let lock: Lock = toml::from_str(input.text)?;
    let mut names = Names::default();
    let mut parsed = Parsed::default();
    for package in &lock.package {
        let hashes = package.files.iter().map(|file| file.hash.as_str());
        let mut made = component(&package.name, &package.version, input.path, hashes);
        made.dev = !package.groups.is_empty() && !package.groups.iter().any(|group| group == "default");
        made.local = package.path.is_some();
        names.add(&made);
        parsed.components.push(made);
    }
    let mut edges = Edges::default();
    for (made, package) in parsed.components.iter_mut().zip(&lock.package) {
        made.depends_on = edges.to(package.dependencies.iter().flat_map(|d| names.find(name(d), None)));
    }
    edges.tell(&mut parsed);
    Ok(parsed)
}

/// The name at the start of a requirement.
fn name(requirement: &str) -> &str {
    requirement.split(|c: char| !(c.is_alphanumeric() || "-_.".contains(c))).next().unwrap_or_default()
}
