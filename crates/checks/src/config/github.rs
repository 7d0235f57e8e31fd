//! GitHub Actions: workflows and composite actions, walked once.

use super::{
    Checked,
    containers::{Pin, pin},
    github_rules::RULES,
    rule::{Hit, Hits},
    shell,
};
use crate::yaml::{self, Node};

/// Parses a workflow or action and applies every rule.
pub fn check(text: &str) -> Checked {
    let node = yaml::parse(text).map_err(|e| e.to_string())?;
    let mut hits = Hits::new(RULES);
    let workflow = Workflow { triggers: triggers(&node) };
    if node.get("jobs").is_some() {
        permissions(&node, None, &mut hits);
        let jobs = node.get("jobs").map(Node::entries).unwrap_or_default();
        let each = jobs.iter().all(|(_, job)| job.get("permissions").is_some() || job.get("uses").is_some());
        hits.when(
            node.get("permissions").is_none() && (jobs.is_empty() || !each),
            "gha-no-permissions",
            || Hit::at(node.line, None),
        );
    }
    environment(&node, None, &mut hits);
    for (name, job) in node.get("jobs").map(Node::entries).unwrap_or_default() {
        workflow.job(name.text().unwrap_or_default(), job, &mut hits);
    }
    for step in node.at(&["runs", "steps"]).map(Node::items).unwrap_or_default() {
        workflow.step("runs", step, &mut hits);
    }
    Ok(hits.found)
}

struct Workflow {
    triggers: Vec<String>,
}

fn triggers(node: &Node) -> Vec<String> {
    let Some(on) = node.get("on") else { return Vec::new() };
    let names = on.text().into_iter().chain(on.items().iter().filter_map(Node::text));
    names.chain(on.entries().iter().filter_map(|(k, _)| k.text())).map(str::to_owned).collect()
}

fn permissions(node: &Node, symbol: Option<&str>, hits: &mut Hits) {
    let Some(permissions) = node.get("permissions") else { return };
    hits.when(permissions.text() == Some("write-all"), "gha-write-all", || Hit::at(permissions.line, symbol));
}

/// Secrets and switches in an `env` block.
fn environment(node: &Node, symbol: Option<&str>, hits: &mut Hits) {
    for (name, value) in node.get("env").map(Node::entries).unwrap_or_default() {
        let (name_text, text) = (name.text().unwrap_or_default(), value.text().unwrap_or_default());
        let hit = || Hit::at(name.line, symbol);
        hits.when(all_secrets(text), "gha-all-secrets", hit);
        hits.when(
            name_text == "ACTIONS_ALLOW_UNSECURE_COMMANDS" && value.is_true(),
            "gha-insecure-commands",
            hit,
        );
        let literal = !text.contains("${{") && shell::is_literal_secret(name_text, text);
        hits.when(literal, "gha-secret-in-clear", || hit().with(name_text));
    }
}

fn all_secrets(text: &str) -> bool {
    text.to_ascii_lowercase().replace(' ', "").contains("tojson(secrets)")
}

impl Workflow {
    /// Runs with the rights of the target repository on input of strangers.
    fn privileged(&self) -> bool {
        self.triggers
            .iter()
            .any(|t| matches!(t.as_str(), "pull_request_target" | "workflow_run" | "issue_comment"))
    }

    fn job(&self, name: &str, job: &Node, hits: &mut Hits) {
        permissions(job, Some(name), hits);
        environment(job, Some(name), hits);
        if let Some(secrets) = job.get("secrets") {
            hits.when(secrets.text() == Some("inherit"), "gha-secrets-inherit", || {
                Hit::at(secrets.line, Some(name))
            });
        }
        if let Some(uses) = job.get("uses") {
            action(uses, name, hits);
        }
        self.runner(name, job, hits);
        let services = job.get("services").map(Node::entries).unwrap_or_default().iter().map(|(_, s)| s);
        for container in job.get("container").into_iter().chain(services) {
            let image = container.get("image").unwrap_or(container);
            let floating = image.text().is_some_and(|text| pin(text) == Pin::Floating);
            hits.when(floating, "gha-floating-image", || Hit::at(image.line, Some(name)));
        }
        for step in job.get("steps").map(Node::items).unwrap_or_default() {
            self.step(name, step, hits);
        }
    }

