//! `pnpm-lock.yaml`, lock-file versions 5, 6 and 9.
//!
//! Keys of `packages` are `/name/1.0.0_peers` (5), `/name@1.0.0(peers)` (6) and `name@1.0.0` (9); since
//! version 9 the graph is in `snapshots`.

use std::collections::{BTreeMap, HashSet};

use super::{FormatError, Input, Parsed};
use crate::{
    sbom::{Component, Ecosystem, Purl},
    yaml::{self, Node},
};

const GROUPS: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

/// Parses a `pnpm-lock.yaml`.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let node = yaml::parse(input.text)?;
    let version =
        node.str("lockfileVersion").ok_or_else(|| FormatError::Shape("no `lockfileVersion`".to_owned()))?;
    let major: u32 = version.split('.').next().and_then(|v| v.parse().ok()).unwrap_or(0);
    if !(5..=9).contains(&major) {
        return Err(FormatError::Shape(format!("lockfileVersion {version} is not known (5, 6 and 9 are)")));
    }
    let (direct, production) = asked(&node, major);
    let mut parsed = Parsed::default();
    let mut components: BTreeMap<String, Component> = BTreeMap::new();
    for (key, entry) in node.get("packages").map(Node::entries).unwrap_or_default() {
        let Some(key) = key.text() else { continue };
        let named = entry.str("name").zip(entry.str("version"));
        let Some((name, version)) = named.or_else(|| split(key, major)) else {
            parsed.skip(key, "not from a registry");
            continue;
        };
        let mut component = Component::new(Ecosystem::Npm, name, version, input.path);
        let id = component.purl.clone();
        if let Some(integrity) = entry.at(&["resolution", "integrity"]).and_then(Node::text) {
            component.hash_integrity(integrity);
        }
        component.direct = Some(direct.contains(&id));
        component.dev = entry.get("dev").is_some_and(Node::is_true);
        component.depends_on = below(entry, major);
        components.entry(id).or_insert(component);
    }
    if major == 9 {
        snapshots(&node, &mut components, &production);
    }
    parsed.components = components.into_values().collect();
    Ok(parsed)
}

/// What the importers name: all of it, and the part that is not for development only.
fn asked(node: &Node, major: u32) -> (HashSet<String>, HashSet<String>) {
    let (mut all, mut production) = (HashSet::new(), HashSet::new());
    let importers = node.get("importers").map(Node::entries).unwrap_or_default();
    for importer in importers.iter().map(|(_, value)| value).chain([node]) {
        for group in GROUPS {
            for (name, value) in importer.get(group).map(Node::entries).unwrap_or_default() {
                let version = value.text().or_else(|| value.str("version"));
                let Some(purl) = name.text().zip(version).and_then(|(n, v)| reference(n, v, major)) else {
                    continue;
                };
                if group != "devDependencies" {
                    production.insert(purl.clone());
                }
                all.insert(purl);
            }
        }
    }
    (all, production)
}

fn below(entry: &Node, major: u32) -> Vec<String> {
    let groups = ["dependencies", "optionalDependencies"].into_iter().filter_map(|g| entry.get(g));
    let pairs = groups.flat_map(Node::entries);
    pairs.filter_map(|(name, version)| reference(name.text()?, version.text()?, major)).collect()
}

/// The purl that a `name: version` pair means; the value may itself be a whole key (an alias).
fn reference(name: &str, version: &str, major: u32) -> Option<String> {
    if version.starts_with("link:") || version.starts_with("file:") || version.contains("://") {
        return None;
    }
    let whole = version.starts_with('/') || version[usize::from(version.starts_with('@'))..].contains('@');
    let whole = whole && split(version, major).is_some();
    let (name, version) = if whole { split(version, major)? } else { (name, without_peers(version, major)) };
    Some(Purl::of(Ecosystem::Npm, name, version).to_string())
}

fn without_peers(version: &str, major: u32) -> &str {
    let end = if major == 5 { version.find(['_', '(']) } else { version.find('(') };
    end.map_or(version, |end| &version[..end])
}

fn split(key: &str, major: u32) -> Option<(&str, &str)> {
    let key = key.strip_prefix('/').unwrap_or(key);
    let bare = key.find('(').map_or(key, |end| &key[..end]);
    let (name, version) = match major {
        5 => bare.rsplit_once('/')?,
        _ => {
            let start = usize::from(bare.starts_with('@'));
            let at = bare.get(start..)?.find('@')?;
            (&bare[..start + at], &bare[start + at + 1..])
        }
    };
    let version = without_peers(version, major);
    let exact =
        version.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() && !version.contains("//");
    exact.then_some((name, version))
}

/// Version 9: the graph, and from it what only development needs.
fn snapshots(node: &Node, components: &mut BTreeMap<String, Component>, production: &HashSet<String>) {
    for (key, entry) in node.get("snapshots").map(Node::entries).unwrap_or_default() {
        let Some((name, version)) = key.text().and_then(|key| split(key, 9)) else { continue };
        let id = Purl::of(Ecosystem::Npm, name, version).to_string();
        if let Some(component) = components.get_mut(&id) {
            component.depends_on.extend(below(entry, 9));
            component.depends_on.sort_unstable();
            component.depends_on.dedup();
        }
    }
    let mut needed = HashSet::new();
    let mut pending: Vec<String> = production.iter().cloned().collect();
    while let Some(purl) = pending.pop() {
        if let Some(component) = components.get(&purl)
            && needed.insert(purl)
        {
            pending.extend(component.depends_on.iter().cloned());
        }
    }
    components.iter_mut().for_each(|(purl, component)| component.dev = !needed.contains(purl));
}
