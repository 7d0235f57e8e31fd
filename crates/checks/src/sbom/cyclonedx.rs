//! CycloneDX 1.6 (ECMA-424) JSON: sorted, and equal bytes for equal input.

use std::collections::{BTreeMap, BTreeSet};

use model::{Sha256, Timestamp};
use serde_json::{Value, json};

use super::component::{Component, Inventory};

/// What a bill of materials says about its subject, besides the components.
#[derive(Clone, Debug, PartialEq)]
pub struct BomContext {
    /// Project name: `metadata.component.name` and the property `proofhouse:project`.
    pub project: String,
    /// Version or commit of the project.
    pub version: Option<String>,
    /// Run that made it: the property `proofhouse:run`.
    pub run: Option<String>,
    /// `metadata.timestamp`. Leave it out for a document that depends on the components only.
    pub timestamp: Option<Timestamp>,
}

/// The inventory as a CycloneDX 1.6 document. Components that several lock files name are one entry
/// with one `proofhouse:manifest` property per file. The serial number is derived from the content.
pub fn cyclonedx(inventory: &Inventory, context: &BomContext) -> Value {
    let merged = merge(&inventory.components);
    let root = json!({
        "type": "application",
        "bom-ref": ROOT,
        "name": context.project,
        "version": context.version.as_deref().unwrap_or("unversioned"),
    });
    let mut bom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [tool()] },
            "component": root,
            "properties": properties(inventory, context),
        },
        "components": merged.values().map(|c| component(c)).collect::<Vec<_>>(),
        "dependencies": dependencies(&merged),
    });
    if let Some(at) = context.timestamp {
        bom["metadata"]["timestamp"] = json!(at.to_string());
    }
    bom["serialNumber"] = json!(serial_number(&bom));
    bom
}

const ROOT: &str = "proofhouse:project";

fn tool() -> Value {
    json!({ "type": "application", "name": "proofhouse-sbom", "version": crate::VERSION })
}

fn properties(inventory: &Inventory, context: &BomContext) -> Vec<Value> {
    let coverage = &inventory.coverage;
    let mut list = vec![("proofhouse:project", context.project.clone())];
    list.extend(context.run.clone().map(|run| ("proofhouse:run", run)));
    list.push(("proofhouse:lock-files-seen", coverage.seen.to_string()));
    list.push(("proofhouse:lock-files-read", coverage.scanned.to_string()));
    list.extend(coverage.errors.iter().map(|error| ("proofhouse:error", error.clone())));
    list.extend(coverage.skipped.iter().map(|s| ("proofhouse:skipped", format!("{}: {}", s.what, s.why))));
    list.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// One entry of the document: a purl and everything that the lock files say about it.
struct Merged<'a> {
    first: &'a Component,
    hashes: BTreeSet<(&'a str, &'a str)>,
    manifests: BTreeSet<&'a str>,
    depends_on: BTreeSet<&'a str>,
    dev: bool,
    direct: Option<bool>,
}

fn merge(components: &[Component]) -> BTreeMap<&str, Merged<'_>> {
    let mut merged: BTreeMap<&str, Merged<'_>> = BTreeMap::new();
    for component in components {
        let entry = merged.entry(&component.purl).or_insert_with(|| Merged {
            first: component,
            hashes: BTreeSet::new(),
            manifests: BTreeSet::new(),
            depends_on: BTreeSet::new(),
            dev: true,
            direct: None,
        });
        entry.hashes.extend(component.hashes.iter().map(|h| (h.algorithm.as_str(), h.hex.as_str())));
        entry.manifests.insert(&component.manifest);
        entry.depends_on.extend(component.depends_on.iter().map(String::as_str));
        entry.dev &= component.dev;
        entry.direct = match (entry.direct, component.direct) {
            (Some(a), Some(b)) => Some(a || b),
            (a, b) => a.or(b),
        };
    }
    merged
}

fn component(merged: &Merged<'_>) -> Value {
    let Component { purl, ecosystem, name, version, local, .. } = merged.first;
    // Package ecosystems with a namespace have their own field for it.
    let separator = if *ecosystem == super::Ecosystem::Maven { ':' } else { '/' };
    let (group, short) = match name.rsplit_once(separator) {
        Some((group, short)) => (Some(group), short),
        None => (None, name.as_str()),
    };
    let mut value = json!({
        "type": "library",
        "bom-ref": purl,
        "name": short,
        "version": version,
        "purl": purl,
        "scope": if merged.dev { "excluded" } else { "required" },
    });
    if let Some(group) = group {
        value["group"] = json!(group);
    }
    if !merged.hashes.is_empty() {
        let hashes = merged.hashes.iter().map(|(alg, hex)| json!({ "alg": alg, "content": hex }));
        value["hashes"] = hashes.collect();
    }
    let mut facts: Vec<(&str, String)> =
        merged.manifests.iter().map(|m| ("proofhouse:manifest", (*m).to_owned())).collect();
    facts.extend(merged.direct.map(|direct| ("proofhouse:direct", direct.to_string())));
    facts.extend(local.then(|| ("proofhouse:local", "true".to_owned())));
    value["properties"] = facts.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    value
}

/// The graph. The project depends on what is direct, local, or of unknown origin.
fn dependencies(merged: &BTreeMap<&str, Merged<'_>>) -> Vec<Value> {
    let roots = merged.iter().filter(|(_, m)| m.direct != Some(false) || m.first.local);
    let roots: Vec<&str> = roots.map(|(purl, _)| *purl).collect();
    let below = merged.iter().map(|(purl, m)| {
        let on: Vec<&str> = m.depends_on.iter().copied().filter(|d| merged.contains_key(d)).collect();
        json!({ "ref": purl, "dependsOn": on })
    });
    std::iter::once(json!({ "ref": ROOT, "dependsOn": roots })).chain(below).collect()
}

/// A version 8 UUID (RFC 9562 section 5.8) over the document without its serial number.
fn serial_number(bom: &Value) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::of(bom.to_string()).as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
