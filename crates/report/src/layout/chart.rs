//! Charts: one figure each, with the same values as text for people who do not see it.

use super::{BLACK, BLUE, BODY, Flow, GREY, Ink, LEADING, MARGIN, Mark, PALE, WIDTH};
use crate::{
    block::{Bar, Line},
    font::Weight,
    tags::{Kind, NodeId},
};

const SIZE: f32 = 8.5;
const ROW: f32 = 16.0;
const HEIGHT: f32 = 150.0;
/// Lines differ by colour and by pattern, so that colour is never needed.
const INKS: [Ink; 6] =
    [BLUE, Ink(0xa8, 0x32, 0x32), Ink(0x2e, 0x6b, 0x34), Ink(0x6b, 0x3f, 0x8f), Ink(0x8a, 0x55, 0x00), BLACK];

fn sane(value: f64) -> f64 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

impl Flow {
    pub(super) fn bars(&mut self, title: &str, bars: &[Bar], most: Option<f64>) {
        if bars.is_empty() {
            return;
        }
        let most = most.map_or(0.0, sane).max(bars.iter().map(|bar| sane(bar.value)).fold(0.0, f64::max));
        let label = self.widest(bars.iter().map(|bar| bar.label.as_str())).min(WIDTH * 0.4);
        let text = self.widest(bars.iter().map(|bar| bar.text.as_str())).min(WIDTH * 0.2);
        let room = WIDTH - label - text - 16.0;
        let values: Vec<String> = bars.iter().map(|bar| format!("{}: {}", bar.label, bar.text)).collect();
        let said = self.fonts.showable(&format!("Bar chart: {title}. {}", values.join("; ")));
        // A figure is one piece on one page; more bars than a page holds make several.
        for (part, bars) in bars.chunks(36).enumerate() {
            let said = if part == 0 { said.clone() } else { format!("{title}, continued") };
            let node = self.tags.add(None, Kind::Figure(said));
            self.need(bars.len() as f32 * ROW + 24.0);
            self.caption(title, node);
            for bar in bars {
                let y = self.y + SIZE + 2.0;
                self.label(MARGIN, y, &bar.label, label, node);
                let x = MARGIN + label + 8.0;
                let (top, height) = (self.y + 2.0, ROW - 6.0);
                self.put(Mark::Box { x, y: top, width: room, height, ink: PALE }, Some(node));
                let width = if most > 0.0 { room * (sane(bar.value) / most) as f32 } else { 0.0 };
                if width > 0.0 {
                    self.put(Mark::Box { x, y: top, width, height, ink: BLUE }, Some(node));
                }
                self.label(x + room + 8.0, y, &bar.text, text, node);
                self.y += ROW;
            }
            self.y += 8.0;
        }
    }

