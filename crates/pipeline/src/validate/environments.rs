//! Environments: their artifact is made by a step, and no two share a port or a folder.

use std::{collections::HashMap, ops::Range};

use super::Context;
use crate::{config::Environment, diagnostic::Diagnostic, shape::listed, suggest::did_you_mean, yaml::Entry};

pub(super) fn check(context: &mut Context<'_>) {
    let environments = context.config.environments.iter().zip(context.entries("environments"));
    let environments: Vec<(&Environment, &Entry)> = environments.collect();
    for (environment, entry) in &environments {
        artifact(context, environment, entry);
        thresholds(context, environment, entry);
    }
    unique(context, &environments, "port", |e| Some(e.port.to_string()));
    unique(context, &environments, "root", |e| e.root.clone());
}

fn artifact(context: &mut Context<'_>, environment: &Environment, entry: &Entry) {
    let Some(node) = entry.node.get("artifact") else { return };
    if context.config.maker(&environment.artifact).is_some() {
        return;
    }
    let outputs: Vec<&str> =
        context.config.steps.iter().flat_map(|step| &step.outputs).map(String::as_str).collect();
    let message = format!("no step makes `{}`", environment.artifact);
    let expected = match outputs.len() {
        0 => "no step declares an output".to_owned(),
        1..=8 => format!("expected one of {}", listed(&outputs)),
        _ => "expected a declared output of a step".to_owned(),
    };
    let hint = did_you_mean(&environment.artifact, outputs);
    context
        .problems
        .push(Diagnostic::new("config-unknown-artifact", &node.span, message).label(expected).hint(hint));
}

fn thresholds(context: &mut Context<'_>, environment: &Environment, entry: &Entry) {
    let gate = &environment.gate;
    let Some(node) = entry.node.get("gate").and_then(|gate| gate.get("warn")) else { return };
    if let (Some(block), Some(warn)) = (gate.block, gate.warn)
        && warn > block
    {
        let message = format!("`warn: {warn}` can never matter: from `{block}` on, findings already block");
        let problem = Diagnostic::new("config-threshold-order", &node.span, message);
        context.problems.push(problem.label(format!("expected `{block}` or below, or `never`")));
    }
}

fn unique(
    context: &mut Context<'_>,
    environments: &[(&Environment, &Entry)],
    key: &str,
    value: impl Fn(&Environment) -> Option<String>,
) {
    let mut seen: HashMap<String, (&str, &Range<usize>)> = HashMap::new();
    for (environment, entry) in environments {
        let (Some(value), Some(node)) = (value(environment), entry.node.get(key)) else { continue };
        if let Some((first, span)) = seen.get(&value) {
            let message = format!("`{first}` and `{}` have the same {key}", environment.name);
            let code = if key == "port" { "config-port-twice" } else { "config-root-twice" };
            let problem = Diagnostic::new(code, &node.span, message).label("second time");
            context.problems.push(problem.related(span, "first time"));
        } else {
            seen.insert(value, (&environment.name, &node.span));
        }
    }
}
