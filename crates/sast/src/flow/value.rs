//! What an expression can carry: constant, dynamic, composed text, input of a request.

use std::{cell::Cell, ops::BitOr};

use regex::Regex;
use serde::Deserialize;

use super::{
    Node,
    bindings::{Bindings, Bound, names, scopes},
};
use crate::{
    language::{Call, Grammar, Language},
    rule::Rule,
};

/// What is known about a value. All `false`: it is constant or harmless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Not a constant.
    pub dynamic: bool,
    /// Text with dynamic parts in it.
    pub composed: bool,
    /// Derived from the input of a request.
    pub input: bool,
    /// Has a piece of literal text in it.
    text: bool,
    /// Has literal text that the rule asks for (`text` in a rule file).
    told: bool,
}

impl Flow {
    const DYNAMIC: Self = Self { dynamic: true, composed: false, input: false, text: false, told: false };
    const INPUT: Self = Self { input: true, ..Self::DYNAMIC };
    const TEXT: Self = Self { dynamic: false, composed: false, input: false, text: true, told: false };

    /// The same, where literal text met something dynamic.
    fn put_together(self) -> Self {
        Self { composed: self.composed || (self.text && self.dynamic), ..self }
    }
}

impl BitOr for Flow {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            dynamic: self.dynamic || other.dynamic,
            composed: self.composed || other.composed,
            input: self.input || other.input,
            text: self.text || other.text,
            told: self.told || other.told,
        }
    }
}

/// What a rule asks of a value (`where` in a rule file).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// Anything but a constant.
    Dynamic,
    /// Text put together with something dynamic, or input itself.
    Composed,
    /// Derived from the input of a request.
    Input,
    /// Text put together with input, e.g. a page or a path.
    Mixed,
    /// A literal or a name for one.
    Constant,
}

/// Most steps and levels of one evaluation; beyond, a value counts as dynamic and nothing worse.
const MOST_STEPS: u32 = 3000;
const MOST_LEVELS: u32 = 40;

/// Evaluates expressions of one file for one rule.
pub struct Evaluation<'a, 't> {
    language: &'a Language,
    bindings: &'a Bindings<'t>,
    clean: Option<&'a Regex>,
    text: Option<&'a Regex>,
    steps: Cell<u32>,
}

impl<'a, 't> Evaluation<'a, 't> {
    /// For one rule, with what it knows as harmless and what its text must tell.
    pub fn new(language: &'a Language, bindings: &'a Bindings<'t>, rule: &'a Rule) -> Self {
        let (clean, text) = (rule.clean.as_ref(), rule.text.as_ref());
        Self { language, bindings, clean, text, steps: Cell::new(0) }
    }

    /// Whether `node` is what the rule needs.
    pub fn meets(&self, node: &Node<'t>, need: Need) -> bool {
        self.steps.set(0);
        let flow = self.of(node, 0);
        let listed = self.grammar().collections.contains(&node.kind().as_ref());
        if self.text.is_some() && !flow.told {
            return false;
        }
        match need {
            Need::Dynamic => flow.dynamic,
            Need::Composed => flow.composed || (flow.input && !listed),
            Need::Input => flow.input,
            Need::Mixed => flow.input && flow.composed,
            Need::Constant => !flow.dynamic,
        }
    }

