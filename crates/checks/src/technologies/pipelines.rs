//! Pipelines: which system runs them, the actions and images that they use.

use super::{Found, images::image};
use crate::{
    tree::file_name,
    yaml::{self, Node},
};

/// Deepest nesting that is searched for images.
const DEEPEST: usize = 12;

/// Systems that a file's path alone tells.
pub(super) fn by_name(path: &str, found: &mut Found) {
    let name = match (path, file_name(path)) {
        (".circleci/config.yml", _) => "circleci",
        (_, "azure-pipelines.yml") => "azure-pipelines",
        (_, "bitbucket-pipelines.yml") => "bitbucket-pipelines",
        (_, ".travis.yml") => "travis-ci",
        (_, ".drone.yml") => "drone",
        (_, ".woodpecker.yml" | ".woodpecker.yaml") => "woodpecker",
        ("proofhouse.yaml", _) => "proofhouse",
        _ => return,
    };
    found.add("pipeline", name, None, None);
}

fn parsed(text: &str, found: &mut Found) -> Option<Node> {
    yaml::parse(text).map_err(|error| found.gap(&error.to_string())).ok()
}

/// Workflows and actions: what they use, and the images that they run in.
pub(super) fn github(text: &str, found: &mut Found) {
    let Some(node) = parsed(text, found) else { return };
    found.add("pipeline", "github-actions", None, None);
    for (_, job) in node.get("jobs").map(Node::entries).unwrap_or_default() {
        uses(job.str("uses"), found);
        steps(job.get("steps"), found);
        let container = job.get("container");
        image_of(container.and_then(|one| one.text().or_else(|| one.str("image"))), "image", found);
        for (_, service) in job.get("services").map(Node::entries).unwrap_or_default() {
            image_of(service.str("image"), "service", found);
        }
    }
    steps(node.at(&["runs", "steps"]), found);
}

fn steps(list: Option<&Node>, found: &mut Found) {
    list.map(Node::items).unwrap_or_default().iter().for_each(|step| uses(step.str("uses"), found));
}

fn image_of(reference: Option<&str>, kind: &'static str, found: &mut Found) {
    reference.into_iter().for_each(|reference| image(kind, reference, found));
}

/// `owner/repository[/path]@reference`, an image, or a folder of the same repository.
fn uses(text: Option<&str>, found: &mut Found) {
    let Some(text) = text.filter(|text| !text.starts_with('.')) else { return };
    if let Some(reference) = text.strip_prefix("docker://") {
        return image("image", reference, found);
    }
    let (path, version) = text.split_once('@').map_or((text, None), |(path, version)| (path, Some(version)));
    let mut parts = path.split('/');
    let (Some(owner), Some(repository)) = (parts.next(), parts.next()) else { return };
    let name = format!("{owner}/{repository}").to_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/".contains(c);
    if name.chars().all(plain) {
        found.add("action", &name, version, Some(format!("pkg:githubactions/{name}")));
    }
}

/// Images and services of all jobs.
pub(super) fn gitlab(text: &str, found: &mut Found) {
    let Some(node) = parsed(text, found) else { return };
    found.add("pipeline", "gitlab-ci", None, None);
    gitlab_job(&node, found);
    for (_, job) in node.entries() {
        gitlab_job(job, found);
    }
}

fn gitlab_job(job: &Node, found: &mut Found) {
    let name = |node: &Node| node.text().or_else(|| node.str("name")).map(str::to_owned);
    image_of(job.get("image").and_then(name).as_deref(), "image", found);
    for service in job.get("services").map(Node::items).unwrap_or_default() {
        image_of(name(service).as_deref(), "service", found);
    }
}

/// Images of a Jenkinsfile: what stands in quotes after `image`. It is a program; what it computes is not seen.
pub(super) fn jenkins(text: &str, found: &mut Found) {
    found.add("pipeline", "jenkins", None, None);
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let Some(at) = line.find("image") else { continue };
        let rest = line[at + "image".len()..].trim_start_matches([' ', '(', ':', '=']);
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else { continue };
        if let Some((reference, _)) = rest[1..].split_once(quote) {
            image("image", reference, found);
        }
    }
}

/// All images under `containers` and `initContainers`, wherever they are.
pub(super) fn containers(node: &Node, depth: usize, found: &mut Found) {
    if depth > DEEPEST {
        return;
    }
    for (key, value) in node.entries() {
        if matches!(key.text(), Some("containers" | "initContainers" | "ephemeralContainers")) {
            value.items().iter().for_each(|one| image_of(one.str("image"), "service", found));
        }
        containers(value, depth + 1, found);
    }
    node.items().iter().for_each(|item| containers(item, depth + 1, found));
}
