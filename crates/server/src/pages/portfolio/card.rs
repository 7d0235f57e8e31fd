//! Cards of figures: a picture made of stacked bars, and the table behind it.
//!
//! The picture says in words what it shows; whoever cannot see it has the table.

use std::fmt::Display;

use crate::html::Tone;

/// A figure at the top.
pub(in crate::pages) struct Tile {
    pub(in crate::pages) name: &'static str,
    pub(in crate::pages) value: String,
    pub(in crate::pages) note: String,
    pub(in crate::pages) href: String,
    pub(in crate::pages) tone: &'static str,
}

impl Tile {
    pub(in crate::pages) fn new(
        name: &'static str,
        value: impl Display,
        note: impl Into<String>,
        href: String,
    ) -> Self {
        Self { name, value: value.to_string(), note: note.into(), href, tone: "" }
    }

    /// Marked when `bad` holds.
    pub(in crate::pages) fn bad_if(mut self, bad: bool) -> Self {
        self.tone = if bad { Tone::Bad.class() } else { Tone::Good.class() };
        self
    }
}

/// A cell of a table.
#[derive(Default)]
pub(in crate::pages) struct Cell {
    pub(in crate::pages) text: String,
    pub(in crate::pages) href: Option<String>,
    pub(in crate::pages) number: bool,
    /// Class of a chip that the text is shown as.
    pub(in crate::pages) chip: Option<&'static str>,
}

impl Cell {
    pub(in crate::pages) fn text(text: impl Display) -> Self {
        Self { text: text.to_string(), ..Self::default() }
    }

    /// A count with the list that it counts; nothing has no list.
    pub(in crate::pages) fn count(n: u64, href: String) -> Self {
        Self { text: n.to_string(), href: Some(href).filter(|_| n > 0), number: true, chip: None }
    }

    pub(in crate::pages) fn number(text: impl Display) -> Self {
        Self { number: true, ..Self::text(text) }
    }

    pub(in crate::pages) fn to(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    pub(in crate::pages) fn chip(text: impl Display, class: &'static str) -> Self {
        Self { chip: Some(class), ..Self::text(text) }
    }
}

/// A table; the first cell of a row is its heading.
#[derive(Default)]
pub(in crate::pages) struct Table {
    /// Names of the columns, and whether they hold numbers.
    pub(in crate::pages) head: Vec<(&'static str, bool)>,
    pub(in crate::pages) rows: Vec<Vec<Cell>>,
    /// What is said when there is no row.
    pub(in crate::pages) empty: &'static str,
}

/// One rectangle.
pub(in crate::pages) struct Bar {
    pub(in crate::pages) class: &'static str,
    pub(in crate::pages) x: usize,
    pub(in crate::pages) y: u64,
    pub(in crate::pages) height: u64,
}

/// Stacked bars in a box of [`Picture::width`] by 100.
pub(in crate::pages) struct Picture {
    pub(in crate::pages) width: usize,
    pub(in crate::pages) bars: Vec<Bar>,
    /// Words below the bars.
    pub(in crate::pages) labels: Vec<String>,
    /// Classes with their words.
    pub(in crate::pages) legend: Vec<(&'static str, &'static str)>,
    /// What is to be seen, in a sentence.
    pub(in crate::pages) sentence: String,
}

/// A column of a picture: what it is, and counts in the order of the legend, from below.
pub(in crate::pages) type Column = (String, Vec<u64>);

/// More columns than these are named only at both ends.
const MOST_LABELS: usize = 8;

impl Picture {
    /// `None` when there is nothing to see.
    pub(in crate::pages) fn new(
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
    pub(in crate::pages) fn labelled(&self) -> bool {
        self.labels.len() * 10 == self.width
    }
}

/// A card of the page.
pub(in crate::pages) struct Card {
    pub(in crate::pages) id: &'static str,
    /// It takes a row of its own.
    pub(in crate::pages) wide: bool,
    pub(in crate::pages) title: &'static str,
    pub(in crate::pages) note: String,
    pub(in crate::pages) picture: Option<Picture>,
    pub(in crate::pages) table: Table,
    /// The table is shown only when asked for.
    pub(in crate::pages) folded: bool,
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
