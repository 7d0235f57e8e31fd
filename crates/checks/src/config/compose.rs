//! Compose files (Compose Specification).

use model::Severity::{Critical, High, Medium};

use super::{
    Checked,
    containers::{Pin, is_runtime_socket, is_strong_capability, pin},
    rule::{Hit, Hits, Rule},
    shell,
};
use crate::yaml::{self, Node};

/// Parses a compose file and applies every rule.
pub fn check(text: &str) -> Checked {
    let node = yaml::parse(text).map_err(|e| e.to_string())?;
    let mut hits = Hits::new(RULES);
    for (name, service) in node.get("services").map(Node::entries).unwrap_or_default() {
        one(name.text().unwrap_or_default(), service, &mut hits);
    }
    Ok(hits.found)
}

fn one(name: &str, service: &Node, hits: &mut Hits) {
    let at = |node: &Node| Hit::at(node.line, Some(name));
    if let Some(privileged) = service.get("privileged").filter(|p| p.is_true()) {
        hits.add("compose-privileged", at(privileged));
    }
    for key in ["network_mode", "pid", "ipc", "userns_mode"] {
        if let Some(host) = service.get(key).filter(|v| v.text() == Some("host")) {
            hits.add("compose-host-namespace", at(host).with(key));
        }
    }
    for volume in service.get("volumes").map(Node::items).unwrap_or_default() {
        let path = volume.text().or_else(|| volume.str("source")).unwrap_or_default();
        hits.when(is_runtime_socket(path), "compose-runtime-socket", || at(volume));
    }
    for capability in service.get("cap_add").map(Node::items).unwrap_or_default() {
        let strong = capability.text().is_some_and(is_strong_capability);
        hits.when(strong, "compose-strong-capability", || at(capability));
    }
    for option in service.get("security_opt").map(Node::items).unwrap_or_default() {
        let open = option.text().is_some_and(|o| o.ends_with("unconfined") || o.ends_with("disable"));
        hits.when(open, "compose-unconfined", || at(option));
    }
    if let Some(image) = service.get("image") {
        let floating =
            image.text().is_some_and(|i| pin(i) == Pin::Floating) && service.get("build").is_none();
        hits.when(floating, "compose-floating-image", || at(image));
    }
    environment(name, service, hits);
}

fn environment(service_name: &str, service: &Node, hits: &mut Hits) {
    let Some(environment) = service.get("environment") else { return };
    let listed =
        environment.items().iter().filter_map(|i| i.text()?.split_once('=').map(|(k, v)| (i.line, k, v)));
    let mapped = environment.entries().iter().filter_map(|(k, v)| Some((k.line, k.text()?, v.text()?)));
    for (line, key, value) in listed.chain(mapped) {
        if shell::is_literal_secret(key, value) {
            hits.add("compose-secret-in-clear", Hit::at(line, Some(service_name)).with(key));
        }
    }
}

/// The rules of compose files.
pub const RULES: &[Rule] = &[
    Rule {
        id: "compose-privileged",
        title: "Privileged container",
        cwe: 250,
        severity: High,
        why: "It has every capability and all devices of the host: breaking into it is breaking into the host.",
        fix: "Remove `privileged`; add the one capability or device that is needed.",
        vulnerable: "services:\n  a:\n    image: x:1\n    privileged: true\n",
        safe: "services:\n  a:\n    image: x:1\n    privileged: false\n",
    },
    Rule {
        id: "compose-runtime-socket",
        title: "The container can command the container runtime",
        cwe: 250,
        severity: Critical,
        why: "Whoever can write to this socket can start a container that owns the host.",
        fix: "Remove the mount; use a proxy that allows only the calls that are needed.",
        vulnerable: "services:\n  a:\n    image: x:1\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n",
        safe: "services:\n  a:\n    image: x:1\n    volumes:\n      - data:/data\n",
    },
    Rule {
        id: "compose-host-namespace",
        title: "The container shares a namespace with the host",
        cwe: 653,
        severity: High,
        why: "It sees the host's network interfaces or processes as if it were not a container.",
        fix: "Remove it; publish the ports that are needed.",
        vulnerable: "services:\n  a:\n    image: x:1\n    network_mode: host\n",
        safe: "services:\n  a:\n    image: x:1\n    ports: [\"127.0.0.1:80:80\"]\n",
    },
    Rule {
        id: "compose-strong-capability",
        title: "A capability that is as good as root",
        cwe: 250,
        severity: High,
        why: "With it a process can leave the container's limits.",
        fix: "Remove it; drop all capabilities and add the weak one that is needed.",
        vulnerable: "services:\n  a:\n    image: x:1\n    cap_add: [SYS_ADMIN]\n",
        safe: "services:\n  a:\n    image: x:1\n    cap_add: [NET_BIND_SERVICE]\n",
    },
    Rule {
        id: "compose-unconfined",
        title: "Kernel protections are switched off",
        cwe: 693,
        severity: Medium,
        why: "The default profiles block the calls that most escapes need.",
        fix: "Remove the option or name a profile of your own.",
        vulnerable: "services:\n  a:\n    image: x:1\n    security_opt: [\"seccomp:unconfined\"]\n",
        safe: "services:\n  a:\n    image: x:1\n    security_opt: [\"no-new-privileges:true\"]\n",
    },
    Rule {
        id: "compose-floating-image",
        title: "Container image without a version",
        cwe: 1357,
        severity: Medium,
        why: "Every start may use other content, also content that someone replaced.",
        fix: "Name a version and its digest: image:1.2.3@sha256:…",
        vulnerable: "services:\n  a:\n    image: x:latest\n",
        safe: "services:\n  a:\n    image: x:1.2.3\n",
    },
    Rule {
        id: "compose-secret-in-clear",
        title: "Credential in a compose file",
        cwe: 798,
        severity: High,
        why: "Everyone who can read the repository can read it, in every version since.",
        fix: "Use `secrets:` or a variable from the surroundings: ${DB_PASSWORD}.",
        vulnerable: "services:\n  a:\n    image: x:1\n    environment:\n      - DB_PASSWORD=Winter-2031-x\n",
        safe: "services:\n  a:\n    image: x:1\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD}\n",
    },
];
