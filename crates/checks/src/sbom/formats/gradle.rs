//! `gradle.lockfile`: one line per module, `group:artifact:version=configurations`.

use super::{FormatError, Input, Parsed};
use crate::sbom::{Component, Ecosystem};

/// Parses a `gradle.lockfile`. What only test configurations use is for development.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let mut parsed = Parsed::default();
    for (n, line) in input.text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
            continue;
        }
        let wrong =
            || FormatError::Syntax(format!("line {}: expected group:artifact:version=configurations", n + 1));
        let (module, configurations) = line.split_once('=').ok_or_else(wrong)?;
        let (name, version) = module.rsplit_once(':').ok_or_else(wrong)?;
        if version.is_empty() || name.split(':').count() != 2 {
            return Err(wrong());
        }
        let mut component = Component::new(Ecosystem::Maven, name, version, input.path);
        component.dev = configurations.split(',').all(|c| c.to_ascii_lowercase().contains("test"));
        parsed.components.push(component);
    }
    Ok(parsed)
}