    pub(super) fn lines(&mut self, title: &str, axis: &[String], lines: &[Line]) {
        if axis.is_empty() || lines.is_empty() {
            return;
        }
        let values = lines.iter().flat_map(|line| line.values.iter().flatten());
        let most = values.map(|value| sane(*value)).fold(0.0, f64::max);
        let said = self.fonts.showable(&said(title, axis, lines));
        let node = self.tags.add(None, Kind::Figure(said));
        let legend = lines.len() as f32 * SIZE * LEADING;
        self.need(HEIGHT + legend + 70.0);
        self.caption(title, node);
        let (left, top) = (MARGIN + 44.0, self.y + SIZE);
        let (width, bottom) = (WIDTH - 60.0, top + HEIGHT);
        for (share, value) in [(0.0, most), (0.5, most / 2.0), (1.0, 0.0)] {
            let y = top + HEIGHT * share;
            self.put(
                Mark::Path { points: vec![(left, y), (left + width, y)], ink: PALE, pattern: 0 },
                Some(node),
            );
            self.label(MARGIN, y + 3.0, &number(value), 40.0, node);
        }
        let step = width / (axis.len().max(2) - 1) as f32;
        for (number, line) in lines.iter().enumerate() {
            let (ink, pattern) = (INKS[number % INKS.len()], (number % INKS.len()) as u8);
            for points in
                pieces(line, axis.len(), most, |at, share| (left + step * at as f32, bottom - HEIGHT * share))
            {
                self.put(Mark::Path { points, ink, pattern }, Some(node));
            }
        }
        self.y = bottom + 4.0;
        self.label(left, self.y + SIZE, &axis[0], width / 2.0, node);
        if let Some(last) = axis.last().filter(|_| axis.len() > 1) {
            let last: String = last.chars().take(24).collect();
            let x = left + width - self.fonts.width(&self.fonts.showable(&last), SIZE, Weight::Regular);
            self.label(x, self.y + SIZE, &last, width / 2.0, node);
        }
        self.y += SIZE * LEADING + 4.0;
        for (number, line) in lines.iter().enumerate() {
            let (ink, pattern) = (INKS[number % INKS.len()], (number % INKS.len()) as u8);
            let y = self.y + SIZE * 0.7;
            self.put(Mark::Path { points: vec![(left, y), (left + 28.0, y)], ink, pattern }, Some(node));
            self.label(left + 34.0, self.y + SIZE, &line.label, width - 40.0, node);
            self.y += SIZE * LEADING;
        }
        self.y += 10.0;
    }

    fn caption(&mut self, title: &str, node: NodeId) {
        let line = self.fonts.wrap(title, BODY, Weight::Bold, WIDTH).into_iter().next().unwrap_or_default();
        let y = self.y + BODY;
        self.put(
            Mark::Text { x: MARGIN, y, size: BODY, weight: Weight::Bold, ink: GREY, text: line },
            Some(node),
        );
        self.y += BODY * LEADING + 4.0;
    }

    /// One line of text, cut where the room ends.
    fn label(&mut self, x: f32, y: f32, text: &str, room: f32, node: NodeId) {
        let line = self.fonts.wrap(text, SIZE, Weight::Regular, room.max(1.0)).into_iter().next();
        let Some(text) = line.filter(|line| !line.is_empty()) else { return };
        self.put(Mark::Text { x, y, size: SIZE, weight: Weight::Regular, ink: BLACK, text }, Some(node));
    }

    fn widest<'a>(&self, texts: impl Iterator<Item = &'a str>) -> f32 {
        let width = |text| self.fonts.width(&self.fonts.showable(text), SIZE, Weight::Regular) + 1.0;
        texts.map(width).fold(0.0, f32::max)
    }
}

/// The parts of a line between its gaps; a single point becomes a short dash, so that it is seen.
fn pieces(
    line: &Line,
    places: usize,
    most: f64,
    place: impl Fn(usize, f32) -> (f32, f32),
) -> Vec<Vec<(f32, f32)>> {
    let mut all: Vec<Vec<(f32, f32)>> = vec![Vec::new()];
    for (at, value) in line.values.iter().take(places).enumerate() {
        match value {
            Some(value) => {
                let share = if most > 0.0 { (sane(*value) / most) as f32 } else { 0.0 };
                if let Some(piece) = all.last_mut() {
                    piece.push(place(at, share));
                }
            }
            None => all.push(Vec::new()),
        }
    }
    all.retain(|piece| !piece.is_empty());
    for piece in &mut all {
        if let [(x, y)] = piece[..] {
            *piece = vec![(x - 2.0, y), (x + 2.0, y)];
        }
    }
    all
}

fn said(title: &str, axis: &[String], lines: &[Line]) -> String {
    let mut text = format!("Line chart: {title}.");
    for line in lines {
        let value = |(place, value): (&String, &Option<f64>)| match value {
            Some(value) => format!("{place} {}", number(*value)),
            None => format!("{place} no value"),
        };
        let values: Vec<String> = axis.iter().zip(&line.values).map(value).collect();
        text.push_str(&format!(" {}: {}.", line.label, values.join(", ")));
    }
    text
}

fn number(value: f64) -> String {
    let value = sane(value);
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
