//! `package-lock.json` and `npm-shrinkwrap.json`, lock-file versions 1, 2 and 3.
//!
//! Versions 2 and 3 list install places under `packages`; version 1 nests `dependencies`. Dependency
//! names are resolved as Node does: in the own `node_modules`, then in each one above.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Edges, FormatError, Input, Parsed};
use crate::{
    sbom::{Component, Ecosystem, Purl},
    tree::file_name,
};

/// Longest install place that is read.
const LONGEST_PLACE: usize = 4096;
/// Deepest nesting of version 1 entries.
const DEEPEST: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    #[serde(default)]
    lockfile_version: Option<Value>,
    packages: Option<BTreeMap<String, Entry>>,
    dependencies: Option<BTreeMap<String, Entry>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<Value>,
    integrity: Option<String>,
    dev: bool,
    dev_optional: bool,
    link: bool,
    requires: Value,
    dependencies: Value,
    dev_dependencies: BTreeMap<String, Value>,
    optional_dependencies: BTreeMap<String, Value>,
    peer_dependencies: BTreeMap<String, Value>,
}

/// Whether this is an npm lock file outside installed dependencies.
pub fn matches(path: &str) -> bool {
    matches!(file_name(path), "package-lock.json" | "npm-shrinkwrap.json") && !path.contains("node_modules/")
}

/// Parses an npm lock file.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let lock: Lock = serde_json::from_str(input.text)?;
    match (lock.packages, lock.dependencies) {
        (Some(packages), _) => Ok(by_place(input, &packages)),
        (None, Some(dependencies)) => nested(input, dependencies),
        (None, None) if lock.lockfile_version.is_some() => Ok(Parsed::default()),
        _ => {
            Err(FormatError::Shape("neither `packages` nor `dependencies` nor `lockfileVersion`".to_owned()))
        }
    }
}

fn by_place(input: &Input<'_>, packages: &BTreeMap<String, Entry>) -> Parsed {
    let roots = packages.iter().filter(|(place, _)| !place.contains("node_modules/"));
    let direct: std::collections::HashSet<String> = roots
        .flat_map(|(place, entry)| entry.names().filter_map(|name| find(packages, place, name)))
        .collect();
    let mut parsed = Parsed::default();
    let mut edges = Edges::default();
    for (place, entry) in packages {
        if place.is_empty() || entry.link {
            continue;
        }
        let Some((component, _)) = component(input, place, entry, &mut parsed) else { continue };
        let mut component = component;
        component.direct = Some(direct.contains(place) || component.local);
        let below = entry.names().filter_map(|name| find(packages, place, name));
        component.depends_on = edges.to(below.filter_map(|p| purl(&p, packages.get(&p)?)));
        parsed.components.push(component);
    }
    edges.tell(&mut parsed);
    parsed
}

fn component<'a>(
    input: &Input<'_>,
    place: &'a str,
    entry: &Entry,
    parsed: &mut Parsed,
) -> Option<(Component, &'a str)> {
    let name = entry.name.as_deref().unwrap_or_else(|| installed_name(place));
    let local = !place.contains("node_modules/");
    let Some(version) = entry.version.as_deref() else {
        let why = if local { "part of the project, without a version" } else { "no version" };
        parsed.skip(name, why);
        return None;
    };
    let mut component = Component::new(Ecosystem::Npm, name, version, input.path);
    component.purl = purl(place, entry)?;
    component.local = local;
    component.dev = entry.dev || entry.dev_optional;
    component.hash_integrity(entry.integrity.as_deref().unwrap_or_default());
    Some((component, place))
}

fn purl(place: &str, entry: &Entry) -> Option<String> {
    let name = entry.name.as_deref().unwrap_or_else(|| installed_name(place));
    let purl = Purl::of(Ecosystem::Npm, name, entry.version.as_deref()?);
    Some(match entry.resolved.as_ref().and_then(Value::as_str) {
        Some(source) if source.starts_with("git") => purl.with("vcs_url", source).to_string(),
        _ => purl.to_string(),
    })
}

fn installed_name(place: &str) -> &str {
    place.rfind("node_modules/").map_or(place, |at| &place[at + "node_modules/".len()..])
}

/// Where Node finds `name` from `place`; no file system has a place that is much longer.
fn find(packages: &BTreeMap<String, Entry>, place: &str, name: &str) -> Option<String> {
    let mut from = place.get(..LONGEST_PLACE).map_or(place, |_| "");
    loop {
        let candidate = match from {
            "" => format!("node_modules/{name}"),
            _ => format!("{from}/node_modules/{name}"),
        };
        match packages.get(&candidate) {
            Some(Entry { link: true, resolved: Some(Value::String(target)), .. }) => {
                return Some(target.clone());
            }
            Some(_) => return Some(candidate),
            None if from.is_empty() => return None,
            None => from = from.rfind("/node_modules/").map_or("", |at| &from[..at]),
        }
    }
}

impl Entry {
    fn names(&self) -> impl Iterator<Item = &str> {
        let plain = self.dependencies.as_object().into_iter().flat_map(|map| map.keys());
        plain
            .chain(self.dev_dependencies.keys())
            .chain(self.optional_dependencies.keys())
            .chain(self.peer_dependencies.keys())
            .map(String::as_str)
    }
}

/// Version 1: entries nested as they are installed; turned into places and read as version 2.
fn nested(input: &Input<'_>, dependencies: BTreeMap<String, Entry>) -> Result<Parsed, FormatError> {
    let mut packages = BTreeMap::new();
    let mut pending: Vec<(String, usize, BTreeMap<String, Entry>)> = vec![(String::new(), 0, dependencies)];
    while let Some((folder, depth, entries)) = pending.pop() {
        if depth > DEEPEST {
            return Err(FormatError::Shape(format!("dependencies nested deeper than {DEEPEST}")));
        }
        for (name, mut entry) in entries {
            let place = format!("{folder}node_modules/{name}");
            let below = std::mem::replace(&mut entry.dependencies, entry.requires.take());
            if let Value::Object(_) = below {
                pending.push((format!("{place}/"), depth + 1, serde_json::from_value(below)?));
            }
            alias_or_git(&mut entry);
            packages.insert(place, entry);
        }
    }
    let mut parsed = by_place(input, &packages);
    // Version 1 does not say what the project itself asked for.
    parsed.components.iter_mut().for_each(|component| component.direct = None);
    Ok(parsed)
}

/// Version 1 writes aliases (`npm:name@1.0.0`) and git addresses into `version`.
fn alias_or_git(entry: &mut Entry) {
    let Some(version) = entry.version.clone() else { return };
    if let Some((name, version)) = version.strip_prefix("npm:").and_then(|rest| rest.rsplit_once('@')) {
        entry.name = Some(name.to_owned());
        entry.version = Some(version.to_owned());
    } else if let Some((address, commit)) = version.split_once('#').filter(|(a, _)| a.starts_with("git")) {
        entry.resolved = Some(Value::String(format!("{address}#{commit}")));
        entry.version = Some(commit.to_owned());
    }
}
