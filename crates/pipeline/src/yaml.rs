//! Bounded reading of YAML 1.2 into a tree that remembers where everything stands.
//!
//! A deserializer stops at its first error; a tree lets every later check report its own problems,
//! all at once and each at its place. Duplicate keys, tags, several documents, deep nesting and alias
//! expansion beyond [`MOST_NODES`] are refused. A plain `no` is text (YAML 1.2 core schema).

use std::{collections::HashMap, ops::Range};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use crate::diagnostic::{Diagnostic, shown};

/// Largest file in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Deepest nesting of lists and maps.
pub const MAX_DEPTH: usize = 32;
/// Most nodes, counting every expanded alias in full.
pub const MOST_NODES: usize = 100_000;
/// Most bytes of text, counting every expanded alias in full.
const MOST_TEXT: usize = 4 * MAX_BYTES;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub value: Value,
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text as it means after unescaping; `plain` when written without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One `key: value`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub node: Node,
}

impl Node {
    /// The value of a key, when this is a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Entries of a map; nothing for anything else.
    pub fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// Items of a list; nothing for anything else.
    pub fn items(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// Text of a scalar.
    pub fn text(&self) -> Option<&str> {
        if let Value::Scalar { text, .. } = &self.value { Some(text) } else { None }
    }

    /// Nothing at all: an empty value, `~` or `null`.
    pub fn is_null(&self) -> bool {
        const NULL: [&str; 5] = ["", "~", "null", "Null", "NULL"];
        matches!(&self.value, Value::Scalar { text, plain: true } if NULL.contains(&text.as_str()))
    }

    /// Nodes, bytes of text and height.
    fn weight(&self) -> (usize, usize, usize) {
        let join =
            |(n, t, h): (usize, usize, usize), (a, b, c): (usize, usize, usize)| (n + a, t + b, h.max(c));
        let (nodes, text, height) = match &self.value {
            Value::Scalar { text, .. } => return (1, text.len(), 0),
            Value::List(items) => items.iter().map(Node::weight).fold((1, 0, 0), join),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| {
                    let (nodes, text, height) = entry.node.weight();
                    (nodes + 1, text + entry.key.len(), height)
                })
                .fold((1, 0, 0), join),
        };
        (nodes, text, height + 1)
    }
}

/// Reads one document. Duplicate keys and tags are reported and skipped; what makes the rest
/// meaningless ends the reading with `None`.
pub(crate) fn read(text: &str, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    if text.len() > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        problems.push(Diagnostic::new("config-too-large", &(0..0), message));
        return None;
    }
    let mut builder = Builder::new(problems);
    for next in Parser::new_from_str(text) {
        let step = match next {
            Ok((event, span)) => builder.event(event, &range(text, &span)),
            Err(error) => Err(syntax(text, &error).into()),
        };
        if let Err(problem) = step {
            builder.problems.push(*problem);
            return None;
        }
    }
    builder.root
}

fn range(text: &str, span: &Span) -> Range<usize> {
    let range = span.byte_range().unwrap_or(0..0);
    let start = text.floor_char_boundary(range.start);
    start..text.floor_char_boundary(range.end).max(start)
}

fn syntax(text: &str, error: &ScanError) -> Diagnostic {
    let at = text.floor_char_boundary(error.marker().byte_offset().unwrap_or(text.len()));
    let what = shown(&error.info());
    if what.contains("nesting") || what.contains("recursion") {
        return too_deep(&(at..at));
    }
    let tab = what.contains("tab").then(|| "YAML indents with spaces, never with tabs".to_owned());
    let at = tab.as_ref().and_then(|_| indenting_tab(text, at)).unwrap_or(at);
    Diagnostic::new("config-syntax", &(at..at), format!("this is not valid YAML: {what}")).hint(tab)
}

/// The first tab that indents a line, from the line at `from` on: the parser points to before or after it.
fn indenting_tab(text: &str, from: usize) -> Option<usize> {
    let mut start = text[..from].rfind('\n').map_or(0, |at| at + 1);
    for line in text[start..].split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - content.len()];
        if let Some(tab) = indent.find('\t').filter(|_| !content.trim().is_empty()) {
            return Some(start + tab);
        }
        start += line.len();
    }
    None
}

fn too_deep(span: &Range<usize>) -> Diagnostic {
    let message = format!("lists and maps are nested more than {MAX_DEPTH} deep");
    Diagnostic::new("config-too-deep", span, message).label("nothing in this file needs that")
}

