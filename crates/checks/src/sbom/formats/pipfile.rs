//! `Pipfile.lock`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{FormatError, Input, Parsed, python::component};

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "_meta")]
    _meta: serde::de::IgnoredAny,
    #[serde(flatten)]
    groups: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
    #[serde(default)]
    hashes: Vec<String>,
    index: Option<String>,
}

/// Parses a `Pipfile.lock`. Every group but `default` is for development.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let lock: Lock = serde_json::from_str(input.text)?;
    let mut parsed = Parsed::default();
    for (group, entries) in &lock.groups {
        for (name, entry) in entries {
            let Some(version) = entry.version.as_deref().and_then(|v| v.strip_prefix("==")) else {
                parsed.skip(name.as_str(), "not from a registry");
                continue;
            };
            let version = version.trim_start_matches('=');
            let mut made = component(name, version, input.path, entry.hashes.iter().map(String::as_str));
            made.dev = group != "default";
            // Pipenv writes the index for what the Pipfile itself names.
            made.direct = entry.index.as_ref().map(|_| true);
            parsed.components.push(made);
        }
    }
    Ok(parsed)
}
