//! No two outputs name the same file: neither equal nor one inside the other.

use std::ops::Range;

use super::Context;
use crate::{diagnostic::Diagnostic, path, yaml::Node};

struct Output<'a> {
    step: &'a str,
    path: String,
    span: &'a Range<usize>,
    report: bool,
}

pub(super) fn check(context: &mut Context<'_>) {
    let mut all: Vec<Output<'_>> = vec![];
    for entry in context.entries("steps") {
        let outputs = entry.node.get("outputs").map_or(&[][..], Node::items);
        let path = |key: &str| entry.node.get(key).and_then(|report| report.get("path"));
        let reports = ["report", "coverage"].into_iter().filter_map(path);
        let nodes = outputs.iter().map(|node| (node, false)).chain(reports.map(|node| (node, true)));
        for (node, report) in nodes {
            let Some(path) = node.text().and_then(|text| path::normalise(text).ok()) else { continue };
            all.push(Output { step: &entry.key, path, span: &node.span, report });
        }
    }
    // By components, so that what is inside a folder comes right after it: `a/b` before `a-b`.
    all.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')).then(a.span.start.cmp(&b.span.start)));
    let mut outer: Option<&Output<'_>> = None;
    for output in &all {
        match outer {
            Some(first) if path::contains(&first.path, &output.path) => {
                // A report may lie inside a declared output folder of its own step; two are not one file.
                let twice = output.report && first.report;
                if twice || !(first.step == output.step && (output.report || first.report)) {
                    context.problems.push(overlap(first, output));
                }
            }
            _ => outer = Some(output),
        }
    }
}

fn overlap(first: &Output<'_>, second: &Output<'_>) -> Diagnostic {
    let (earlier, later) =
        if first.span.start <= second.span.start { (first, second) } else { (second, first) };
    let message = match first.step == second.step {
        true => format!("the outputs `{}` and `{}` of `{}` overlap", first.path, second.path, first.step),
        false => format!("the outputs `{}` and `{}` of two steps overlap", earlier.path, later.path),
    };
    Diagnostic::new("config-output-overlap", later.span, message)
        .label(format!("made by `{}`", later.step))
        .related(earlier.span, format!("made by `{}`", earlier.step))
        .hint("give every step its own folder".to_owned())
}
