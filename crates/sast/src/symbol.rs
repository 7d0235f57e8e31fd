//! The path of functions and classes around a place, e.g. `Orders.find`.

use crate::{
    flow::{MOST_DEPTH, Node},
    language::Grammar,
};

/// The symbol path of `node`, outermost first; `None` at the top of a file.
pub fn enclosing(node: &Node<'_>, grammar: &Grammar) -> Option<String> {
    let named = |a: &Node<'_>| {
        let kind = a.kind();
        let kind = kind.as_ref();
        grammar.functions.contains(&kind) || grammar.containers.contains(&kind)
    };
    let around = node.ancestors().take(MOST_DEPTH).filter(named);
    let mut parts: Vec<String> = around.filter_map(|a| name(&a)).collect();
    parts.reverse();
    (!parts.is_empty()).then(|| parts.join(grammar.path_separator))
}

/// Own name, the implemented type, the receiver's type (Go), or what an anonymous function is given to.
fn name(node: &Node<'_>) -> Option<String> {
    let text = |n: Node<'_>| n.text().chars().take(80).collect::<String>();
    if node.kind() == "impl_item" {
        return node.field("type").map(text);
    }
    if let Some(own) = node.field("name").map(text) {
        let receiver = node.field("receiver").map(text).unwrap_or_default();
        let receiver: String = receiver.trim_matches(['(', ')']).rsplit([' ', '*']).next()?.into();
        return Some(if receiver.is_empty() { own } else { format!("{receiver}.{own}") });
    }
    let parent = node.parent()?;
    let given = match parent.kind().as_ref() {
        "variable_declarator" => parent.field("name"),
        "pair" => parent.field("key"),
        "assignment_expression" => parent.field("left"),
        _ => None,
    };
    given.map(text)
}
