//! Kubernetes manifests: pod settings and roles.

use model::Severity::{Critical, High, Low, Medium};

use super::{
    Checked,
    containers::{Pin, is_runtime_socket, is_strong_capability, pin},
    rule::{Hit, Hits, Rule, short},
    shell,
};
use crate::yaml::{self, Node};

/// Whether a YAML text is a manifest.
pub fn looks_like(text: &str) -> bool {
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    has("apiVersion:") && has("kind:")
}

/// Parses the documents of a manifest and applies every rule.
pub fn check(text: &str) -> Checked {
    let mut hits = Hits::new(RULES);
    for document in yaml::parse_all(text).map_err(|e| e.to_string())? {
        let items = document.get("items").map(Node::items).unwrap_or_default();
        for resource in std::iter::once(&document).chain(items) {
            one(resource, &mut hits);
        }
    }
    Ok(hits.found)
}

fn one(resource: &Node, hits: &mut Hits) {
    let kind = resource.str("kind").unwrap_or_default();
    let name = resource.at(&["metadata", "name"]).and_then(Node::text).unwrap_or_default();
    let symbol = short(&format!("{kind}/{name}"));
    let paths: [&[&str]; 3] =
        [&["spec", "template", "spec"], &["spec", "jobTemplate", "spec", "template", "spec"], &["spec"]];
    if let Some(pod) = paths.iter().filter_map(|p| resource.at(p)).find(|p| p.get("containers").is_some()) {
        pod_spec(pod, &symbol, hits);
    }
    if matches!(kind, "ClusterRole" | "Role") {
        for rule in resource.get("rules").map(Node::items).unwrap_or_default() {
            let all = |key: &str| {
                rule.get(key).is_some_and(|list| list.items().iter().any(|i| i.text() == Some("*")))
            };
            hits.when(all("verbs") && all("resources"), "k8s-wildcard-role", || {
                Hit::at(rule.line, Some(&symbol))
            });
        }
    }
}

fn pod_spec(pod: &Node, symbol: &str, hits: &mut Hits) {
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(node) = pod.get(key).filter(|n| n.is_true()) {
            hits.add("k8s-host-namespace", Hit::at(node.line, Some(symbol)).with(key));
        }
    }
    for volume in pod.get("volumes").map(Node::items).unwrap_or_default() {
        let Some(path) = volume.at(&["hostPath", "path"]) else { continue };
        let socket = path.text().is_some_and(is_runtime_socket);
        hits.add(
            if socket { "k8s-runtime-socket" } else { "k8s-host-path" },
            Hit::at(path.line, Some(symbol)),
        );
    }
    for group in ["containers", "initContainers"] {
        for container in pod.get(group).map(Node::items).unwrap_or_default() {
            let inner = format!("{symbol}/{}", container.str("name").unwrap_or_default());
            one_container(container, pod, &inner, hits);
        }
    }
}

fn one_container(container: &Node, pod: &Node, symbol: &str, hits: &mut Hits) {
    let at = |node: &Node| Hit::at(node.line, Some(symbol));
    let setting = |key: &str| container.at(&["securityContext", key]);
    if let Some(node) = setting("privileged").filter(|n| n.is_true()) {
        hits.add("k8s-privileged", at(node));
    }
    if let Some(node) = setting("allowPrivilegeEscalation").filter(|n| n.is_true()) {
        hits.add("k8s-privilege-escalation", at(node));
    }
    let inherited = |key: &str| setting(key).or_else(|| pod.at(&["securityContext", key]));
    let root = inherited("runAsUser").filter(|n| n.text() == Some("0"));
    let non_root = inherited("runAsNonRoot").is_some_and(Node::is_true);
    let other_user = inherited("runAsUser").is_some_and(|n| n.text() != Some("0"));
    match root {
        Some(node) => hits.add("k8s-root-user", at(node)),
        None => hits.when(!non_root && !other_user, "k8s-root-user", || at(container)),
    }
    for capability in
        container.at(&["securityContext", "capabilities", "add"]).map(Node::items).unwrap_or_default()
    {
        let strong = capability.text().is_some_and(is_strong_capability);
        hits.when(strong, "k8s-strong-capability", || at(capability));
    }
    if let Some(image) = container.get("image") {
        let floating = image.text().is_some_and(|i| pin(i) == Pin::Floating);
        hits.when(floating, "k8s-floating-image", || at(image));
    }
    for variable in container.get("env").map(Node::items).unwrap_or_default() {
        let (name, value) =
            (variable.str("name").unwrap_or_default(), variable.str("value").unwrap_or_default());
        let secret = shell::is_literal_secret(name, value);
        hits.when(secret, "k8s-secret-in-clear", || at(variable).with(name));
    }
}

