//! One file per scanner, rule, format, check or provider, and one line in its registry.

use std::path::Path;

use anyhow::Result;

use super::{Report, show, text, tracked};

/// Folder, endings of its entries, the registry, and names that are not entries.
const REGISTRIES: &[(&str, &str, &str, &[&str])] = &[
    ("crates/policy/rules", ".rego", "crates/policy/src/rules.rs", &[]),
    ("crates/findings/src/adapters", ".rs", "crates/findings/src/adapters/mod.rs", &["mod", "tests"]),
    (
        "crates/attest/src/keys/signers",
        ".rs",
        "crates/attest/src/keys/signers/mod.rs",
        &["mod", "error", "https", "place", "point", "secret", "sigv4"],
    ),
    ("crates/checks/src/sbom/formats", ".rs", "crates/checks/src/sbom/formats/mod.rs", &["mod", "python"]),
    ("crates/engine/src/ci", ".rs", "crates/engine/src/ci/mod.rs", &["mod", "error", "tests"]),
    ("crates/engine/src/standards", ".rs", "crates/engine/src/standards/mod.rs", &["mod"]),
    ("crates/govern/src/awareness/guidance", ".md", "crates/govern/src/awareness/guidance/files.rs", &[]),
    ("crates/dast/src/checks", ".rs", "crates/dast/src/checks/mod.rs", &["mod"]),
    ("crates/govern/src/reviews/rules", ".rs", "crates/govern/src/reviews/rules/mod.rs", &["mod"]),
    ("crates/runner/src/proxy/registry", ".rs", "crates/runner/src/proxy/registry/mod.rs", &["mod"]),
];

pub fn check(root: &Path, report: &mut Report) -> Result<()> {
    for (folder, ending, registry, not) in REGISTRIES {
        let known = text(&root.join(registry));
        report.check(!known.is_empty(), || format!("{registry}: there is no such registry"));
        let files = tracked(root, folder, &[ending])?;
        report.check(!files.is_empty(), || format!("{folder}: is empty"));
        for path in files.iter().filter(|p| p.parent() == Some(&root.join(folder))) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if not.contains(&name.as_str()) {
                continue;
            }
            // A module is declared once; a registry line is a second mention.
            let mentions = known.matches(name.as_str()).count();
            let enough = if *ending == ".rs" { 2 } else { 1 };
            report.check(mentions >= enough, || format!("{}: not in {registry}", show(root, path)));
        }
    }
    Ok(())
}