    fn grammar(&self) -> &'static Grammar {
        self.language.grammar
    }

    fn of(&self, node: &Node<'t>, level: u32) -> Flow {
        self.steps.set(self.steps.get() + 1);
        if level > MOST_LEVELS || self.steps.get() > MOST_STEPS {
            return Flow::DYNAMIC;
        }
        let (grammar, kind, level) = (self.grammar(), node.kind(), level + 1);
        let kind = kind.as_ref();
        let field = |table: &[(&'static str, &'static str)]| {
            table.iter().find(|(k, _)| *k == kind).and_then(|(_, field)| child(node, field))
        };
        if grammar.strings.contains(&kind) {
            return self.string(node, level);
        }
        if grammar.literals.contains(&kind) {
            return Flow::default();
        }
        if grammar.identifiers.contains(&kind) {
            return self.name(&node.text(), node, level);
        }
        if let Some(call) = grammar.calls.iter().find(|c| c.kind == kind) {
            return self.call(node, call, level);
        }
        if let Some(object) = field(grammar.members) {
            return self.member(node, &object, level);
        }
        if grammar.binaries.contains(&kind) {
            return self.binary(node, level);
        }
        if let Some((_, fields)) = grammar.choices.iter().find(|(k, _)| *k == kind) {
            return self.choice(node, fields, level);
        }
        if let Some(inner) = field(grammar.wraps) {
            return self.of(&inner, level);
        }
        if kind == "token_tree" {
            return self.tokens(node, level);
        }
        if grammar.collections.contains(&kind) {
            return self.all(node.named_children(), level);
        }
        Flow::DYNAMIC
    }

    fn all(&self, nodes: impl Iterator<Item = Node<'t>>, level: u32) -> Flow {
        nodes.filter(|n| !n.kind().contains("comment")).fold(Flow::default(), |f, n| f | self.of(&n, level))
    }

    /// The tokens of a macro are not parsed: calls in them are a name before brackets.
    fn tokens(&self, node: &Node<'t>, level: u32) -> Flow {
        let tokens: Vec<_> = node.named_children().collect();
        let mut flow = Flow::default();
        let mut skip = false;
        for (n, token) in tokens.iter().enumerate() {
            let called = tokens.get(n + 1).is_some_and(|next| next.kind() == "token_tree");
            if called && self.is_clean(&token.text()) {
                skip = true;
            } else if !std::mem::take(&mut skip) {
                flow = flow | self.of(token, level);
            }
        }
        flow
    }

    fn is_clean(&self, callee: &str) -> bool {
        self.language.patterns.clean.is_match(callee)
            || self.clean.is_some_and(|clean| clean.is_match(callee))
    }

    /// A member or call that yields input, by the usual name of the request or by its declared type.
    fn is_source(&self, code: &str, at: &Node<'t>) -> bool {
        let patterns = &self.language.patterns;
        let typed = || {
            let (name, member) = code.split_once('.')?;
            let usual = patterns.sources.is_match(&format!("request.{member}"));
            let declaration = usual.then(|| self.declaration(name, at))??;
            Some(patterns.request_declaration.is_match(&declaration))
        };
        patterns.sources.is_match(code) || typed().unwrap_or(false)
    }

    /// Type and name of a variable as its innermost declaration writes them.
    fn declaration(&self, name: &str, at: &Node<'t>) -> Option<String> {
        scopes(at, self.grammar()).iter().find_map(|scope| {
            let local = self.bindings.in_scope(name, scope.node_id()).find_map(|bound| {
                let kind = bound.value.parent()?.parent()?.field("type")?;
                Some(format!("{} {name}", kind.text()))
            });
            local.or_else(|| self.parameter(name, scope).map(|parameter| spaced(&parameter)))
        })
    }

    fn string(&self, node: &Node<'t>, level: u32) -> Flow {
        let grammar = self.grammar();
        let told = self.text.is_some_and(|text| text.is_match(&node.text()));
        let mut flow = Flow { told, ..Flow::TEXT };
        for part in node.named_children() {
            let kind = part.kind();
            if grammar.holes.contains(&kind.as_ref()) {
                let inner = part.named_children().next();
                flow = flow | inner.map_or(Flow::DYNAMIC, |inner| self.of(&inner, level));
            } else if grammar.strings.contains(&kind.as_ref()) {
                flow = flow | self.of(&part, level);
            }
        }
        flow.put_together()
    }

    fn member(&self, node: &Node<'t>, object: &Node<'t>, level: u32) -> Flow {
        let text = packed(&node.text());
        if self.is_source(&text, node) {
            return Flow::INPUT;
        }
        if text.rsplit(['.', ':']).next().is_some_and(is_constant_name) {
            return Flow::default();
        }
        let object = self.of(object, level);
        Flow { composed: false, text: false, told: false, ..object }
    }

    fn binary(&self, node: &Node<'t>, level: u32) -> Flow {
        let operator = node.field("operator").map(|o| o.text().into_owned()).unwrap_or_default();
        let sides = [node.field("left"), node.field("right")];
        let flow = self.all(sides.into_iter().flatten(), level);
        match operator.as_str() {
            "+" | "%" => flow.put_together(),
            "||" | "??" | "or" | "and" | "&&" | "/" => flow,
            _ => Flow { dynamic: flow.dynamic, ..Flow::default() },
        }
    }

    fn choice(&self, node: &Node<'t>, fields: &[&str], level: u32) -> Flow {
        if fields.is_empty() {
            let children = node.named_children().enumerate().filter(|(n, _)| *n != 1);
            return self.all(children.map(|(_, child)| child), level);
        }
        self.all(fields.iter().filter_map(|field| node.field(field)), level)
    }

    fn call(&self, node: &Node<'t>, call: &Call, level: u32) -> Flow {
        let (callee, receiver) = callee(node, call, self.grammar());
        let patterns = &self.language.patterns;
        if self.is_clean(&callee) {
            return Flow::default();
        }
        if self.is_source(&callee, node) {
            return Flow::INPUT;
        }
        let formats = patterns.formats.is_match(&callee);
        let receiver = receiver.map(|receiver| self.of(&receiver, level));
        if !formats && !patterns.passes.is_match(&callee) {
            return receiver.unwrap_or(Flow::DYNAMIC);
        }
        let arguments = node.field(call.arguments).or_else(|| {
            // Macros have a token tree in place of arguments.
            node.named_children().find(|child| child.kind() == "token_tree")
        });
        let mut flow = arguments.as_ref().map_or(Flow::default(), |a| self.of(a, level));
        if let (true, Some(tokens)) = (call.arguments.is_empty(), &arguments) {
            flow = flow | self.named_in_template(tokens, level);
        }
        // An unknown object before the dot (a module, a builder) says nothing about the text.
        flow = flow | receiver.filter(|r| r.input || r.text || r.composed).unwrap_or_default();
        if formats { flow.put_together() } else { flow }
    }

    /// `"{name}"` in the template of a formatting macro.
    fn named_in_template(&self, tokens: &Node<'t>, level: u32) -> Flow {
        let template = tokens.named_children().find(|n| self.grammar().strings.contains(&n.kind().as_ref()));
        let Some(template) = template else { return Flow::default() };
        let text = template.text();
        let holes = text.split('{').skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            (end > 0 && !rest.starts_with(|c: char| c.is_ascii_digit())).then(|| &rest[..end])
        });
        holes.take(16).fold(Flow::default(), |flow, name| flow | self.name(name, &template, level))
    }

    fn name(&self, name: &str, at: &Node<'t>, level: u32) -> Flow {
        let position = at.range().start;
        for (n, scope) in scopes(at, self.grammar()).iter().enumerate() {
            let bound = self.bindings.in_scope(name, scope.node_id());
            let seen: Vec<_> = bound.filter(|b| n > 0 || b.from <= position).collect();
            if !seen.is_empty() {
                return self.bound(&seen, position, level);
            }
            if let Some(parameter) = self.parameter(name, scope) {
                return self.given(&parameter, scope);
            }
        }
        let seen: Vec<_> = self.bindings.in_scope(name, 0).collect();
        if !seen.is_empty() {
            return self.bound(&seen, position, level);
        }
        if self.language.patterns.sources.is_match(name) {
            return Flow::INPUT;
        }
        if is_constant_name(name) { Flow::default() } else { Flow::DYNAMIC }
    }

    fn bound(&self, seen: &[&Bound<'t>], position: usize, level: u32) -> Flow {
        let mut flow = Flow::default();
        for bound in seen {
            let value = self.of(&bound.value, level + 1);
            flow = match (bound.adds, bound.block.contains(&position)) {
                (true, _) => (flow | value).put_together(),
                (false, true) => value,
                (false, false) => flow | value,
            };
        }
        flow
    }

    /// The declaration of a parameter, or the list of a lambda that consists of it.
    fn parameter(&self, name: &str, function: &Node<'t>) -> Option<Node<'t>> {
        let list = function.field("parameters").or_else(|| function.field("parameter"))?;
        let named = |node: &Node<'t>| declared(node, self.grammar()).iter().any(|n| n == name);
        let inside = list.named_children().find(named);
        inside.or_else(|| named(&list).then_some(list))
    }

    /// What callers of `function` hand over in `parameter`.
    fn given(&self, parameter: &Node<'t>, function: &Node<'t>) -> Flow {
        let text = spaced(parameter);
        let patterns = &self.language.patterns;
        if patterns.number_parameter.is_match(&text) {
            return Flow::default();
        }
        let decorated = || {
            let above = function.parent().filter(|p| p.kind() == "decorated_definition");
            let attributes = function.prev_all().take_while(|n| n.kind() == "attribute_item");
            let decorators = above.iter().flat_map(Node::children).chain(attributes);
            decorators.take(16).any(|d| {
                let kind = d.kind();
                (kind == "decorator" || kind == "attribute_item")
                    && patterns.input_decorator.is_match(&packed(&d.text()))
            })
        };
        let input = patterns.input_parameter.is_match(&text) || decorated();
        if input { Flow::INPUT } else { Flow::DYNAMIC }
    }
}

/// The names a parameter declares, without those in its type and default.
fn declared(parameter: &Node<'_>, grammar: &Grammar) -> Vec<String> {
    let inner = parameter.field("pattern").or_else(|| parameter.field("name"));
    match inner {
        Some(inner) => names(&inner, grammar),
        None if parameter.kind().contains("pattern") => names(parameter, grammar),
        None => {
            let is_name = |n: &Node<'_>| grammar.identifiers.contains(&n.kind().as_ref());
            if is_name(parameter) {
                return vec![parameter.text().into_owned()];
            }
            parameter.named_children().filter(is_name).map(|n| n.text().into_owned()).take(1).collect()
        }
    }
}

fn child<'t>(node: &Node<'t>, field: &str) -> Option<Node<'t>> {
    if field.is_empty() { node.named_children().next() } else { node.field(field) }
}

