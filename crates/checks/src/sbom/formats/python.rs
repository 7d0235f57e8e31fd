//! What the TOML lock files of Python tools (poetry, uv, pdm) have in common.

use std::collections::HashMap;

use crate::sbom::{Component, Ecosystem, pypi_name};

/// Purls by comparable name, so that `dependencies` can be turned into edges. When a name is locked in
/// several versions, every one of them is a possible edge.
#[derive(Default)]
pub struct Names(HashMap<String, Vec<String>>);

impl Names {
    /// Notes a component.
    pub fn add(&mut self, component: &Component) {
        self.0.entry(pypi_name(&component.name)).or_default().push(component.purl.clone());
    }

    /// The purls of a name.
    pub fn find(&self, name: &str) -> Vec<String> {
        self.0.get(&pypi_name(name)).cloned().unwrap_or_default()
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
