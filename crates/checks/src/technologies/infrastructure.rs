//! Infrastructure as code: providers of Terraform (and OpenTofu), Helm charts, Kubernetes manifests.

use super::{Found, pipelines::containers};
use crate::yaml::{self, Node};

/// A provider as `namespace/name`, from a source address with or without a host.
fn provider(source: &str, version: Option<&str>, found: &mut Found) {
    let mut parts = source.rsplit('/');
    let name = parts.next().unwrap_or_default().to_lowercase();
    let namespace = parts.next().unwrap_or("hashicorp").to_lowercase();
    let plain =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if plain(&name) && plain(&namespace) {
        let path = format!("{namespace}/{name}");
        found.add("provider", &path, version, Some(format!("pkg:terraform/{path}")));
    }
}

/// The text in quotes after `key =`.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.trim().strip_prefix(key)?.trim_start().strip_prefix('=')?;
    rest.trim_start().strip_prefix('"')?.split_once('"').map(|(value, _)| value)
}

/// Providers that a configuration demands (`required_providers`) or sets up. Which version it is, the lock file
/// says.
pub(super) fn terraform(text: &str, found: &mut Found) {
    found.add("pipeline", "terraform", None, None);
    let (mut depth, mut inside) = (0_i32, None);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#']) && !line.starts_with("//"))
    {
        let opens = line.matches('{').count() as i32 - line.matches('}').count() as i32;
        if line.starts_with("required_providers") {
            inside = Some(depth);
        }
        if inside.is_some() {
            // On a line of its own, or `aws = { source = "…" }`.
            let at = line.find("source").map(|at| &line[at..]);
            at.and_then(|rest| value(rest, "source"))
                .into_iter()
                .for_each(|source| provider(source, None, found));
        } else if depth == 0
            && let Some(name) = line.strip_prefix("provider \"").and_then(|rest| rest.split('"').next())
        {
            // Without a source it is one of the default namespace; where both stand, the source is in the list.
            if !declared(text, name) {
                provider(name, None, found);
            }
        }
        depth += opens;
        if inside.is_some_and(|at| depth <= at) {
            inside = None;
        }
    }
}

/// Whether `name = {` stands in the file, as in `required_providers`.
fn declared(text: &str, name: &str) -> bool {
    text.lines()
        .any(|line| line.trim().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('=')))
}

/// Providers with the versions that are locked.
pub(super) fn terraform_lock(text: &str, found: &mut Found) {
    let mut current: Option<&str> = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("provider \"") {
            current = rest.split('"').next();
        }
        if let Some((source, version)) = current.zip(value(line, "version")) {
            provider(source, Some(version), found);
            current = None;
        }
    }
}

/// A chart, and the charts that it depends on.
pub(super) fn chart(text: &str, found: &mut Found) {
    let node = match yaml::parse(text) {
        Ok(node) => node,
        Err(error) => return found.gap(&error.to_string()),
    };
    found.add("pipeline", "helm", None, None);
    for one in node.get("dependencies").map(Node::items).unwrap_or_default() {
        let Some(name) = one.str("name").map(str::to_lowercase) else { continue };
        if name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            found.add("chart", &name, one.str("version"), Some(format!("pkg:helm/{name}")));
        }
    }
}

/// Images of Kubernetes manifests.
pub(super) fn kubernetes(text: &str, found: &mut Found) {
    if !crate::config::kubernetes_looks_like(text) {
        return;
    }
    // A template becomes a manifest only when it is rendered.
    if text.contains("{{") {
        return found.gap("a template, not a manifest yet");
    }
    let documents = match yaml::parse_all(text) {
        Ok(documents) => documents,
        Err(error) => return found.gap(&error.to_string()),
    };
    for one in documents.iter().filter(|one| one.get("apiVersion").is_some() && one.get("kind").is_some()) {
        found.add("platform", "kubernetes", None, None);
        containers(one, 0, found);
    }
}
