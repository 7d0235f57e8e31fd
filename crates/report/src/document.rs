//! The document as its user builds it.

use jiff::Timestamp;

use crate::{
    block::{Bar, Block, Line, Table},
    error::ReportError,
    layout, write,
};

/// More than this many characters are no report that anybody reads, and would take minutes to lay out.
const MOST_CHARACTERS: usize = 8_000_000;
/// The same for cells, list items and bars.
const MOST_PARTS: usize = 400_000;

/// A report to be: blocks in reading order.
///
/// ```
/// let mut report = report::Document::new("Release review", "en");
/// report.heading(1, "Risk").paragraph("Two findings are open.");
/// report.table(&["finding", "owner"], vec![vec!["xss".into(), "shop team".into()]]);
/// let pdf = report.finish().unwrap();
/// assert!(pdf.starts_with(b"%PDF-"));
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) title: String,
    pub(crate) language: String,
    pub(crate) moment: Option<Timestamp>,
    pub(crate) blocks: Vec<Block>,
}

impl Document {
    /// A document with its title (shown on the first page and in the window's bar) and its language as a
    /// BCP 47 tag, for example `en`.
    pub fn new(title: impl Into<String>, language: impl Into<String>) -> Self {
        let title = Some(title.into()).filter(|title| !title.trim().is_empty());
        let title = title.unwrap_or_else(|| "Report".to_owned());
        Self { title, language: language.into(), moment: None, blocks: Vec::new() }
    }

    /// The moment the document speaks of, as its creation date. Without it the file has none.
    pub fn dated(&mut self, moment: Timestamp) -> &mut Self {
        self.moment = Some(moment);
        self
    }

    /// A heading of level 1 (a section) to 5. Headings make the outline.
    pub fn heading(&mut self, level: u8, text: impl Into<String>) -> &mut Self {
        self.push(Block::Heading(level.clamp(1, 5), text.into()))
    }

    /// Wrapped text. A line break in it is kept.
    pub fn paragraph(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Block::Paragraph(text.into()))
    }

    /// A line that leads to an address. Anything but `https:` and `http:` is shown as text only.
    pub fn link(&mut self, text: impl Into<String>, address: impl Into<String>) -> &mut Self {
        let (text, address) = (text.into(), address.into());
        let web = address.starts_with("https://") || address.starts_with("http://");
        self.push(if web { Block::Link(text, address) } else { Block::Paragraph(text) })
    }

    /// A list with bullets.
    pub fn list<T: Into<String>>(&mut self, items: impl IntoIterator<Item = T>) -> &mut Self {
        self.push(Block::List(items.into_iter().map(Into::into).collect()))
    }

    /// A table of `header` and rows of cells.
    pub fn table(&mut self, header: &[&str], rows: Vec<Vec<String>>) -> &mut Self {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        let summary = format!("{} rows of {}", rows.len(), header.join(", "));
        self.table_of(Table { header, rows, summary })
    }

    /// A table with a summary of its own.
    pub fn table_of(&mut self, table: Table) -> &mut Self {
        self.push(Block::Table(table))
    }

    /// Horizontal bars on one scale from 0 to `most` (or to the longest bar).
    pub fn bar_chart(&mut self, title: impl Into<String>, bars: Vec<Bar>, most: Option<f64>) -> &mut Self {
        self.push(Block::Bars(title.into(), bars, most))
    }

    /// Lines over an axis with these places (dates, versions). At most six lines tell apart.
    pub fn line_chart(&mut self, title: impl Into<String>, axis: Vec<String>, lines: Vec<Line>) -> &mut Self {
        self.push(Block::Lines(title.into(), axis, lines))
    }

    /// What follows begins on a new page.
    pub fn page_break(&mut self) -> &mut Self {
        self.push(Block::PageBreak)
    }

    /// The PDF.
    ///
    /// # Errors
    /// [`ReportError::TooLong`] beyond 8 million characters or 400,000 cells, [`ReportError::Write`] when the
    /// writer refuses.
    pub fn finish(&self) -> Result<Vec<u8>, ReportError> {
        self.bounded()?;
        write::pdf(self, layout::pages(self)?)
    }

    fn push(&mut self, block: Block) -> &mut Self {
        self.blocks.push(block);
        self
    }

    fn bounded(&self) -> Result<(), ReportError> {
        let (mut characters, mut parts) = (self.title.len(), self.blocks.len());
        for block in &self.blocks {
            let mut count = |texts: &mut dyn Iterator<Item = &String>| {
                for text in texts {
                    characters += text.len();
                    parts += 1;
                }
            };
            match block {
                Block::Heading(_, text) | Block::Paragraph(text) => count(&mut [text].into_iter()),
                Block::Link(text, address) => count(&mut [text, address].into_iter()),
                Block::List(items) => count(&mut items.iter()),
                Block::Table(table) => count(&mut table.header.iter().chain(table.rows.iter().flatten())),
                Block::Bars(_, bars, _) => count(&mut bars.iter().flat_map(|bar| [&bar.label, &bar.text])),
                Block::Lines(_, axis, lines) => {
                    count(&mut axis.iter().chain(lines.iter().map(|line| &line.label)));
                    parts += lines.iter().map(|line| line.values.len()).sum::<usize>();
                }
                Block::PageBreak => {}
            }
        }
        if characters > MOST_CHARACTERS {
            return Err(ReportError::TooLong { what: "characters", limit: MOST_CHARACTERS });
        }
        if parts > MOST_PARTS {
            return Err(ReportError::TooLong { what: "cells, items and values", limit: MOST_PARTS });
        }
        Ok(())
    }
}
