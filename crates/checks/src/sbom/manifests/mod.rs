//! Manifests without a lock file: what they pull in is unknown, and that must be said.
//!
//! A manifest that names nothing needs no lock file: a tree of such manifests has no components, and a
//! search of it is complete. One that names what the product runs on is an *error* of the coverage, so
//! that the scan is incomplete. What only developing, testing or building needs, and manifests of
//! examples and test data, are *skipped* with that reason.

mod needs;

use std::collections::HashSet;

use model::Coverage;

use self::needs::Needs;
use crate::tree::{ReadError, SourceTree, file_name, folder_of};

/// Largest manifest that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// A manifest, and the lock files of which one has to be in its folder or in a folder above.
struct Manifest {
    name: &'static str,
    locks: &'static [&'static str],
    needs: fn(&str) -> Option<Needs>,
}

const PYTHON: &[&str] = &["poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "requirements.txt"];
const NPM: &[&str] = &["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"];

const MANIFESTS: &[Manifest] = &[
    Manifest { name: "Cargo.toml", locks: &["Cargo.lock"], needs: needs::cargo },
    Manifest { name: "package.json", locks: NPM, needs: needs::npm },
    Manifest { name: "pyproject.toml", locks: PYTHON, needs: needs::pyproject },
    Manifest { name: "setup.py", locks: PYTHON, needs: needs::setup },
    Manifest { name: "setup.cfg", locks: PYTHON, needs: needs::setup },
    Manifest { name: "Pipfile", locks: &["Pipfile.lock"], needs: needs::pipfile },
    Manifest { name: "Gemfile", locks: &["Gemfile.lock"], needs: needs::gemfile },
    Manifest { name: "composer.json", locks: &["composer.lock"], needs: needs::composer },
    Manifest { name: "build.gradle", locks: &["gradle.lockfile"], needs: needs::gradle },
    Manifest { name: "build.gradle.kts", locks: &["gradle.lockfile"], needs: needs::gradle },
];

/// Manifests of package managers whose lock files are not read here: a name, or `*` and the end of one, and what stands
/// in it when it names packages.
const UNREAD: [(&str, &str); 12] = [
    ("*.csproj", "<PackageReference"),
    ("*.fsproj", "<PackageReference"),
    ("*.vbproj", "<PackageReference"),
    ("Directory.Packages.props", "<PackageVersion"),
    ("packages.config", "<package "),
    ("pubspec.yaml", "dependencies:"),
    ("mix.exs", "defp deps"),
    ("Package.swift", ".package("),
    ("conanfile.txt", "[requires]"),
    ("vcpkg.json", "\"dependencies\""),
    ("build.sbt", "libraryDependencies"),
    ("Podfile", "pod "),
];

/// Folders whose manifests are not of the product.
const ASIDE: [&str; 14] = [
    "example", "examples", "sample", "samples", "demo", "demos", "doc", "docs", "test", "tests", "testdata",
    "fixtures", "bench", "benches",
];

/// Whether a path is a manifest: a lock file belongs to it, or it is one that is not read here.
pub fn is_manifest(path: &str) -> bool {
    of(path).is_some() || unread(path).is_some()
}

/// What stands in a manifest that is not read here when it names packages.
fn unread(path: &str) -> Option<&'static str> {
    let name = file_name(path);
    let is = |pattern: &str| pattern.strip_prefix('*').map_or(name == pattern, |end| name.ends_with(end));
    UNREAD.iter().find(|(pattern, _)| is(pattern)).map(|(_, marker)| *marker)
}

fn of(path: &str) -> Option<&'static Manifest> {
    MANIFESTS.iter().find(|manifest| manifest.name == file_name(path))
}

