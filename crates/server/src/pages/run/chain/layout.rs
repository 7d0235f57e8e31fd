//! Places for boxes and arrows: columns from left to right, each centred on the tallest.

use std::collections::BTreeMap;

use super::{Graph, Picture, Placed, Row};
use crate::text;

const WIDTH: usize = 150;
const HEIGHT: usize = 44;
const GAP_X: usize = 36;
const GAP_Y: usize = 12;
const MARGIN: usize = 14;
/// Room for the titles of the columns.
const TOP: usize = 30;
/// Characters that fit into a box.
const LABEL: usize = 15;
const SUB: usize = 21;

/// Places everything. Columns without boxes take no room.
pub(super) fn place(graph: &Graph) -> Picture {
    let mut columns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    graph.nodes.iter().enumerate().for_each(|(n, node)| columns.entry(node.column).or_default().push(n));
    let tallest = columns.values().map(Vec::len).max().unwrap_or(0);
    let room = tall(tallest);
    let mut places = vec![(0, 0); graph.nodes.len()];
    let mut titles = Vec::new();
    for (position, (column, nodes)) in columns.iter().enumerate() {
        let x = MARGIN + position * (WIDTH + GAP_X);
        let y = TOP + (room - tall(nodes.len())) / 2;
        titles.push((x, graph.titles.get(*column).copied().unwrap_or("")));
        for (row, node) in nodes.iter().enumerate() {
            places[*node] = (x, y + row * (HEIGHT + GAP_Y));
        }
    }
    let count = columns.len();
    Picture {
        width: MARGIN * 2 + count * WIDTH + count.saturating_sub(1) * GAP_X,
        height: TOP + room + MARGIN,
        titles,
        edges: graph.edges.iter().map(|(from, to)| curve(places[*from], places[*to])).collect(),
        boxes: graph.nodes.iter().zip(&places).map(|(node, place)| boxed(node, *place)).collect(),
        rows: rows(graph),
    }
}

fn tall(boxes: usize) -> usize {
    boxes * HEIGHT + boxes.saturating_sub(1) * GAP_Y
}

fn curve(from: (usize, usize), to: (usize, usize)) -> (String, bool) {
    let (x1, y1) = (from.0 + WIDTH, from.1 + HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + HEIGHT / 2);
    let bend = GAP_X / 2;
    let path = format!("M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}", x1 + bend, x2.saturating_sub(bend));
    (path, x2 > x1 + GAP_X)
}

fn boxed(node: &super::Node, (x, y): (usize, usize)) -> Placed {
    Placed {
        x,
        y,
        label: text::cut(&node.label, LABEL),
        sub: text::cut(&node.sub, SUB),
        whole: format!("{}: {}", node.label, node.sub),
        href: node.href.clone(),
        class: node.tone.class(),
        sign: node.tone.sign(),
    }
}

fn rows(graph: &Graph) -> Vec<Row> {
    let title = |column: usize| {
        // Further layers of steps have no title of their own.
        let titles = graph.titles.iter().take(column + 1).rev();
        titles.copied().find(|title| !title.is_empty()).unwrap_or("")
    };
    let from = |to: usize| {
        let before =
            graph.edges.iter().filter(|edge| edge.1 == to).map(|edge| graph.nodes[edge.0].label.as_str());
        before.collect::<Vec<_>>().join(", ")
    };
    let row = |(n, node): (usize, &super::Node)| Row {
        title: title(node.column),
        label: node.label.clone(),
        sub: node.sub.clone(),
        href: node.href.clone(),
        from: from(n),
    };
    graph.nodes.iter().enumerate().map(row).collect()
}
