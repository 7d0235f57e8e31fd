//! What the TOML lock files of Python tools (poetry, uv, pdm) have in common.

use std::collections::{BTreeMap, HashMap};

use crate::sbom::{Component, Ecosystem, pypi_name};

/// Purls by comparable name and version, so that `dependencies` can be turned into edges. When a name is
/// locked in several versions, every one of them is a possible edge, unless the dependency says which.
#[derive(Default)]
pub struct Names(HashMap<String, BTreeMap<String, String>>);

impl Names {
    /// Notes a component.
    pub fn add(&mut self, component: &Component) {
        let versions = self.0.entry(pypi_name(&component.name)).or_default();
        versions.insert(component.version.clone(), component.purl.clone());
    }

    /// The purls of a name, or of one version of it.
    pub fn find(&self, name: &str, version: Option<&str>) -> impl Iterator<Item = &str> {
        let versions = self.0.get(&pypi_name(name));
        let one = version.map(|version| versions.and_then(|all| all.get(version)));
        let all = versions.filter(|_| one.is_none()).into_iter().flat_map(BTreeMap::values);
        one.flatten().into_iter().chain(all).map(String::as_str)
    }
}

/// A Python component with the digests of its archives (`sha256:<hex>`).
pub fn component<'a>(
    name: &str,
    version: &str,
    manifest: &str,
    hashes: impl Iterator<Item = &'a str>,
) -> Component {
    let mut component = Component::new(Ecosystem::Pypi, name, version, manifest);
    for (algorithm, hex) in hashes.filter_map(|hash| hash.split_once(':')) {
        component.hash_hex(algorithm, hex);
    }
    component.hashes.sort_unstable();
    component.hashes.dedup();
    component
}
