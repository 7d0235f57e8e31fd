//! Tables: widths from content, cells of several lines, rows that continue on the next page.

use super::{BLACK, BOTTOM, Flow, GREY, LEADING, MARGIN, Mark, PALE, TOP, WIDTH};
use crate::{
    block::Table,
    font::Weight,
    tags::{Kind, NodeId},
};

const SIZE: f32 = 8.5;
const LINE: f32 = SIZE * LEADING;
const PAD: f32 = 4.0;

impl Flow {
    pub(super) fn table(&mut self, table: &Table) {
        if table.header.is_empty() {
            return;
        }
        let widths = self.widths(table);
        let node = self.tags.add(None, Kind::Table(self.fonts.showable(&table.summary)));
        let head = self.tags.add(Some(node), Kind::Head);
        let row = self.tags.add(Some(head), Kind::Row);
        let cells: Vec<NodeId> =
            table.header.iter().map(|_| self.tags.add(Some(row), Kind::HeaderCell)).collect();
        self.need(3.0 * (LINE + PAD));
        self.header(table, &widths, Some(&cells));
        let body = (!table.rows.is_empty()).then(|| self.tags.add(Some(node), Kind::Body));
        for cells in &table.rows {
            let row = self.tags.add(body, Kind::Row);
            self.row(table, cells, &widths, row);
        }
        self.y += 10.0;
    }

    /// The header; the first one is part of the table, its repetitions are decoration.
    fn header(&mut self, table: &Table, widths: &[f32], nodes: Option<&[NodeId]>) {
        let lines: Vec<Vec<String>> = (table.header.iter().zip(widths))
            .map(|(name, width)| self.fonts.wrap(name, SIZE, Weight::Bold, width - 2.0 * PAD))
            .collect();
        // A header may not fill the page: the rows must have room.
        let tallest = lines.iter().map(Vec::len).max().unwrap_or(1).clamp(1, 6);
        let height = tallest as f32 * LINE + PAD;
        self.put(Mark::Box { x: MARGIN, y: self.y, width: WIDTH, height, ink: PALE }, None);
        let mut x = MARGIN;
        for (column, width) in widths.iter().enumerate() {
            for (at, line) in lines[column].iter().take(tallest).enumerate() {
                let node = nodes.and_then(|nodes| nodes.get(column).copied());
                self.cell(x, at, line, Weight::Bold, node);
            }
            x += width;
        }
        self.y += height;
    }

    /// A row, in as many pieces as there are pages under it.
    fn row(&mut self, table: &Table, cells: &[String], widths: &[f32], row: NodeId) {
        let nodes: Vec<NodeId> = widths.iter().map(|_| self.tags.add(Some(row), Kind::Cell)).collect();
        let lines: Vec<Vec<String>> = (widths.iter().enumerate())
            .map(|(column, width)| {
                let text = cells.get(column).map_or("", String::as_str);
                self.fonts.wrap(text, SIZE, Weight::Regular, width - 2.0 * PAD)
            })
            .collect();
        let tallest = lines.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut from = 0;
        while from < tallest {
            let left = ((BOTTOM - self.y - PAD) / LINE).floor().max(0.0) as usize;
            let fits = left.min(tallest - from);
            // Rows of a few lines stay together; long ones break.
            let breaks = fits == 0 || (fits < tallest - from && tallest - from <= 8);
            if breaks && self.y > TOP + 8.0 * LINE {
                self.page();
                self.header(table, widths, None);
                continue;
            }
            let fits = fits.max(1);
            let mut x = MARGIN;
            for (column, width) in widths.iter().enumerate() {
                for (at, line) in lines[column].iter().skip(from).take(fits).enumerate() {
                    self.cell(x, at, line, Weight::Regular, Some(nodes[column]));
                }
                x += width;
            }
            self.y += fits as f32 * LINE + PAD;
            from += fits;
        }
        let rule = vec![(MARGIN, self.y), (MARGIN + WIDTH, self.y)];
        self.put(Mark::Path { points: rule, ink: PALE, pattern: 0 }, None);
    }

    fn cell(&mut self, x: f32, at: usize, line: &str, weight: Weight, node: Option<NodeId>) {
        if line.is_empty() {
            return;
        }
        let ink = if weight == Weight::Bold { GREY } else { BLACK };
        let y = self.y + PAD / 2.0 + at as f32 * LINE + SIZE;
        self.put(Mark::Text { x: x + PAD, y, size: SIZE, weight, ink, text: line.to_owned() }, node);
    }

    /// Each column gets what its widest word needs, the rest is shared by how much text there is.
    fn widths(&self, table: &Table) -> Vec<f32> {
        let columns = table.header.len();
        let most = WIDTH / columns as f32;
        let (mut least, mut wanted) = (vec![0.0_f32; columns], vec![0.0_f32; columns]);
        let header = table.header.iter().map(|name| (name, Weight::Bold)).enumerate();
        let cells = table.rows.iter().take(2_000).flat_map(|row| row.iter().take(columns).enumerate());
        for (column, (text, weight)) in header.chain(cells.map(|(c, text)| (c, (text, Weight::Regular)))) {
            // A prefix tells enough about a long cell.
            let text: String = self.fonts.showable(text).chars().take(400).collect();
            let word = self.fonts.widest_word(&text, SIZE, weight) + 2.0 * PAD;
            least[column] = least[column].max(word.min(most.max(60.0)));
            wanted[column] = wanted[column].max(self.fonts.width(&text, SIZE, weight) + 2.0 * PAD);
        }
        let (need, want): (f32, f32) = (least.iter().sum(), wanted.iter().sum());
        if need >= WIDTH {
            return least.iter().map(|width| width * WIDTH / need).collect();
        }
        if want <= WIDTH {
            let extra = (WIDTH - want) / columns as f32;
            return wanted.iter().map(|width| width + extra).collect();
        }
        let spare = WIDTH - need;
        let missing: f32 = least.iter().zip(&wanted).map(|(l, w)| (w - l).max(0.0)).sum();
        let share = |l: &f32, w: &f32| l + spare * (w - l).max(0.0) / missing.max(f32::MIN_POSITIVE);
        least.iter().zip(&wanted).map(|(l, w)| share(l, w)).collect()
    }
}
