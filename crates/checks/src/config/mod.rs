//! Weak settings in configuration: Dockerfiles, GitHub and GitLab pipelines, compose files, Kubernetes.
//!
//! One file per kind of configuration; a rule is one [`Rule`] entry with its explanation, its fix, and a
//! vulnerable and a safe example that are its test. `searched` counts all files of the tree, `seen` those
//! that may be configuration by their name; a YAML file that is none is examined by looking at it.

mod compose;
mod containers;
mod dockerfile;
pub(crate) mod dockerfile_parser;
mod github;
mod github_rules;
mod gitlab;
mod kubernetes;
mod rule;
mod shell;

use model::{Coverage, Finding, ScanReport, Technique, identity};

pub use rule::{Hit, Rule};

use crate::tree::{ReadError, SourceTree, file_name};

/// Name of the tool in reports.
pub(crate) const TOOL: &str = "proofhouse-config";
/// Largest configuration file that is read, in bytes.
pub const LARGEST_FILE: u64 = 4 << 20;

/// Most findings kept of one file.
pub const MOST_FINDINGS: usize = 10_000;

/// What a check gives: hits with their rules, or the place where the file cannot be parsed.
pub(crate) type Checked = Result<Vec<(&'static Rule, Hit)>, String>;

/// One kind of configuration file.
struct Kind {
    /// Whether a path is of this kind; the content decides where the path cannot.
    matches: fn(&str) -> bool,
    /// A cheap look at the content, before it is parsed.
    looks_like: fn(&str) -> bool,
    rules: &'static [Rule],
    /// Parses and checks; the error names the place.
    check: fn(&str) -> Checked,
}

/// All kinds. The first that fits a file checks it.
const KINDS: &[Kind] = &[
    Kind { matches: is_dockerfile, looks_like: |_| true, rules: dockerfile::RULES, check: dockerfile::check },
    Kind { matches: is_github, looks_like: |_| true, rules: github_rules::RULES, check: github::check },
    Kind { matches: is_gitlab, looks_like: |_| true, rules: gitlab::RULES, check: gitlab::check },
    Kind { matches: is_compose, looks_like: |_| true, rules: compose::RULES, check: compose::check },
    Kind {
        matches: is_yaml,
        looks_like: kubernetes::looks_like,
        rules: kubernetes::RULES,
        check: kubernetes::check,
    },
];

/// Every rule of every kind.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    KINDS.iter().flat_map(|kind| kind.rules)
}

/// Checks every configuration file of the tree.
pub fn scan(tree: &dyn SourceTree) -> ScanReport {
    let mut coverage = Coverage {
        stated: true,
        searched: Some(tree.paths().len() as u64),
        rules: Some(rules().count() as u64),
        ..Coverage::default()
    };
    let mut findings = Vec::new();
    for path in tree.paths() {
        let kinds: Vec<&Kind> = KINDS.iter().filter(|kind| (kind.matches)(path)).collect();
        if kinds.is_empty() {
            continue;
        }
        coverage.seen += 1;
        let text = match tree.read(path, LARGEST_FILE).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                coverage.skip(path, "not UTF-8");
                continue;
            }
            Err(error @ ReadError::TooLarge { .. }) => {
                coverage.skip(path, error.to_string());
                continue;
            }
            Err(error) => {
                coverage.error(format!("{path}: {error}"));
                continue;
            }
        };
        let Some(kind) = kinds.iter().find(|kind| (kind.looks_like)(&text)) else {
            coverage.scanned += 1;
            continue;
        };
        one(path, &text, kind, &mut findings, &mut coverage);
    }
    identity::assign_all(&mut findings);
    ScanReport { tool: crate::tool(TOOL), technique: Technique::Config, findings, coverage }
}

/// Whether a file is looked at, by its path.
pub fn concerns(path: &str) -> bool {
    KINDS.iter().any(|kind| (kind.matches)(path))
}

fn one(path: &str, text: &str, kind: &Kind, findings: &mut Vec<Finding>, coverage: &mut Coverage) {
    match (kind.check)(text) {
        Ok(hits) => {
            coverage.scanned += 1;
            let hits = worst(path, hits, coverage);
            let lines: Vec<&str> = text.lines().collect();
            findings.extend(hits.into_iter().map(|(rule, hit)| rule.finding(path, &lines, hit)));
        }
        // A template becomes configuration only when it is rendered.
        Err(_) if text.contains("{{") && !is_github(path) => {
            coverage.skip(path, "a template, not configuration yet")
        }
        Err(error) => coverage.error(format!("{path}: {error}")),
    }
}

/// At most [`MOST_FINDINGS`], the worst ones.
fn worst(
    path: &str,
    mut hits: Vec<(&'static Rule, Hit)>,
    coverage: &mut Coverage,
) -> Vec<(&'static Rule, Hit)> {
    if hits.len() > MOST_FINDINGS {
        coverage.error(format!("{path}: {} findings; only the worst {MOST_FINDINGS} are kept", hits.len()));
        hits.sort_by_key(|(rule, _)| std::cmp::Reverse(rule.severity));
        hits.truncate(MOST_FINDINGS);
    }
    hits
}

pub(crate) use kubernetes::looks_like as kubernetes_looks_like;

pub(crate) fn is_yaml(path: &str) -> bool {
    path.ends_with(".yml") || path.ends_with(".yaml")
}

pub(crate) fn is_dockerfile(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let base = ["dockerfile", "containerfile"];
    base.iter().any(|b| {
        name == *b
            || name.strip_prefix(b).is_some_and(|r| r.starts_with('.') && !r.ends_with(".dockerignore"))
            || name.ends_with(&format!(".{b}"))
    })
}

pub(crate) fn is_github(path: &str) -> bool {
    let action = matches!(file_name(path), "action.yml" | "action.yaml");
    is_yaml(path)
        && (path.starts_with(".github/workflows/") || path.contains("/.github/workflows/") || action)
}

pub(crate) fn is_gitlab(path: &str) -> bool {
    file_name(path).ends_with(".gitlab-ci.yml") || path.starts_with(".gitlab/ci/") && is_yaml(path)
}

pub(crate) fn is_compose(path: &str) -> bool {
    let name = file_name(path);
    is_yaml(path)
        && (name.starts_with("docker-compose")
            || name.starts_with("compose.")
            || name.starts_with("compose-"))
}

#[cfg(test)]
mod tests;