/// The rules of Kubernetes manifests.
pub const RULES: &[Rule] = &[
    Rule {
        id: "k8s-privileged",
        title: "Privileged container",
        cwe: 250,
        severity: High,
        why: "It has every capability and all devices of the node: breaking into it is breaking into the node.",
        fix: "Remove `privileged`; add the one capability that is needed.",
        vulnerable: "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: x:1\n      securityContext: {privileged: true, runAsNonRoot: true}\n",
        safe: "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: x:1\n      securityContext: {runAsNonRoot: true}\n",
    },
    Rule {
        id: "k8s-host-namespace",
        title: "The pod shares a namespace with the node",
        cwe: 653,
        severity: High,
        why: "It sees the node's network interfaces or processes as if it were not a container.",
        fix: "Remove hostNetwork, hostPID and hostIPC.",
        vulnerable: "apiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: true\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\"}]\n",
        safe: "apiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: false\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\"}]\n",
    },
    Rule {
        id: "k8s-runtime-socket",
        title: "The pod can command the container runtime",
        cwe: 250,
        severity: Critical,
        why: "Whoever can write to this socket can start a container that owns the node.",
        fix: "Remove the volume.",
        vulnerable: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\"}]\n  volumes: [{name: s, hostPath: {path: /run/containerd/containerd.sock}}]\n",
        safe: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\"}]\n  volumes: [{name: s, emptyDir: {}}]\n",
    },
    Rule {
        id: "k8s-host-path",
        title: "A folder of the node in the pod",
        cwe: 668,
        severity: Medium,
        why: "What the pod writes there, and what it can read, belongs to the node and to other pods.",
        fix: "Use a persistent volume claim, a config map or an emptyDir.",
        vulnerable: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\"}]\n  volumes: [{name: s, hostPath: {path: /etc}}]\n",
        safe: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\"}]\n  volumes: [{name: s, emptyDir: {}}]\n",
    },
    Rule {
        id: "k8s-privilege-escalation",
        title: "Privilege escalation is allowed",
        cwe: 269,
        severity: Medium,
        why: "A set-uid program in the image can then become root.",
        fix: "Set allowPrivilegeEscalation: false.",
        vulnerable: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\", securityContext: {allowPrivilegeEscalation: true}}]\n",
        safe: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\", securityContext: {allowPrivilegeEscalation: false}}]\n",
    },
    Rule {
        id: "k8s-root-user",
        title: "The container may run as root",
        cwe: 250,
        severity: Medium,
        why: "Whoever breaks into the application is root in the container, one kernel bug away from the node.",
        fix: "Set runAsNonRoot: true and a runAsUser above 0.",
        vulnerable: "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a, image: \"x:1\"}]\n",
        safe: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\"}]\n",
    },
    Rule {
        id: "k8s-strong-capability",
        title: "A capability that is as good as root",
        cwe: 250,
        severity: High,
        why: "With it a process can leave the container's limits.",
        fix: "Drop all capabilities and add the weak one that is needed.",
        vulnerable: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\", securityContext: {capabilities: {add: [SYS_ADMIN]}}}]\n",
        safe: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\", securityContext: {capabilities: {drop: [ALL]}}}]\n",
    },
    Rule {
        id: "k8s-floating-image",
        title: "Container image without a version",
        cwe: 1357,
        severity: Low,
        why: "Two pods of one deployment may run different content.",
        fix: "Name a version and its digest: image:1.2.3@sha256:…",
        vulnerable: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:latest\"}]\n",
        safe: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1.2\"}]\n",
    },
    Rule {
        id: "k8s-secret-in-clear",
        title: "Credential in a manifest",
        cwe: 798,
        severity: High,
        why: "Everyone who can read the repository or the manifest can read it.",
        fix: "Use valueFrom.secretKeyRef.",
        vulnerable: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\", env: [{name: DB_PASSWORD, value: Winter-2031-x}]}]\n",
        safe: "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: \"x:1\", env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]\n",
    },
    Rule {
        id: "k8s-wildcard-role",
        title: "A role that may do everything",
        cwe: 250,
        severity: High,
        why: "Whoever gets a token of this role owns the namespace or the cluster.",
        fix: "List the resources and verbs that are needed.",
        vulnerable: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nrules:\n  - {apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"]}\n",
        safe: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nrules:\n  - {apiGroups: [\"\"], resources: [pods], verbs: [get]}\n",
    },
];
