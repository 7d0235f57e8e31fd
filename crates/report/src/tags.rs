//! The structure that readers hear: which text on the pages is a heading, a cell, a figure, in reading order.

use std::num::NonZeroU16;

use krilla::tagging::{Identifier, ListNumbering, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};

/// What a node of the structure is.
#[derive(Clone, Debug)]
pub enum Kind {
    Title,
    Heading(u8, String),
    Paragraph,
    Link,
    List,
    Item,
    ItemBody,
    Table(String),
    Head,
    Body,
    Row,
    HeaderCell,
    Cell,
    /// A drawing with the text that says the same.
    Figure(String),
}

impl Kind {
    fn tag(&self) -> TagKind {
        match self {
            Self::Title => Tag::Title.into(),
            Self::Heading(level, title) => {
                let level = NonZeroU16::new(u16::from(*level)).unwrap_or(NonZeroU16::MIN);
                Tag::Hn(level, Some(title.clone())).into()
            }
            Self::Paragraph => Tag::P.into(),
            Self::Link => Tag::Link.into(),
            Self::List => Tag::L(ListNumbering::Disc).into(),
            Self::Item => Tag::LI.into(),
            Self::ItemBody => Tag::LBody.into(),
            Self::Table(summary) => Tag::Table.with_summary(Some(summary.clone())).into(),
            Self::Head => Tag::THead.into(),
            Self::Body => Tag::TBody.into(),
            Self::Row => Tag::TR.into(),
            Self::HeaderCell => Tag::TH(TableHeaderScope::Column).into(),
            Self::Cell => Tag::TD.into(),
            Self::Figure(text) => Tag::Figure(Some(text.clone())).into(),
        }
    }
}

/// Number of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(usize);

#[derive(Clone, Debug)]
enum Child {
    Node(NodeId),
    Content(Identifier),
}

/// All nodes. Content is added while pages are written, when its identifier is known.
#[derive(Debug, Default)]
pub struct Tags {
    nodes: Vec<(Kind, Vec<Child>)>,
    roots: Vec<NodeId>,
}

impl Tags {
    /// A new node, last below `parent` or last of the document.
    pub fn add(&mut self, parent: Option<NodeId>, kind: Kind) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push((kind, Vec::new()));
        match parent {
            Some(NodeId(parent)) => self.nodes[parent].1.push(Child::Node(id)),
            None => self.roots.push(id),
        }
        id
    }

    /// Marked content belongs to a node.
    pub fn content(&mut self, node: NodeId, identifier: Identifier) {
        self.nodes[node.0].1.push(Child::Content(identifier));
    }

    /// As the writer wants it.
    pub fn tree(&self, language: &str) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
        for root in &self.roots {
            tree.push(self.group(*root));
        }
        tree
    }

    fn group(&self, NodeId(id): NodeId) -> TagGroup {
        let (kind, children) = &self.nodes[id];
        let mut group = TagGroup::new(kind.tag());
        for child in children {
            match child {
                Child::Node(node) => group.push(self.group(*node)),
                Child::Content(identifier) => group.push(*identifier),
            }
        }
        group
    }
}
