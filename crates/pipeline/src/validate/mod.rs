//! Checks that need more than one value: names that refer to each other, cycles, overlaps.

mod environments;
mod gate;
mod graph;
mod outputs;
mod steps;

use crate::{
    config::Config,
    diagnostic::Diagnostic,
    yaml::{Entry, Node},
};

/// What a check sees, and where it reports.
pub(crate) struct Context<'a> {
    pub config: &'a Config,
    pub root: &'a Node,
    pub problems: &'a mut Vec<Diagnostic>,
}

impl<'a> Context<'a> {
    fn entries(&self, section: &str) -> &'a [Entry] {
        self.root.get(section).map_or(&[], Node::entries)
    }
}

/// Checks that only look at names and are meaningful even when other values were refused.
pub(crate) fn references(context: &mut Context<'_>) {
    graph::check(context);
}

/// Checks that assume every single value is fine.
pub(crate) fn meaning(context: &mut Context<'_>) {
    steps::check(context);
    outputs::check(context);
    gate::check(context);
    environments::check(context);
}
