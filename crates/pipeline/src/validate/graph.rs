//! `needs` and `tools`: every name exists, and no step waits for itself.

use std::collections::HashMap;

use super::Context;
use crate::{
    diagnostic::{Diagnostic, shown},
    suggest::did_you_mean,
    yaml::Node,
};

pub(super) fn check(context: &mut Context<'_>) {
    let steps: Vec<&str> = context.entries("steps").iter().map(|entry| entry.key.as_str()).collect();
    let tools: Vec<&str> = context.entries("tools").iter().map(|entry| entry.key.as_str()).collect();
    let mut missing = names(context, "needs", "config-missing-need", "step", &steps);
    missing.extend(names(context, "tools", "config-unknown-tool", "tool", &tools));
    context.problems.extend(missing);
    cycles(context, &steps);
}

fn names(
    context: &Context<'_>,
    key: &str,
    code: &'static str,
    what: &str,
    known: &[&str],
) -> Vec<Diagnostic> {
    let mut problems = vec![];
    for item in context.entries("steps").iter().flat_map(|step| list(&step.node, key)) {
        let Some(name) = item.text().filter(|name| !known.contains(name)) else { continue };
        let hint = did_you_mean(name, known.iter().copied()).or_else(|| {
            (what == "tool")
                .then(|| format!("declare it: `tools: {{ {0}: {{ command: {0} }} }}`", shown(name)))
        });
        let message = format!("there is no {what} named `{}`", shown(name));
        problems.push(
            Diagnostic::new(code, &item.span, message)
                .label(format!("expected the name of a {what}"))
                .hint(hint),
        );
    }
    problems
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).map_or(&[], Node::items)
}

/// Colours of the depth-first search.
#[derive(Clone, Copy, PartialEq)]
enum Colour {
    New,
    Open,
    Done,
}

/// Reports each cycle once, at the `needs` entry that closes it. Iterative: 500 steps in a row must
/// not need 500 stack frames.
fn cycles(context: &mut Context<'_>, names: &[&str]) {
    let index: HashMap<&str, usize> = names.iter().enumerate().map(|(n, name)| (*name, n)).collect();
    let entries = context.entries("steps");
    let mut colours = vec![Colour::New; names.len()];
    for start in 0..names.len() {
        let mut path: Vec<(usize, usize)> = vec![];
        if colours[start] == Colour::New {
            colours[start] = Colour::Open;
            path.push((start, 0));
        }
        while let Some((step, next)) = path.last_mut() {
            let Some(item) = list(&entries[*step].node, "needs").get(*next) else {
                colours[*step] = Colour::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let Some(&need) = item.text().and_then(|name| index.get(name)) else { continue };
            match colours[need] {
                Colour::Done => {}
                Colour::New => {
                    colours[need] = Colour::Open;
                    path.push((need, 0));
                }
                Colour::Open => {
                    let from = path.iter().position(|(step, _)| *step == need).unwrap_or(0);
                    let round: Vec<&str> = path[from..].iter().map(|(step, _)| names[*step]).collect();
                    context.problems.push(cycle(item, &round, names[need]));
                }
            }
        }
    }
}

fn cycle(item: &Node, round: &[&str], closing: &str) -> Diagnostic {
    let message = match round {
        [only] => format!("the step `{only}` needs itself"),
        _ => format!("steps need each other in a circle: {} → {closing}", round.join(" → ")),
    };
    Diagnostic::new("config-cycle", &item.span, message).label("this closes the circle")
}
