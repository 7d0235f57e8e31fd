//! `composer.lock`.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{Edges, FormatError, Input, Parsed};
use crate::sbom::{Component, Ecosystem};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Lock {
    packages: Vec<Package>,
    #[serde(default)]
    packages_dev: Option<Vec<Package>>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    dist: Option<Dist>,
    #[serde(default)]
    require: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Dist {
    #[serde(rename = "type", default)]
    kind: String,
    shasum: Option<String>,
}

/// Parses a `composer.lock`.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let lock: Lock = serde_json::from_str(input.text)?;
    let dev = lock.packages_dev.unwrap_or_default();
    let all: Vec<(&Package, bool)> =
        lock.packages.iter().map(|p| (p, false)).chain(dev.iter().map(|p| (p, true))).collect();
    let mut parsed = Parsed::default();
    let mut purls: HashMap<String, String> = HashMap::new();
    let mut made: BTreeMap<usize, Component> = BTreeMap::new();
    for (n, (package, dev)) in all.iter().enumerate() {
        if package.version.starts_with("dev-") {
            parsed.skip(package.name.as_str(), format!("a branch ({}), not a release", package.version));
            continue;
        }
        let mut component = Component::new(Ecosystem::Composer, &package.name, &package.version, input.path);
        component.dev = *dev;
        if let Some(dist) = &package.dist {
            component.local = dist.kind == "path";
            component.hash_hex("sha1", dist.shasum.as_deref().unwrap_or_default());
        }
        purls.insert(package.name.to_lowercase(), component.purl.clone());
        made.insert(n, component);
    }
    let mut edges = Edges::default();
    for (n, mut component) in made {
        // PHP writes an empty object as an empty list.
        let names = all[n].0.require.as_ref().and_then(|r| r.as_object()).into_iter().flat_map(|r| r.keys());
        component.depends_on = edges.to(names.filter_map(|name| purls.get(&name.to_lowercase())));
        parsed.components.push(component);
    }
    edges.tell(&mut parsed);
    Ok(parsed)
}
