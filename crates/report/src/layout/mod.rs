//! Blocks to places on pages. Nothing here knows PDF: the result is a list of marks for each page, each with the
//! node of the structure that it belongs to.

mod chart;
mod table;

use crate::{
    block::Block,
    document::Document,
    error::ReportError,
    font::{Fonts, Weight},
    tags::{Kind, NodeId, Tags},
};

/// A4 in points.
pub const PAGE: (f32, f32) = (595.28, 841.89);
/// White space around the text.
pub const MARGIN: f32 = 56.0;
const TOP: f32 = 56.0;
const BOTTOM: f32 = PAGE.1 - 64.0;
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
const BODY: f32 = 10.0;
/// Height of a line as a multiple of the size of its letters.
const LEADING: f32 = 1.4;

/// A colour of the palette: each has at least 4.5:1 against white.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink(pub u8, pub u8, pub u8);

pub const BLACK: Ink = Ink(0x1a, 0x1a, 0x1a);
pub const GREY: Ink = Ink(0x5f, 0x63, 0x68);
pub const BLUE: Ink = Ink(0x1f, 0x4e, 0x8c);
/// Backgrounds and rules only; nothing is told by it.
pub const PALE: Ink = Ink(0xe6, 0xea, 0xf0);

/// Something drawn.
#[derive(Clone, Debug)]
pub enum Mark {
    /// Left end and base line.
    Text { x: f32, y: f32, size: f32, weight: Weight, ink: Ink, text: String },
    /// Left, top, width, height.
    Box { x: f32, y: f32, width: f32, height: f32, ink: Ink },
    /// Points that a line joins, and its pattern (0 is solid).
    Path { points: Vec<(f32, f32)>, ink: Ink, pattern: u8 },
    /// An address behind the area left, top, width, height.
    Link { x: f32, y: f32, width: f32, height: f32, address: String, text: String },
}

/// A mark and where it belongs; `None` is decoration, which readers do not hear.
#[derive(Clone, Debug)]
pub struct Placed {
    pub mark: Mark,
    pub node: Option<NodeId>,
}

/// An entry of the outline.
#[derive(Clone, Debug)]
pub struct Entry {
    /// 0 for the title.
    pub level: u8,
    pub text: String,
    pub page: usize,
    pub y: f32,
}

/// Everything that is to be written.
pub struct Pages {
    pub pages: Vec<Vec<Placed>>,
    pub tags: Tags,
    pub outline: Vec<Entry>,
    pub fonts: Fonts,
}

/// Lays a document out.
pub fn pages(document: &Document) -> Result<Pages, ReportError> {
    let fonts = Fonts::load()?;
    let mut flow =
        Flow { fonts, pages: vec![Vec::new()], y: TOP, tags: Tags::default(), outline: Vec::new() };
    let node = flow.tags.add(None, Kind::Title);
    flow.entry(0, &document.title);
    flow.text(&document.title, Style { size: 20.0, weight: Weight::Bold, ink: BLUE }, node, 0.0);
    flow.y += 8.0;
    for block in &document.blocks {
        flow.block(block);
    }
    Ok(Pages { pages: flow.pages, tags: flow.tags, outline: flow.outline, fonts: flow.fonts })
}

#[derive(Clone, Copy)]
struct Style {
    size: f32,
    weight: Weight,
    ink: Ink,
}

const PLAIN: Style = Style { size: BODY, weight: Weight::Regular, ink: BLACK };

/// The place where the next block goes.
struct Flow {
    fonts: Fonts,
    pages: Vec<Vec<Placed>>,
    y: f32,
    tags: Tags,
    outline: Vec<Entry>,
}