/// The called name as written, without white space, and the object before its last dot.
fn callee<'t>(node: &Node<'t>, call: &Call, grammar: &Grammar) -> (String, Option<Node<'t>>) {
    let Some(function) = node.field(call.function) else { return (String::new(), None) };
    if let Some(receiver) = call.receiver.and_then(|field| node.field(field)) {
        return (packed(&format!("{}.{}", receiver.text(), function.text())), Some(receiver));
    }
    let kind = function.kind();
    let member = grammar.members.iter().find(|(member, _)| *member == kind);
    let receiver = member.and_then(|(_, field)| child(&function, field));
    (packed(&function.text()), receiver)
}

/// Code with single blanks, at most its first 40 words: what the regexes for parameters see.
fn spaced(node: &Node<'_>) -> String {
    node.text().split_whitespace().take(40).collect::<Vec<_>>().join(" ")
}

/// Code without white space, at most its last 400 bytes: what the regexes for calls and members see.
fn packed(code: &str) -> String {
    let mut start = code.len().saturating_sub(400);
    while !code.is_char_boundary(start) {
        start += 1;
    }
    code[start..].chars().filter(|c| !c.is_whitespace()).collect()
}

/// `ALL_CAPS`: a constant by the convention of every language here.
fn is_constant_name(name: &str) -> bool {
    name.len() > 1
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_uppercase())
}
