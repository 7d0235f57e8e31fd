//! One step.

use std::time::Duration;

use model::Technique;

use super::fields::{Fields, position};
use crate::{
    config::{Command, CoverageReport, Limits, Report, Step, StepKind, Trace},
    globs::Globs,
    path, scalar,
    yaml::Entry,
};

pub(super) fn step(text: &str, entry: &Entry) -> Step {
    let fields = Fields { text, node: &entry.node };
    let outputs = fields.texts("outputs");
    let mut outputs: Vec<String> = outputs.iter().filter_map(|text| path::normalise(text).ok()).collect();
    outputs.dedup();
    Step {
        name: entry.key.clone(),
        kind: fields.text("kind").and_then(|kind| StepKind::from_name(&kind)).unwrap_or(StepKind::Build),
        run: match fields.text("run") {
            Some(script) => Command::Shell(script),
            None => Command::Argv(fields.texts("run")),
        },
        inputs: fields.globs("inputs").unwrap_or_else(Globs::everything),
        outputs,
        needs: unique(fields.texts("needs")),
        tools: unique(fields.texts("tools")),
        network: fields.texts("network").iter().filter_map(|rule| rule.parse().ok()).collect(),
        secrets: unique(fields.texts("secrets")),
        env: fields.pairs("env"),
        limits: limits(&fields.object("limits")),
        timeout: fields.duration("timeout").unwrap_or(Duration::from_secs(1800)),
        retries: fields.whole("retries").unwrap_or(0),
        cache: fields.has("cache").then(|| fields.flag("cache", true)),
        trace: fields.text("trace").and_then(|trace| Trace::from_name(&trace)).unwrap_or_default(),
        report: fields.has("report").then(|| report(&fields.object("report"))),
        coverage: fields.has("coverage").then(|| coverage(&fields.object("coverage"))),
        at: position(text, entry),
    }
}

fn unique(mut names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn limits(fields: &Fields<'_>) -> Limits {
    let usual = Limits::default();
    Limits {
        memory: fields.size("memory").unwrap_or(usual.memory),
        processes: fields.whole("processes").unwrap_or(usual.processes),
        cpu: fields.text("cpu").and_then(|text| scalar::parse_percent(&text)),
        disk: fields.size("disk").unwrap_or(usual.disk),
        output: fields.size("output").unwrap_or(usual.output),
    }
}

fn coverage(fields: &Fields<'_>) -> CoverageReport {
    CoverageReport {
        format: fields.text("format").unwrap_or_default(),
        path: fields.path("path").unwrap_or_default(),
    }
}

fn report(fields: &Fields<'_>) -> Report {
    Report {
        format: fields.text("format").unwrap_or_default(),
        path: fields.path("path").unwrap_or_default(),
        tool: fields.text("tool"),
        technique: fields.text("technique").and_then(|name| Technique::from_name(&name)),
    }
}
