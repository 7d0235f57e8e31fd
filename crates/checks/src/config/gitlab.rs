//! GitLab pipelines.

use model::Severity::{High, Medium};

use super::{
    Checked,
    containers::{Pin, pin},
    rule::{Hit, Hits, Rule},
    shell,
};
use crate::yaml::{self, Node};

/// Parses a pipeline and applies every rule.
pub fn check(text: &str) -> Checked {
    let mut hits = Hits::new(RULES);
    for node in yaml::parse_all(text).map_err(|e| e.to_string())? {
        if let Some(include) = node.get("include") {
            includes(include, &mut hits);
        }
        block(&node, None, &mut hits);
        for (name, job) in node.entries() {
            let reserved =
                matches!(name.text(), Some("include" | "variables" | "image" | "services" | "spec"));
            if !reserved {
                block(job, name.text(), &mut hits);
            }
        }
    }
    Ok(hits.found)
}

fn block(node: &Node, job: Option<&str>, hits: &mut Hits) {
    let services = node.get("services").map(Node::items).unwrap_or_default();
    for image in node.get("image").into_iter().chain(services) {
        let name = image.get("name").unwrap_or(image);
        let floating = name.text().is_some_and(|text| pin(text) == Pin::Floating);
        hits.when(floating, "gitlab-floating-image", || Hit::at(name.line, job));
    }
    for (name, value) in node.get("variables").map(Node::entries).unwrap_or_default() {
        let name_text = name.text().unwrap_or_default();
        let value = value.get("value").unwrap_or(value);
        let text = value.text().unwrap_or_default();
        hits.when(shell::is_literal_secret(name_text, text), "gitlab-secret-in-clear", || {
            Hit::at(name.line, job).with(name_text)
        });
        let debug = matches!(name_text, "CI_DEBUG_TRACE" | "CI_DEBUG_SERVICES") && value.is_true();
        hits.when(debug, "gitlab-debug-trace", || Hit::at(name.line, job));
        let no_check = name_text == "GIT_SSL_NO_VERIFY" && (value.is_true() || text == "1");
        hits.when(no_check, "gitlab-insecure-tls", || Hit::at(name.line, job));
    }
    for key in ["before_script", "script", "after_script"] {
        let Some(script) = node.get(key) else { continue };
        let lines = script.items().iter().flat_map(|item| std::iter::once(item).chain(item.items()));
        for line in std::iter::once(script).chain(lines) {
            let text = line.text().unwrap_or_default();
            hits.when(shell::pipes_to_shell(text), "gitlab-pipe-to-shell", || Hit::at(line.line, job));
            hits.when(shell::ignores_certificates(text), "gitlab-insecure-tls", || Hit::at(line.line, job));
        }
    }
}

fn includes(include: &Node, hits: &mut Hits) {
    for entry in std::iter::once(include).chain(include.items()) {
        let text = entry.text().or_else(|| entry.str("remote")).unwrap_or_default();
        let remote = text.starts_with("http") && entry.get("integrity").is_none();
        hits.when(remote, "gitlab-remote-include", || Hit::at(entry.line, None));
        let moving = entry.get("project").is_some() && entry.get("ref").is_none();
        hits.when(moving, "gitlab-include-without-ref", || Hit::at(entry.line, None));
    }
}

/// The rules of GitLab pipelines.
pub const RULES: &[Rule] = &[
    Rule {
        id: "gitlab-floating-image",
        title: "Container image without a version",
        cwe: 1357,
        severity: Medium,
        why: "Every run may use other content, also content that someone replaced.",
        fix: "Name a version and its digest: image:1.2.3@sha256:…",
        vulnerable: "image: python\nb:\n  script: [make]\n",
        safe: "image: python:3.12.1\nb:\n  script: [make]\n",
    },
    Rule {
        id: "gitlab-secret-in-clear",
        title: "Credential in a pipeline",
        cwe: 798,
        severity: High,
        why: "Everyone who can read the repository can read it, in every version since.",
        fix: "Revoke it and store a new one as a masked, protected variable.",
        vulnerable: "variables:\n  DEPLOY_TOKEN: Winter-2031-x\nb:\n  script: [make]\n",
        safe: "variables:\n  DEPLOY_TOKEN: $VAULTED\nb:\n  script: [make]\n",
    },
    Rule {
        id: "gitlab-debug-trace",
        title: "Debug trace shows all variables",
        cwe: 532,
        severity: Medium,
        why: "The job log then contains every variable, secrets too.",
        fix: "Remove CI_DEBUG_TRACE; set it by hand for one run when it is needed.",
        vulnerable: "b:\n  variables:\n    CI_DEBUG_TRACE: \"true\"\n  script: [make]\n",
        safe: "b:\n  variables:\n    CI_DEBUG_TRACE: \"false\"\n  script: [make]\n",
    },
    Rule {
        id: "gitlab-insecure-tls",
        title: "Certificate check switched off",
        cwe: 295,
        severity: Medium,
        why: "Without the check anyone on the way can replace what is downloaded.",
        fix: "Remove the option; add the missing certificate authority instead.",
        vulnerable: "b:\n  variables:\n    GIT_SSL_NO_VERIFY: \"1\"\n  script: [make]\n",
        safe: "b:\n  script: [curl --fail https://files.example/a]\n",
    },
    Rule {
        id: "gitlab-pipe-to-shell",
        title: "A download is executed unseen",
        cwe: 494,
        severity: Medium,
        why: "Whoever controls the address or the way to it runs commands in the pipeline.",
        fix: "Download to a file, compare its SHA-256, then run it.",
        vulnerable: "b:\n  script:\n    - curl https://files.example/i.sh | sh\n",
        safe: "b:\n  script:\n    - curl -O https://files.example/i.sh\n    - sha256sum -c sums\n",
    },
    Rule {
        id: "gitlab-remote-include",
        title: "Pipeline included from an address",
        cwe: 829,
        severity: Medium,
        why: "Whoever controls the address decides what this pipeline does.",
        fix: "Add `integrity: sha256-…`, or include it from a project with a fixed `ref`.",
        vulnerable: "include:\n  - remote: https://files.example/ci.yml\nb:\n  script: [make]\n",
        safe: "include:\n  - remote: https://files.example/ci.yml\n    integrity: sha256-AAAA\nb:\n  script: [make]\n",
    },
    Rule {
        id: "gitlab-include-without-ref",
        title: "Pipeline included from a moving branch",
        cwe: 829,
        severity: Medium,
        why: "Whoever can push to the other project's default branch decides what this pipeline does.",
        fix: "Add `ref:` with a commit id.",
        vulnerable: "include:\n  - project: group/ci\n    file: a.yml\nb:\n  script: [make]\n",
        safe: "include:\n  - project: group/ci\n    ref: 0123456789012345678901234567890123456789\n    file: a.yml\nb:\n  script: [make]\n",
    },
];
