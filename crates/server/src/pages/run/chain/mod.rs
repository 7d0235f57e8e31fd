//! The evidence chain of a run as a picture: source → steps → artifacts → evidence → decisions →
//! deployments → checks in operation. Each box is a link to the statement behind it.

mod build;
mod layout;

use store::views::RunDetail;

use crate::html::Tone;

/// A box before it has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    column: usize,
    label: String,
    sub: String,
    href: String,
    tone: Tone,
}

/// Boxes by column, and arrows between them by number.
#[derive(Default)]
struct Graph {
    nodes: Vec<Node>,
    edges: Vec<(usize, usize)>,
    titles: Vec<&'static str>,
}

/// A box with its place.
pub(super) struct Placed {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) label: String,
    pub(super) sub: String,
    pub(super) whole: String,
    pub(super) href: String,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
}

/// The drawing, in pixels.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) titles: Vec<(usize, &'static str)>,
    /// Paths, and whether they pass by a column.
    pub(super) edges: Vec<(String, bool)>,
    pub(super) boxes: Vec<Placed>,
    /// The same as a list: what, where it leads, what it follows from.
    pub(super) rows: Vec<Row>,
}

/// A row of the list under the picture.
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) label: String,
    pub(super) sub: String,
    pub(super) href: String,
    pub(super) from: String,
}

impl Picture {
    /// Draws a run.
    pub(super) fn of(detail: &RunDetail) -> Self {
        layout::place(&build::graph(detail))
    }
}
