//! A small YAML tree that keeps the line of every node and the text of every scalar.
//!
//! Lock files and pipelines need both: `version: 1.10` must stay `1.10`, and a finding needs its
//! line. Size, depth, node count and alias expansion are bounded, so that no document can exhaust us.

use std::collections::HashMap;

use granit_parser::{Event, Parser};

/// Deepest nesting accepted.
const DEEPEST: usize = 64;
/// Most nodes in one stream, aliases expanded.
const MOST_NODES: usize = 2_000_000;

/// A YAML node and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Line of the node, from 1.
    pub line: u32,
    /// What it is.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text exactly as written, after unescaping; `quoted` when it can only be a string.
    Scalar {
        /// The text.
        text: String,
        /// Whether it was written in quotes or as a block.
        quoted: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// Pairs in order of appearance. A repeated key keeps both; lookups find the first.
    Map(Vec<(Node, Node)>),
}

/// Why a document was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct YamlError {
    /// Line of the problem, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

impl Node {
    /// The value under `key`, when this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value)
    }

    /// The node at the end of a chain of keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The text of the scalar under `key`.
    pub fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The pairs of a map; empty for everything else.
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; empty for everything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Whether this is the boolean true, in any of YAML 1.1's and 1.2's plain spellings.
    pub fn is_true(&self) -> bool {
        matches!(self.text(), Some("true" | "True" | "TRUE" | "yes" | "on"))
    }

    /// Whether this is an empty or null scalar.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, quoted: false } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// This node as JSON. Scalars stay strings, except null: the reader's types decide.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            _ if self.is_null() => serde_json::Value::Null,
            Value::Scalar { text, .. } => text.clone().into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => {
                let pairs = entries.iter().filter_map(|(k, v)| Some((k.text()?.to_owned(), v.to_json())));
                serde_json::Value::Object(pairs.collect())
            }
        }
    }

    fn size(&self) -> usize {
        match &self.value {
            // A long text is many nodes, or an alias would copy it for the price of one.
            Value::Scalar { text, .. } => 1 + text.len() / 64,
            Value::List(items) => 1 + items.iter().map(Node::size).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|(k, v)| k.size() + v.size()).sum::<usize>(),
        }
    }
}

/// Parses the documents of a stream.
///
/// # Errors
/// A syntax error, too deep nesting or too many nodes, with its line.
pub fn parse_all(text: &str) -> Result<Vec<Node>, YamlError> {
    let mut builder = Builder::default();
    let options = granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) =
            event.map_err(|e| YamlError { line: line(e.marker().line()), message: e.info().to_string() })?;
        builder.event(event, line(span.start.line()))?;
    }
    Ok(builder.documents)
}

/// Parses a stream that holds one document; an empty stream is an empty scalar.
///
/// # Errors
/// As [`parse_all`].
pub fn parse(text: &str) -> Result<Node, YamlError> {
    let empty = Node { line: 1, value: Value::Scalar { text: String::new(), quoted: false } };
    Ok(parse_all(text)?.into_iter().next().unwrap_or(empty))
}

fn line(line: usize) -> u32 {
    u32::try_from(line.max(1)).unwrap_or(u32::MAX)
}

enum Open {
    List(Vec<Node>),
    Map(Vec<(Node, Node)>, Option<Node>),
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    stack: Vec<(u32, usize, Open)>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, line: u32) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != granit_parser::ScalarStyle::Plain;
                let node = Node { line, value: Value::Scalar { text: text.into_owned(), quoted } };
                self.add(node, anchor, 1)
            }
            Event::SequenceStart(_, anchor, _) => self.open(line, anchor, Open::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.open(line, anchor, Open::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => {
                let mut node = self.anchors.get(&id).cloned().ok_or(YamlError {
                    line,
                    message: "an alias refers to the node it is part of".to_owned(),
                })?;
                node.line = line;
                let size = node.size();
                self.add(node, 0, size)
            }
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, line: u32, anchor: usize, open: Open) -> Result<(), YamlError> {
        if self.stack.len() >= DEEPEST {
            return Err(YamlError { line, message: format!("nested deeper than {DEEPEST}") });
        }
        self.stack.push((line, anchor, open));
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let Some((line, anchor, open)) = self.stack.pop() else { return Ok(()) };
        let value = match open {
            Open::List(items) => Value::List(items),
            Open::Map(entries, _) => Value::Map(entries),
        };
        self.add(Node { line, value }, anchor, 1)
    }

    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), YamlError> {
        self.nodes += size;
        if self.nodes > MOST_NODES {
            return Err(YamlError { line: node.line, message: format!("more than {MOST_NODES} nodes") });
        }
        if anchor != 0 {
            // The copy that an anchor keeps counts too: chains of anchors must not grow quietly.
            self.nodes += node.size();
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut() {
            None => self.documents.push(node),
            Some((_, _, Open::List(items))) => items.push(node),
            Some((_, _, Open::Map(entries, pending))) => match pending.take() {
                None => *pending = Some(node),
                Some(key) if key.text() == Some("<<") => merge(entries, node),
                Some(key) => entries.push((key, node)),
            },
        }
        Ok(())
    }
}

/// YAML 1.1 merge keys: what is already there wins.
fn merge(entries: &mut Vec<(Node, Node)>, from: Node) {
    match from.value {
        Value::Map(pairs) => entries.extend(pairs),
        Value::List(maps) => maps.into_iter().for_each(|map| merge(entries, map)),
        Value::Scalar { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_their_text_and_nodes_their_line() {
        let node = parse("a: 1.10\nb:\n  - x\n  - 'y'\n").unwrap();
        assert_eq!(node.str("a"), Some("1.10"));
        let b = node.get("b").unwrap();
        assert_eq!(b.items()[1].text(), Some("y"));
        assert_eq!(b.items()[1].line, 4);
        assert_eq!(node.get("missing"), None);
    }

    #[test]
    fn aliases_and_merges_are_expanded_within_bounds() {
        let node = parse("base: &b {image: x}\njob:\n  <<: *b\n  run: y\n").unwrap();
        assert_eq!(node.at(&["job", "image"]).unwrap().text(), Some("x"));
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..12 {
            let below = vec![format!("*a{}", n - 1); 10].join(",");
            bomb += &format!("a{n}: &a{n} [{below}]\n");
        }
        assert!(parse(&bomb).unwrap_err().message.contains("more than"));
        assert!(parse(&"[".repeat(5000)).is_err());
    }

    #[test]
    fn errors_name_their_line() {
        assert_eq!(parse("a: 1\nb: [1, 2\nc: }").unwrap_err().line, 3);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[ \\-:a*&!|>'\"{}\\[\\],#\n<%?]{0,80}") {
            let _ = parse_all(&text);
        }
    }
}