impl Flow {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(level, text) => self.heading(*level, text),
            Block::Paragraph(text) => {
                let node = self.tags.add(None, Kind::Paragraph);
                self.text(text, PLAIN, node, 0.0);
                self.y += 6.0;
            }
            Block::Link(text, address) => self.link(text, address),
            Block::List(items) => self.list(items),
            Block::Table(table) => self.table(table),
            Block::Bars(title, bars, most) => self.bars(title, bars, *most),
            Block::Lines(title, axis, lines) => self.lines(title, axis, lines),
            Block::PageBreak => self.page(),
        }
    }

    fn heading(&mut self, level: u8, text: &str) {
        let size = [16.0, 13.0, 11.5, 10.5, 10.0][usize::from(level.clamp(1, 5)) - 1];
        self.y += size * 0.6;
        // A heading at the foot of a page would stand alone: it takes two lines with it.
        self.need(size * LEADING + 2.5 * BODY * LEADING);
        let shown = self.fonts.showable(text).replace('\n', " ");
        // PDF/UA wants a title for each heading.
        let (text, shown) = if shown.trim().is_empty() { ("-", "-".to_owned()) } else { (text, shown) };
        let node = self.tags.add(None, Kind::Heading(level, shown));
        self.entry(level, text);
        self.text(text, Style { size, weight: Weight::Bold, ink: BLUE }, node, 0.0);
        self.y += 3.0;
    }

    fn list(&mut self, items: &[String]) {
        if items.is_empty() {
            return;
        }
        let list = self.tags.add(None, Kind::List);
        for item in items {
            let node = self.tags.add(Some(list), Kind::Item);
            let body = self.tags.add(Some(node), Kind::ItemBody);
            self.need(BODY * LEADING);
            let y = self.y + BODY;
            let bullet = Mark::Text {
                x: MARGIN + 4.0,
                y,
                size: BODY,
                weight: Weight::Regular,
                ink: GREY,
                text: "•".into(),
            };
            self.put(bullet, None);
            self.text(item, PLAIN, body, 16.0);
        }
        self.y += 6.0;
    }

    fn link(&mut self, text: &str, address: &str) {
        let node = self.tags.add(None, Kind::Paragraph);
        let node = self.tags.add(Some(node), Kind::Link);
        for line in self.fonts.wrap(text, BODY, Weight::Regular, WIDTH) {
            self.need(BODY * LEADING);
            let (y, width) = (self.y, self.fonts.width(&line, BODY, Weight::Regular));
            self.put(
                Mark::Text {
                    x: MARGIN,
                    y: y + BODY,
                    size: BODY,
                    weight: Weight::Regular,
                    ink: BLUE,
                    text: line,
                },
                Some(node),
            );
            let underline = vec![(MARGIN, y + BODY + 1.5), (MARGIN + width, y + BODY + 1.5)];
            self.put(Mark::Path { points: underline, ink: BLUE, pattern: 0 }, None);
            let height = BODY * LEADING;
            let (address, text) = (address.to_owned(), text.to_owned());
            self.put(Mark::Link { x: MARGIN, y, width, height, address, text }, Some(node));
            self.y += height;
        }
        self.y += 6.0;
    }

    /// Wrapped text, indented from the left.
    fn text(&mut self, text: &str, style: Style, node: NodeId, indent: f32) {
        let Style { size, weight, ink } = style;
        for line in self.fonts.wrap(text, size, weight, WIDTH - indent) {
            self.need(size * LEADING);
            let y = self.y + size;
            self.put(Mark::Text { x: MARGIN + indent, y, size, weight, ink, text: line }, Some(node));
            self.y += size * LEADING;
        }
    }

    fn entry(&mut self, level: u8, text: &str) {
        let text = self.fonts.showable(text).replace('\n', " ");
        self.outline.push(Entry { level, text, page: self.pages.len() - 1, y: self.y });
    }

    fn put(&mut self, mark: Mark, node: Option<NodeId>) {
        if let Some(page) = self.pages.last_mut() {
            page.push(Placed { mark, node });
        }
    }

    /// Goes to a new page unless there are `height` points left.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.page();
        }
    }

    fn page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }
}
