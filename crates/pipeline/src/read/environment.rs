//! One environment.

use std::time::Duration;

use model::{Role, Severity};

use super::fields::{Fields, position};
use crate::{
    config::{Dast, DeployGate, Environment, Health, ReleaseReviewGate},
    yaml::Entry,
};

pub(super) fn environment(text: &str, entry: &Entry) -> Environment {
    let fields = Fields { text, node: &entry.node };
    Environment {
        name: entry.key.clone(),
        driver: fields.text("driver").unwrap_or_else(|| "host".into()),
        artifact: fields.path("artifact").unwrap_or_default(),
        root: fields.text("root"),
        run: fields.texts("run"),
        port: fields.whole("port").unwrap_or(0),
        env: fields.pairs("env"),
        user: fields.text("user"),
        health: health(&fields.object("health")),
        dast: dast(&fields.object("dast")),
        gate: gate(&fields.object("gate")),
        keep: fields.whole("keep").unwrap_or(5),
        at: position(text, entry),
    }
}

fn health(fields: &Fields<'_>) -> Health {
    let usual = Health::default();
    Health {
        path: fields.text("path").unwrap_or(usual.path),
        status: fields.whole("status").unwrap_or(usual.status),
        timeout: fields.duration("timeout").unwrap_or(usual.timeout),
        interval: fields.duration("interval").unwrap_or(usual.interval),
    }
}

fn dast(fields: &Fields<'_>) -> Dast {
    let usual = Dast::default();
    Dast {
        enabled: fields.flag("enabled", usual.enabled),
        openapi: fields.path("openapi"),
        reverse_at: threshold(fields, "reverse-at", usual.reverse_at),
        max_requests: fields.whole("max-requests").unwrap_or(usual.max_requests),
        max_time: fields.duration("max-time").unwrap_or(usual.max_time),
    }
}

fn gate(fields: &Fields<'_>) -> DeployGate {
    let usual = DeployGate::default();
    DeployGate {
        block: threshold(fields, "block", usual.block),
        warn: threshold(fields, "warn", usual.warn),
        block_secrets: fields.flag("block-secrets", usual.block_secrets),
        require_clean_source: fields.flag("require-clean-source", usual.require_clean_source),
        allow_build_network: fields.flag("allow-build-network", usual.allow_build_network),
        requirements: fields.text("requirements"),
        reviews_current: fields.text("reviews").is_some_and(|word| word == "current"),
        release_review: fields.has("release-review").then(|| review(&fields.object("release-review"))),
        accepting: roles(fields, "accepting"),
        honour_triage: fields.text("triage").is_some_and(|word| word == "honour"),
    }
}

fn roles(fields: &Fields<'_>, key: &str) -> Vec<Role> {
    let mut roles: Vec<Role> = fields.texts(key).iter().filter_map(|role| role.parse().ok()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn review(fields: &Fields<'_>) -> ReleaseReviewGate {
    ReleaseReviewGate {
        roles: roles(fields, "roles"),
        within: fields.duration("within").unwrap_or(Duration::from_secs(14 * 86_400)),
    }
}

/// A severity, or `never`.
fn threshold(fields: &Fields<'_>, key: &str, usual: Option<Severity>) -> Option<Severity> {
    fields.text(key).map_or(usual, |name| Severity::from_name(&name))
}
