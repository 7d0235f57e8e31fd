//! Getters for the keys of one map; each gives `None` for what is absent or was refused.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    config::Position,
    diagnostic,
    globs::Globs,
    path, scalar,
    shape::as_bool,
    yaml::{Entry, Node, Value},
};

/// A map and the text it stands in.
pub(super) struct Fields<'a> {
    pub text: &'a str,
    pub node: &'a Node,
}

static NOTHING: Node = Node { value: Value::Map(vec![]), span: 0..0 };

/// Where an entry's key stands.
pub(super) fn position(text: &str, entry: &Entry) -> Position {
    diagnostic::position(text, entry.key_span.start)
}

impl<'a> Fields<'a> {
    pub fn has(&self, key: &str) -> bool {
        self.node.get(key).is_some()
    }

    pub fn object(&self, key: &str) -> Fields<'a> {
        Fields { text: self.text, node: self.node.get(key).unwrap_or(&NOTHING) }
    }

    pub fn entries(&self, key: &str) -> std::slice::Iter<'a, Entry> {
        self.object(key).node.entries().iter()
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.node.get(key)?.text().map(str::to_owned)
    }

    pub fn texts(&self, key: &str) -> Vec<String> {
        self.object(key).node.items().iter().filter_map(Node::text).map(str::to_owned).collect()
    }

    /// A path inside the tree, normalised.
    pub fn path(&self, key: &str) -> Option<String> {
        path::normalise(&self.text(key)?).ok()
    }

    pub fn pairs(&self, key: &str) -> BTreeMap<String, String> {
        let pair = |entry: &Entry| Some((entry.key.clone(), entry.node.text()?.to_owned()));
        self.entries(key).filter_map(pair).collect()
    }

    pub fn flag(&self, key: &str, default: bool) -> bool {
        self.node.get(key).and_then(Node::text).and_then(as_bool).unwrap_or(default)
    }

    pub fn whole<T: TryFrom<u64>>(&self, key: &str) -> Option<T> {
        self.text(key)?.parse::<u64>().ok().and_then(|number| number.try_into().ok())
    }

    pub fn duration(&self, key: &str) -> Option<Duration> {
        scalar::parse_duration(&self.text(key)?)
    }

    pub fn size(&self, key: &str) -> Option<u64> {
        scalar::parse_size(&self.text(key)?)
    }

    pub fn globs(&self, key: &str) -> Option<Globs> {
        self.node.get(key)?;
        Globs::new(&self.texts(key)).ok()
    }
}