/// A list or map that is still open.
enum Open {
    List {
        items: Vec<Node>,
    },
    Map {
        entries: Vec<Entry>,
        seen: HashMap<String, Range<usize>>,
        key: Option<(String, Range<usize>, bool)>,
    },
}

/// What ends the reading; boxed, because it is rare and large.
type Stop = Box<Diagnostic>;

struct Builder<'a> {
    problems: &'a mut Vec<Diagnostic>,
    stack: Vec<(Open, Range<usize>, usize)>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    bytes: usize,
}

impl<'a> Builder<'a> {
    fn new(problems: &'a mut Vec<Diagnostic>) -> Self {
        let (stack, anchors, root) = (vec![], HashMap::new(), None);
        Self { problems, stack, anchors, root, documents: 0, nodes: 0, bytes: 0 }
    }

    fn event(&mut self, event: Event<'_>, span: &Range<usize>) -> Result<(), Stop> {
        self.tag(&event, span);
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let value = Value::Scalar { text: text.into_owned(), plain };
                self.close(Node { value, span: span.clone() }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.open(Open::List { items: vec![] }, span, anchor),
            Event::MappingStart(_, anchor, _) => {
                let open = Open::Map { entries: vec![], seen: HashMap::new(), key: None };
                self.open(open, span, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => self.alias(id, span),
            _ => Ok(()),
        }
    }

    fn document(&mut self, span: &Range<usize>) -> Result<(), Stop> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let problem =
            Diagnostic::new("config-several-documents", span, "the file has more than one YAML document");
        Err(problem.label("the second one starts here").hint("keep one document per file".to_owned()).into())
    }

    fn tag(&mut self, event: &Event<'_>, span: &Range<usize>) {
        if event.tag().is_some() {
            let problem = Diagnostic::new("config-tag", span, "YAML tags (`!…`) are not used here");
            self.problems.push(problem.hint("quote a value to make it text".to_owned()));
        }
    }

    fn open(&mut self, open: Open, span: &Range<usize>, anchor: usize) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(span).into());
        }
        self.stack.push((open, span.clone(), anchor));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        let Some((open, span, anchor)) = self.stack.pop() else { return Ok(()) };
        let value = match open {
            Open::List { items } => Value::List(items),
            Open::Map { entries, .. } => Value::Map(entries),
        };
        self.close(Node { value, span }, anchor)
    }

    fn alias(&mut self, id: usize, span: &Range<usize>) -> Result<(), Stop> {
        let Some((nodes, bytes, height)) = self.anchors.get(&id).map(Node::weight) else {
            let message = "an alias inside the value it stands for never ends";
            return Err(Diagnostic::new("config-alias-bomb", span, message).into());
        };
        if self.stack.len() + height > MAX_DEPTH {
            return Err(too_deep(span).into());
        }
        self.spend(nodes, bytes, span)?;
        let Some(node) = self.anchors.get(&id).cloned() else { return Ok(()) };
        let node = Node { span: span.clone(), ..node };
        self.place(node)
    }

    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        self.spend(1, node.text().map_or(0, str::len), &node.span.clone())?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node)
    }

    fn spend(&mut self, nodes: usize, bytes: usize, span: &Range<usize>) -> Result<(), Stop> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes <= MOST_NODES && self.bytes <= MOST_TEXT {
            return Ok(());
        }
        let message = format!("the file expands to more than {MOST_NODES} values");
        Err(Diagnostic::new("config-alias-bomb", span, message).label("here it became too much").into())
    }

    fn place(&mut self, node: Node) -> Result<(), Stop> {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some((Open::List { items }, ..)) => items.push(node),
            Some((Open::Map { key, .. }, ..)) if key.is_none() => {
                let Some(text) = node.text() else {
                    return Err(Diagnostic::new("config-wrong-type", &node.span, "a key must be text").into());
                };
                *key = Some((text.to_owned(), node.span.clone(), false));
                self.duplicate();
            }
            Some((Open::Map { entries, key, .. }, ..)) => {
                if let Some((key, key_span, duplicate)) = key.take()
                    && !duplicate
                {
                    entries.push(Entry { key, key_span, node });
                }
            }
        }
        Ok(())
    }

    fn duplicate(&mut self) {
        let Some((Open::Map { seen, key: Some((key, span, duplicate)), .. }, ..)) = self.stack.last_mut()
        else {
            return;
        };
        if let Some(first) = seen.get(key) {
            *duplicate = true;
            let message = format!("`{}` is given twice", shown(key));
            let problem = Diagnostic::new("config-duplicate-key", span, message).label("second time");
            self.problems.push(problem.related(first, "first time"));
        } else {
            seen.insert(key.clone(), span.clone());
        }
    }
}
