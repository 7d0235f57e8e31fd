//! Cards of figures: a picture made of stacked bars, and the table behind it.
//!
//! The picture says in words what it shows; whoever cannot see it has the table.

use std::fmt::Display;

use crate::html::Tone;

/// A figure at the top.
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) note: String,
    pub(super) href: String,
    pub(super) tone: &'static str,
}

impl Tile {
    pub(super) fn new(
        name: &'static str,
        value: impl Display,
        note: impl Into<String>,
        href: String,
    ) -> Self {
        Self { name, value: value.to_string(), note: note.into(), href, tone: "" }
    }

    /// Marked when `bad` holds.
    pub(super) fn bad_if(mut self, bad: bool) -> Self {
        self.tone = if bad { Tone::Bad.class() } else { Tone::Good.class() };
        self
    }
}

/// A cell of a table.
#[derive(Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) href: Option<String>,
    pub(super) number: bool,
    /// Class of a chip that the text is shown as.
    pub(super) chip: Option<&'static str>,
}

impl Cell {
    pub(super) fn text(text: impl Display) -> Self {
        Self { text: text.to_string(), ..Self::default() }
    }

    /// A count with the list that it counts; nothing has no list.
    pub(super) fn count(n: u64, href: String) -> Self {
        Self { text: n.to_string(), href: Some(href).filter(|_| n > 0), number: true, chip: None }
    }

    pub(super) fn number(text: impl Display) -> Self {
        Self { number: true, ..Self::text(text) }
    }

    pub(super) fn to(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    pub(super) fn chip(text: impl Display, class: &'static str) -> Self {
        Self { chip: Some(class), ..Self::text(text) }
    }
}

/// A table; the first cell of a row is its heading.
#[derive(Default)]
pub(super) struct Table {
    /// Names of the columns, and whether they hold numbers.
    pub(super) head: Vec<(&'static str, bool)>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// What is said when there is no row.
    pub(super) empty: &'static str,
}

/// One rectangle.
pub(super) struct Bar {
    pub(super) class: &'static str,
    pub(super) x: usize,
    pub(super) y: u64,
    pub(super) height: u64,
}

/// Stacked bars in a box of [`Picture::width`] by 100.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) bars: Vec<Bar>,
    /// Words below the bars.
    pub(super) labels: Vec<String>,
    /// Classes with their words.
    pub(super) legend: Vec<(&'static str, &'static str)>,
    /// What is to be seen, in a sentence.
    pub(super) sentence: String,
}

/// A column of a picture: what it is, and counts in the order of the legend, from below.
pub(super) type Column = (String, Vec<u64>);

/// More columns than these are named only at both ends.
const MOST_LABELS: usize = 8;

impl Picture {
    /// `None` when there is nothing to see.
    pub(super) fn new(
        legend: Vec<(&'static str, &'static str)>,
        columns: &[Column],
        sentence: String,
    ) -> Option<Self> {
        let most =
            columns.iter().map(|(_, counts)| counts.iter().sum()).max().filter(|most: &u64| *most > 0)?;
        let mut bars = Vec::new();
        for (n, (_, counts)) in columns.iter().enumerate() {
            let mut below = 0;
            for ((class, _), count) in legend.iter().zip(counts) {
                let from = below * 96 / most;
                below += count;
                let height = below * 96 / most - from;
                if height > 0 {
                    bars.push(Bar { class, x: n * 10 + 1, y: 100 - from - height, height });
                }
            }
        }
        let labels = match columns {
            [first, .., last] if columns.len() > MOST_LABELS => vec![first.0.clone(), last.0.clone()],
            all => all.iter().map(|(name, _)| name.clone()).collect(),
        };
        Some(Self { width: columns.len() * 10, bars, labels, legend, sentence })
    }

    /// Labels stand below their own bars.
    pub(super) fn labelled(&self) -> bool {
        self.labels.len() * 10 == self.width
    }
}

/// A card of the page.
pub(super) struct Card {
    pub(super) id: &'static str,
    /// It takes a row of its own.
    pub(super) wide: bool,
    pub(super) title: &'static str,
    pub(super) note: String,
    pub(super) picture: Option<Picture>,
    pub(super) table: Table,
    /// The table is shown only when asked for.
    pub(super) folded: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other_and_inside_the_box() {
        let columns = [("a".to_owned(), vec![1, 2]), ("b".to_owned(), vec![0, 6])];
        let picture = Picture::new(vec![("high", "high"), ("low", "low")], &columns, String::new()).unwrap();
        let edges: Vec<_> = picture.bars.iter().map(|bar| (bar.x, bar.y, bar.y + bar.height)).collect();
        assert_eq!(edges, [(1, 84, 100), (1, 52, 84), (11, 4, 100)]);
        assert!(picture.labelled());
        assert!(Picture::new(vec![], &[("a".to_owned(), vec![0])], String::new()).is_none());
    }
}