    fn runner(&self, name: &str, job: &Node, hits: &mut Hits) {
        let Some(runner) = job.get("runs-on") else { return };
        let labels = runner.text().into_iter().chain(runner.items().iter().filter_map(Node::text));
        let own = labels.into_iter().any(|label| label == "self-hosted");
        let foreign = self.triggers.iter().any(|t| t.starts_with("pull_request"));
        hits.when(own && foreign, "gha-self-hosted", || Hit::at(runner.line, Some(name)));
    }

    fn step(&self, job: &str, step: &Node, hits: &mut Hits) {
        environment(step, Some(job), hits);
        if let Some(uses) = step.get("uses") {
            action(uses, job, hits);
            let text = uses.text().unwrap_or_default();
            let reference = step.at(&["with", "ref"]);
            let head = reference.and_then(Node::text).is_some_and(is_head);
            let checkout = text.starts_with("actions/checkout@");
            hits.when(self.privileged() && checkout && head, "gha-untrusted-checkout", || {
                Hit::at(reference.map_or(uses.line, |r| r.line), Some(job))
            });
        }
        for script in [step.get("run"), step.at(&["with", "script"])].into_iter().flatten() {
            commands(script, job, hits);
        }
    }
}

/// An expression that means the code of a pull request.
fn is_head(text: &str) -> bool {
    ["pull_request.head", "github.head_ref", "workflow_run.head", "refs/pull/"]
        .iter()
        .any(|part| text.contains(part))
}

fn action(uses: &Node, job: &str, hits: &mut Hits) {
    let Some(text) = uses.text() else { return };
    if text.starts_with("./") || text.starts_with("../") || text.contains("${{") {
        return;
    }
    let pinned = match text.strip_prefix("docker://") {
        Some(image) => pin(image) == Pin::Digest,
        None => text
            .rsplit_once('@')
            .is_some_and(|(_, r)| r.len() == 40 && r.bytes().all(|b| b.is_ascii_hexdigit())),
    };
    let branch =
        text.rsplit_once('@').is_none_or(|(_, r)| matches!(r, "main" | "master" | "develop" | "HEAD"));
    let id = if branch && !text.starts_with("docker://") {
        "gha-action-from-branch"
    } else {
        "gha-unpinned-action"
    };
    hits.when(!pinned, id, || Hit::at(uses.line, Some(job)).with(text));
}

fn commands(script: &Node, job: &str, hits: &mut Hits) {
    let text = script.text().unwrap_or_default();
    let hit = || Hit::at(script.line, Some(job));
    for expression in expressions(text) {
        if is_untrusted(expression) {
            hits.add("gha-script-injection", hit().with(expression.trim()));
        }
        hits.when(all_secrets(expression), "gha-all-secrets", hit);
        hits.when(expression.trim().starts_with("secrets."), "gha-secret-in-script", hit);
    }
    hits.when(shell::pipes_to_shell(text), "gha-pipe-to-shell", hit);
    hits.when(shell::ignores_certificates(text), "gha-insecure-tls", hit);
}

/// The insides of every `${{ … }}`.
fn expressions(text: &str) -> impl Iterator<Item = &str> {
    text.split("${{").skip(1).filter_map(|rest| rest.split("}}").next())
}

/// Values that a stranger can choose: titles, bodies, branch names, commit messages, author names.
fn is_untrusted(expression: &str) -> bool {
    let whole =
        ["github.head_ref", "github.event.pull_request.head.ref", "github.event.pull_request.head.label"];
    let ends = [
        ".title",
        ".body",
        ".message",
        ".page_name",
        ".email",
        ".name",
        ".default_branch",
        ".head_branch",
        ".label",
    ];
    let words = expression.split(|c: char| !(c.is_alphanumeric() || "._-*[]".contains(c)));
    words.into_iter().any(|word| {
        let event = word.starts_with("github.event.") && ends.iter().any(|end| word.ends_with(end));
        // The repository and its owner are not chosen by the sender of an event.
        let own =
            word.starts_with("github.event.repository.") || word.starts_with("github.event.organization.");
        whole.contains(&word) || event && !own
    })
}