/// Tells each manifest that names packages and that no lock file covers.
pub fn tell_unlocked(tree: &dyn SourceTree, coverage: &mut Coverage) {
    let known: HashSet<&str> = tree.paths().iter().map(String::as_str).collect();
    for path in tree.paths() {
        if let Some(marker) = unread(path) {
            tell_unread(tree, path, marker, coverage);
        }
        let Some(manifest) = of(path) else { continue };
        if locked(folder_of(path), manifest.locks, &known) {
            continue;
        }
        let locks = manifest.locks.join(", ");
        match needs_of(manifest, path, tree) {
            Ok(Needs::Nothing) => {}
            Ok(Needs::Development) => coverage
                .skip(path, format!("names only what developing needs, without a lock file ({locks})")),
            Ok(Needs::Running) if is_aside(path) => {
                coverage.skip(path, format!("an example or test, without a lock file ({locks})"))
            }
            Ok(Needs::Running) => coverage.error(format!(
                "{path} names packages, but no lock file beside or above it says which versions ({locks})"
            )),
            Err(_) if is_aside(path) => coverage.skip(path, "an example or test that cannot be read"),
            Err(why) => coverage.error(format!("{path}: {why}")),
        }
    }
}

/// Nobody looked at what such a manifest names, and that is not the same as nothing.
fn tell_unread(tree: &dyn SourceTree, path: &str, marker: &str, coverage: &mut Coverage) {
    let names = tree.read(path, LARGEST).map(|bytes| String::from_utf8_lossy(&bytes).contains(marker));
    match names {
        Ok(false) => {}
        _ if is_aside(path) => coverage.skip(path, "an example or test of a package manager that is not read here"),
        Ok(true) => coverage.error(format!(
            "{path} names packages, and their package manager is not read here: import a bill or a scanner's report"
        )),
        Err(why) => coverage.error(format!("{path}: {why}")),
    }
}

fn needs_of(manifest: &Manifest, path: &str, tree: &dyn SourceTree) -> Result<Needs, String> {
    let bytes = tree.read(path, LARGEST).map_err(|error: ReadError| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    (manifest.needs)(text.strip_prefix('\u{feff}').unwrap_or(&text))
        .ok_or_else(|| "it cannot be parsed, so what it needs is not known".to_owned())
}

fn is_aside(path: &str) -> bool {
    folder_of(path).split('/').any(|part| ASIDE.contains(&part))
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
    use crate::tree::MemoryTree;

    fn told(files: &[(&str, &str)]) -> Coverage {
        let mut coverage = Coverage::default();
        tell_unlocked(&MemoryTree::new(files.iter().copied()), &mut coverage);
        coverage
    }

    const NEEDS: &str = r#"{"dependencies": {"left": "^1"}}"#;

    #[test]
    fn a_manifest_with_packages_and_without_lock_file_is_an_error() {
        let coverage = told(&[
            ("Cargo.lock", ""),
            ("crates/a/Cargo.toml", "[dependencies]\nx = \"1\"\n"),
            ("web/package.json", NEEDS),
        ]);
        assert_eq!(coverage.errors.len(), 1);
        assert!(coverage.errors[0].starts_with("web/package.json names packages"), "{coverage:?}");
    }

    #[test]
    fn a_manifest_that_names_nothing_needs_no_lock_file() {
        assert_eq!(told(&[("package.json", "{}"), ("setup.py", "setup(name='x')")]), Coverage::default());
    }

    #[test]
    fn development_and_examples_are_told_and_no_error() {
        let coverage = told(&[
            ("examples/a/package.json", NEEDS),
            ("package.json", r#"{"devDependencies": {"x": "1"}}"#),
        ]);
        assert_eq!(coverage.errors, [] as [String; 0]);
        let told: Vec<_> = coverage.skipped.iter().map(|s| s.what.as_str()).collect();
        assert_eq!(told, ["examples/a/package.json", "package.json"]);
    }

    #[test]
    fn packages_of_a_manager_that_is_not_read_are_an_error_and_not_nothing() {
        let packages =
            "<Project><ItemGroup><PackageReference Include=\"a\" Version=\"1\" /></ItemGroup></Project>";
        let coverage = told(&[
            ("src/forms.csproj", packages),
            ("src/empty.csproj", "<Project />"),
            ("tests/forms.csproj", packages),
        ]);
        assert_eq!(coverage.errors.len(), 1);
        assert!(coverage.errors[0].starts_with("src/forms.csproj names packages"), "{coverage:?}");
        assert_eq!(coverage.skipped.len(), 1);
        assert!(is_manifest("src/forms.csproj") && !is_manifest("src/forms.cs"));
    }

    #[test]
    fn a_manifest_that_cannot_be_parsed_is_an_error() {
        assert_eq!(told(&[("package.json", "{")]).errors.len(), 1);
    }
}
