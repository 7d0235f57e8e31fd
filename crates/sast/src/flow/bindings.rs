//! Which names get which values, and where: made once per file, only when a rule asks.

use std::{collections::HashMap, ops::Range};

use super::{MOST_DEPTH, Node};
use crate::language::{Binding, Grammar};

/// One assignment to one name.
pub struct Bound<'t> {
    /// Node id of the enclosing function, 0 for the file.
    pub scope: usize,
    /// First byte from which the value counts.
    pub from: usize,
    /// Bytes of the enclosing statement list.
    pub block: Range<usize>,
    /// The value.
    pub value: Node<'t>,
    /// Whether earlier values stay.
    pub adds: bool,
}

/// All assignments of a file by name, in the order of the text.
pub struct Bindings<'t> {
    by_name: HashMap<String, Vec<Bound<'t>>>,
}

/// Most names taken from one pattern such as `(a, b, c)`.
const MOST_NAMES: usize = 16;

impl<'t> Bindings<'t> {
    /// Reads all assignments below `root`.
    pub fn of(root: &Node<'t>, grammar: &Grammar) -> Self {
        let mut by_name: HashMap<String, Vec<Bound<'t>>> = HashMap::new();
        for node in root.dfs() {
            let kind = node.kind();
            let Some(binding) = grammar.bindings.iter().find(|b| b.kind == kind) else { continue };
            for (name, bound) in bound(&node, binding, grammar) {
                by_name.entry(name).or_default().push(bound);
            }
        }
        Self { by_name }
    }

    /// The assignments to `name` in one scope.
    pub fn in_scope<'s>(&'s self, name: &str, scope: usize) -> impl Iterator<Item = &'s Bound<'t>> {
        let all = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |bound| bound.scope == scope)
    }
}

fn bound<'t>(node: &Node<'t>, binding: &Binding, grammar: &Grammar) -> Vec<(String, Bound<'t>)> {
    let value = match binding.right {
        "" => node.named_children().next(),
        field => node.field(field),
    };
    let (Some(left), Some(value)) = (node.field(binding.left), value) else { return vec![] };
    let operator = node.field("operator").map(|o| o.text().into_owned());
    let adds = binding.adds || operator.is_some_and(|o| o.len() > 1 && o.ends_with('='));
    let scope = scopes(node, grammar).first().map_or(0, |s| s.node_id());
    let block = node.ancestors().take(MOST_DEPTH).find(|a| grammar.blocks.contains(&a.kind().as_ref()));
    let block = block.map_or(0..usize::MAX, |b| b.range());
    let from = left.range().end.max(value.range().end);
    let one = |value: Node<'t>| Bound { scope, from, block: block.clone(), value, adds };
    pairs(&left, &value)
        .into_iter()
        .flat_map(|(left, value)| names(&left, grammar).into_iter().map(move |name| (name, value.clone())))
        .map(|(name, value)| (name, one(value)))
        .collect()
}

/// `a, b = x, y` binds each name to its own value; otherwise all names get the whole value.
fn pairs<'t>(left: &Node<'t>, value: &Node<'t>) -> Vec<(Node<'t>, Node<'t>)> {
    let list = |node: &Node<'t>| {
        let kind = node.kind();
        kind.ends_with("_list") || kind == "tuple_expression" || kind == "tuple_pattern" || kind == "tuple"
    };
    if list(left) && list(value) {
        let lefts: Vec<_> = left.named_children().collect();
        let values: Vec<_> = value.named_children().collect();
        if lefts.len() == values.len() {
            return lefts.into_iter().zip(values).collect();
        }
    }
    vec![(left.clone(), value.clone())]
}

/// The plain names in a pattern; members such as `self.x` are not names.
pub fn names(left: &Node<'_>, grammar: &Grammar) -> Vec<String> {
    let kind = left.kind();
    if grammar.identifiers.contains(&kind.as_ref()) {
        return vec![left.text().into_owned()];
    }
    if grammar.members.iter().any(|(member, _)| *member == kind) {
        return vec![];
    }
    let inner = left.dfs().filter(|n| grammar.identifiers.contains(&n.kind().as_ref()));
    inner.take(MOST_NAMES).map(|n| n.text().into_owned()).collect()
}

/// The functions around a node, innermost first.
pub fn scopes<'t>(node: &Node<'t>, grammar: &Grammar) -> Vec<Node<'t>> {
    let around = node.ancestors().take(MOST_DEPTH);
    around.filter(|a| grammar.functions.contains(&a.kind().as_ref())).collect()
}
