//! What a manifest names, as far as that can be known without running it.

use serde_json::Value as Json;
use toml::{Table, Value};

/// What the packages that a manifest names are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Needs {
    /// It names none.
    Nothing,
    /// Developing, testing, building, or parts that are off unless asked for.
    Development,
    /// The product itself.
    Running,
}

use Needs::{Development, Nothing, Running};

fn when(is: bool, needs: Needs) -> Needs {
    if is { needs } else { Nothing }
}

/// Cargo.toml. An optional dependency is off, unless something is on by default.
pub(super) fn cargo(text: &str) -> Option<Needs> {
    let manifest: Table = toml::from_str(text).ok()?;
    let defaults = manifest.get("features").and_then(|f| f.get("default")).and_then(Value::as_array);
    let defaults = defaults.is_some_and(|list| !list.is_empty());
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = targets.filter_map(Value::as_table).chain([&manifest]);
    let of = |table: &Table| {
        let kind = |key: &str| table.get(key).and_then(Value::as_table).into_iter().flat_map(Table::values);
        let runs =
            kind("dependencies").chain(kind("build-dependencies")).map(|dependency| match dependency {
                Value::Table(table) if table.contains_key("path") && !table.contains_key("version") => {
                    Nothing
                }
                Value::Table(table) if !defaults && table.get("optional") == Some(&Value::Boolean(true)) => {
                    Development
                }
                _ => Running,
            });
        let develops = kind("dev-dependencies").map(|_| Development);
        runs.chain(develops).max().unwrap_or(Nothing)
    };
    Some(tables.map(of).max().unwrap_or(Nothing))
}

/// package.json. Peers are what the user of a package brings.
pub(super) fn npm(text: &str) -> Option<Needs> {
    let manifest: Json = serde_json::from_str(text).ok()?;
    let names = |key: &str| manifest[key].as_object().is_some_and(|map| !map.is_empty());
    let runs = names("dependencies") || names("optionalDependencies");
    let develops = names("devDependencies") || names("peerDependencies");
    Some(when(runs, Running).max(when(develops, Development)))
}

/// pyproject.toml: standard metadata, or Poetry's.
pub(super) fn pyproject(text: &str) -> Option<Needs> {
    let manifest: Table = toml::from_str(text).ok()?;
    let filled = |value: Option<&Value>| match value {
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Table(table)) => table.keys().any(|name| name != "python"),
        _ => false,
    };
    let project = manifest.get("project");
    let dynamic = project.and_then(|p| p.get("dynamic")).and_then(Value::as_array);
    let dynamic = dynamic.is_some_and(|names| names.iter().any(|name| name.as_str() == Some("dependencies")));
    let poetry = manifest.get("tool").and_then(|tool| tool.get("poetry"));
    let runs = dynamic
        || filled(project.and_then(|p| p.get("dependencies")))
        || filled(poetry.and_then(|p| p.get("dependencies")));
    let develops = filled(project.and_then(|p| p.get("optional-dependencies")))
        || filled(manifest.get("dependency-groups"))
        || filled(poetry.and_then(|p| p.get("group")))
        || filled(manifest.get("build-system").and_then(|b| b.get("requires")));
    Some(when(runs, Running).max(when(develops, Development)))
}

/// setup.py and setup.cfg: a program and its data; only whether the word is there can be known.
pub(super) fn setup(text: &str) -> Option<Needs> {
    let develops = ["extras_require", "tests_require", "setup_requires"].iter().any(|w| text.contains(w));
    Some(when(text.contains("install_requires"), Running).max(when(develops, Development)))
}

/// Pipfile.
pub(super) fn pipfile(text: &str) -> Option<Needs> {
    let manifest: Table = toml::from_str(text).ok()?;
    let names = |key: &str| manifest.get(key).and_then(Value::as_table).is_some_and(|map| !map.is_empty());
    Some(when(names("packages"), Running).max(when(names("dev-packages"), Development)))
}

/// Gemfile: a program, too.
pub(super) fn gemfile(text: &str) -> Option<Needs> {
    let names =
        |line: &str| line.trim_start().starts_with("gem ") || line.trim_start().starts_with("gemspec");
    Some(when(text.lines().any(names), Running))
}

/// composer.json. `php` and extensions are of the platform.
pub(super) fn composer(text: &str) -> Option<Needs> {
    let manifest: Json = serde_json::from_str(text).ok()?;
    let names =
        |key: &str| manifest[key].as_object().is_some_and(|map| map.keys().any(|name| name.contains('/')));
    Some(when(names("require"), Running).max(when(names("require-dev"), Development)))
}

/// Gradle's scripts: programs.
pub(super) fn gradle(text: &str) -> Option<Needs> {
    Some(when(text.contains("dependencies"), Running))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_tells_running_development_and_nothing_apart() {
        type Case = (fn(&str) -> Option<Needs>, [&'static str; 3]);
        let cases: [Case; 6] = [
            (
                cargo,
                [
                    "[package]\nname='x'",
                    "[dev-dependencies]\na='1'\n[dependencies]\nb={version='1',optional=true}",
                    "[target.'cfg(unix)'.dependencies]\na='1'",
                ],
            ),
            (npm, [r#"{"name":"x"}"#, r#"{"devDependencies":{"a":"1"}}"#, r#"{"dependencies":{"a":"1"}}"#]),
            (
                pyproject,
                [
                    "[project]\nname='x'",
                    "[build-system]\nrequires=['flit_core']",
                    "[project]\ndependencies=['a']",
                ],
            ),
            (setup, ["setup(name='x')", "setup(extras_require={})", "[options]\ninstall_requires =\n  a"]),
            (pipfile, ["", "[dev-packages]\na='*'", "[packages]\na='*'"]),
            (
                composer,
                [
                    r#"{"require":{"php":">=8"}}"#,
                    r#"{"require-dev":{"a/b":"1"}}"#,
                    r#"{"require":{"a/b":"1"}}"#,
                ],
            ),
        ];
        for (needs, texts) in cases {
            assert_eq!(texts.map(|text| needs(text).unwrap()), [Nothing, Development, Running], "{texts:?}");
        }
        assert_eq!(pyproject("[project]\ndynamic=['version','dependencies']"), Some(Running));
        assert_eq!(pyproject("[tool.poetry.dependencies]\npython='3'"), Some(Nothing));
        assert_eq!(
            cargo("[features]\ndefault=['b']\n[dependencies]\nb={version='1',optional=true}"),
            Some(Running)
        );
        assert_eq!((gemfile("gem 'rails'"), gradle("plugins {}")), (Some(Running), Some(Nothing)));
        assert_eq!((cargo("["), npm("{")), (None, None));
    }
}
