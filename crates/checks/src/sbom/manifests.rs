//! Manifests without a lock file: what they pull in is unknown, and that must be said.

use std::collections::HashSet;

use model::Coverage;

use crate::tree::{file_name, folder_of};

/// A manifest and the lock files of which one has to be in its folder or in a folder above.
const MANIFESTS: &[(&str, &[&str])] = &[
    ("Cargo.toml", &["Cargo.lock"]),
    ("package.json", &["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"]),
    ("pyproject.toml", &["poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "requirements.txt"]),
    ("setup.py", &["poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "requirements.txt"]),
    ("Pipfile", &["Pipfile.lock"]),
    ("Gemfile", &["Gemfile.lock"]),
    ("composer.json", &["composer.lock"]),
    ("build.gradle", &["gradle.lockfile"]),
    ("build.gradle.kts", &["gradle.lockfile"]),
];

/// Adds a skipped entry for each manifest that no lock file covers.
pub fn tell_unlocked(paths: &[String], coverage: &mut Coverage) {
    let known: HashSet<&str> = paths.iter().map(String::as_str).collect();
    for path in paths {
        let name = file_name(path);
        let Some((_, locks)) = MANIFESTS.iter().find(|(manifest, _)| *manifest == name) else { continue };
        if !locked(folder_of(path), locks, &known) {
            coverage.skip(path.as_str(), format!("no lock file beside or above it ({})", locks.join(", ")));
        }
    }
}

fn locked(folder: &str, locks: &[&str], known: &HashSet<&str>) -> bool {
    let mut folder = folder;
    loop {
        let inside = |lock: &&str| match folder {
            "" => known.contains(*lock),
            _ => known.contains(format!("{folder}/{lock}").as_str()),
        };
        if locks.iter().any(inside) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = folder_of(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_without_lock_file_is_told() {
        let paths = ["Cargo.lock", "crates/a/Cargo.toml", "web/package.json"].map(str::to_owned);
        let mut coverage = Coverage::default();
        tell_unlocked(&paths, &mut coverage);
        let told: Vec<_> = coverage.skipped.iter().map(|s| s.what.as_str()).collect();
        assert_eq!(told, ["web/package.json"]);
    }
}
