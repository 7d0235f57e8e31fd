//! Software bill of materials: every component that the project's lock files name.
//!
//! One file per lock-file format under `formats/` plus one line in `formats::FORMATS`. A lock file
//! that cannot be parsed is an *error* in the coverage, with its place; an entry without an exact
//! version is *skipped* with the reason. A manifest that names packages without any lock file is an error
//! too; a tree whose manifests name none is searched and has nothing (`manifests`).

mod component;
mod cyclonedx;
mod formats;
mod manifests;
mod purl;

use std::collections::BTreeMap;

use model::Coverage;

pub use component::{Component, Ecosystem, Hash, Inventory};
pub use cyclonedx::{BomContext, cyclonedx};
pub use purl::{Purl, pypi_name};

use crate::tree::SourceTree;

/// Largest lock file that is read, in bytes.
pub const LARGEST_LOCK_FILE: u64 = 64 << 20;
/// Most components that are kept.
pub const MOST_COMPONENTS: usize = 500_000;

/// Whether a file says what the project is made of, by its path: a lock file, or a manifest that needs one.
pub fn concerns(path: &str) -> bool {
    formats::of(path).is_some() || manifests::is_manifest(path)
}

/// Reads every lock file of the tree. The components are sorted by purl and manifest, and unique.
pub fn collect(tree: &dyn SourceTree) -> Inventory {
    let searched = Some(tree.paths().len() as u64);
    let mut coverage = Coverage { stated: true, searched, ..Coverage::default() };
    let mut components = BTreeMap::new();
    let mut edges = formats::Edges::default();
    for path in tree.paths() {
        let Some(format) = formats::of(path) else { continue };
        coverage.seen += 1;
        match formats::read(format, path, tree) {
            Ok(parsed) => {
                // A file whose every entry was left out names nothing that could be looked up.
                let usable = !parsed.components.is_empty() || parsed.skipped.is_empty();
                coverage.scanned += u64::from(usable);
                parsed
                    .skipped
                    .into_iter()
                    .for_each(|(what, why)| coverage.skip(format!("{path}: {what}"), why));
                for mut component in parsed.components {
                    component.depends_on = edges.to(component.depends_on);
                    add(&mut components, component);
                }
            }
            Err(error) => coverage.error(format!("{path}: {error}")),
        }
        if components.len() > MOST_COMPONENTS {
            coverage.error(format!("more than {MOST_COMPONENTS} components: the rest is not listed"));
            break;
        }
    }
    if edges.full() {
        coverage.skip("dependencies", formats::TOO_MANY);
    }
    manifests::tell_unlocked(tree, &mut coverage);
    coverage.rules = Some(formats::FORMATS.len() as u64);
    Inventory { components: components.into_values().take(MOST_COMPONENTS).collect(), coverage }
}

/// A component that is listed twice is one component: needed for production if either is, direct if
/// either is, with the union of hashes and dependencies.
fn add(components: &mut BTreeMap<(String, String), Component>, new: Component) {
    let key = (new.purl.clone(), new.manifest.clone());
    let Some(old) = components.get_mut(&key) else {
        components.insert(key, new);
        return;
    };
    old.dev &= new.dev;
    old.direct = match (old.direct, new.direct) {
        (Some(a), Some(b)) => Some(a || b),
        (a, b) => a.or(b),
    };
    old.hashes.extend(new.hashes);
    old.hashes.sort_unstable();
    old.hashes.dedup();
    old.depends_on.extend(new.depends_on);
    old.depends_on.sort_unstable();
    old.depends_on.dedup();
}
