//! What a step's kind asks of its report, and names given twice to one step.

use super::Context;
use crate::{
    config::{Step, StepKind},
    diagnostic::Diagnostic,
    yaml::{Entry, Node},
};

pub(super) fn check(context: &mut Context<'_>) {
    for (step, entry) in context.config.steps.iter().zip(context.entries("steps")) {
        report(step, entry, context.problems);
        coverage(step, entry, context.problems);
        variables(step, entry, context.problems);
        makes_something(step, entry, context.problems);
    }
}

fn report(step: &Step, entry: &Entry, problems: &mut Vec<Diagnostic>) {
    let node = entry.node.get("report");
    let format = node.and_then(|node| node.get("format"));
    let junit = step.report.as_ref().is_some_and(|report| report.format == "junit");
    let problem = match (step.kind, node, format) {
        (StepKind::Scan, None, _) => Diagnostic::new(
            "config-missing-key",
            &entry.key_span,
            format!("the scan step `{}` has no `report`", step.name),
        )
        .label("expected `report: { format: …, path: … }`")
        .hint("a scan without a report proves nothing".to_owned()),
        (StepKind::Scan, _, Some(format)) if junit => Diagnostic::new(
            "config-report-format",
            &format.span,
            "`junit` is a test report, not a scan report",
        )
        .label("expected a scanner's format"),
        (StepKind::Test, _, Some(format)) if !junit => {
            Diagnostic::new("config-report-format", &format.span, "the report of a test step must be `junit`")
                .label("expected `junit`")
                .hint("to import findings, make it a step of kind `scan`".to_owned())
        }
        (StepKind::Build | StepKind::Package, Some(node), _) => Diagnostic::new(
            "config-report-not-allowed",
            &node.span,
            format!("a step of kind `{}` has no report", step.kind.name()),
        )
        .label("only `test` and `scan` have one"),
        _ => return,
    };
    problems.push(problem);
}

fn coverage(step: &Step, entry: &Entry, problems: &mut Vec<Diagnostic>) {
    if let Some(node) = entry.node.get("coverage").filter(|_| step.kind != StepKind::Test) {
        let message = format!("a step of kind `{}` has no coverage report", step.kind.name());
        let problem = Diagnostic::new("config-report-not-allowed", &node.span, message);
        problems.push(problem.label("only `test` has one"));
    }
}

fn variables(step: &Step, entry: &Entry, problems: &mut Vec<Diagnostic>) {
    let secrets = entry.node.get("secrets").map_or(&[][..], Node::items);
    for item in secrets.iter().filter(|item| item.text().is_some_and(|name| step.env.contains_key(name))) {
        let message = format!("`{}` is both a secret and an entry of `env`", item.text().unwrap_or_default());
        problems.push(Diagnostic::new("config-variable-twice", &item.span, message));
    }
}

fn makes_something(step: &Step, entry: &Entry, problems: &mut Vec<Diagnostic>) {
    if matches!(step.kind, StepKind::Build | StepKind::Package) && step.outputs.is_empty() {
        let message = format!("the {} step `{}` declares no `outputs`", step.kind.name(), step.name);
        let problem = Diagnostic::new("config-missing-key", &entry.key_span, message);
        problems.push(
            problem
                .label("expected `outputs: [PATH]`")
                .hint("only declared outputs are kept; a step that only checks is of kind `test`".to_owned()),
        );
    }
}
