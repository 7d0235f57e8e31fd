//! What a document consists of, before anything has a place on a page.

/// One block, in reading order.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    /// Level 1 to 5 below the title, and the text.
    Heading(u8, String),
    Paragraph(String),
    /// Text, and the `https:` or `http:` address behind it.
    Link(String, String),
    List(Vec<String>),
    Table(Table),
    Bars(String, Vec<Bar>, Option<f64>),
    Lines(String, Vec<String>, Vec<Line>),
    PageBreak,
}

/// A table. Columns get their widths from what is in them; the header is repeated on each page.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Cells, row by row. A row that is too short ends in empty cells; cells beyond the header are left out.
    pub rows: Vec<Vec<String>>,
    /// What the table shows, for people who hear it.
    pub summary: String,
}

/// One bar of a chart.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// How long it is; negative and not finite values count as 0.
    pub value: f64,
    /// What is written beside it, for example `7 of 12`.
    pub text: String,
}

impl Bar {
    /// A bar.
    pub fn new(label: impl Into<String>, value: f64, text: impl Into<String>) -> Self {
        Self { label: label.into(), value, text: text.into() }
    }
}

/// One line of a chart: a value for each place on the axis.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it stands for.
    pub label: String,
    /// Values in the order of the axis; `None` is a gap.
    pub values: Vec<Option<f64>>,
}
