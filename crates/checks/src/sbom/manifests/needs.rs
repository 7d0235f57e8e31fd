//! What a manifest names, as far as that can be known without running it.

use std::collections::BTreeSet;

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

/// Cargo.toml. An optional dependency counts when the default features turn it on.
pub(super) fn cargo(text: &str) -> Option<Needs> {
    let manifest: Table = toml::from_str(text).ok()?;
    let on = on_by_default(manifest.get("features").and_then(Value::as_table));
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = targets.filter_map(Value::as_table).chain([&manifest]);
    let of = |table: &Table| {
        let kind = |key: &str| table.get(key).and_then(Value::as_table).into_iter().flatten();
        let runs = kind("dependencies").chain(kind("build-dependencies")).map(|(name, value)| match value {
            Value::Table(table) if table.contains_key("path") && !table.contains_key("version") => Nothing,
            Value::Table(table) if table.get("optional") == Some(&Value::Boolean(true)) => {
                if on.contains(name) { Running } else { Development }
            }
            _ => Running,
        });
        let develops = kind("dev-dependencies").map(|_| Development);
        runs.chain(develops).max().unwrap_or(Nothing)
    };
    Some(tables.map(of).max().unwrap_or(Nothing))
}

/// Names of features and dependencies that `default` turns on, as the Cargo book says: `dep:x`, `x/y`
/// and a plain `x` do, `x?/y` does not.
fn on_by_default(features: Option<&Table>) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut pending = vec!["default".to_owned()];
    while let Some(name) = pending.pop() {
        let items = features.and_then(|all| all.get(&name)).and_then(Value::as_array).into_iter().flatten();
        for item in items.filter_map(Value::as_str) {
            let item = item.strip_prefix("dep:").unwrap_or(item);
            let item = item.split_once('/').map_or(item, |(name, _)| name);
            if !item.ends_with('?') && on.insert(item.to_owned()) {
                pending.push(item.to_owned());
            }
        }
    }
    on
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
        let optional = |features: &str| {
            cargo(&format!("[features]\n{features}\n[dependencies]\nb={{version='1',optional=true}}"))
        };
        for features in ["default=['b']", "default=['x']\nx=['dep:b']", "default=['b/std']"] {
            assert_eq!(optional(features), Some(Running), "{features}");
        }
        for features in ["default=['std']\nstd=[]", "default=['b?/std']", "x=['dep:b']"] {
            assert_eq!(optional(features), Some(Development), "{features}");
        }
        assert_eq!((gemfile("gem 'rails'"), gradle("plugins {}")), (Some(Running), Some(Nothing)));
        assert_eq!((cargo("["), npm("{")), (None, None));
    }
}
