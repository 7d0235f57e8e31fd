//! The picture of open findings over time: stacked bars, one a day, with a table for screen readers.

use model::Severity;
use store::views::TrendPoint;

/// One rectangle.
pub(crate) struct Bar {
    pub(crate) class: &'static str,
    pub(crate) x: u64,
    pub(crate) y: u64,
    pub(crate) height: u64,
}

/// Bars in a box of [`Picture::width`] by 100.
pub(crate) struct Picture {
    pub(crate) width: u64,
    pub(crate) bars: Vec<Bar>,
    pub(crate) most: u64,
    pub(crate) points: Vec<TrendPoint>,
}

/// Days that are shown at least.
const FEWEST: usize = 21;

impl Picture {
    /// `None` when there never was anything open.
    pub(crate) fn new(points: Vec<TrendPoint>) -> Option<Self> {
        let most = points.iter().map(|point| point.open.total()).max().filter(|most| *most > 0)?;
        // Days before the first finding tell nothing, but a picture needs some width.
        let quiet = points.iter().take_while(|point| point.open.total() == 0).count();
        let points = points[quiet.min(points.len().saturating_sub(FEWEST))..].to_vec();
        let mut bars = Vec::new();
        for (n, point) in points.iter().enumerate() {
            let mut below = 0;
            for severity in Severity::ALL.into_iter().rev() {
                let from = below * 96 / most;
                below += point.open.get(severity);
                let height = below * 96 / most - from;
                if height > 0 {
                    bars.push(Bar {
                        class: severity.name(),
                        x: n as u64 * 10,
                        y: 100 - from - height,
                        height,
                    });
                }
            }
        }
        Some(Self { width: points.len() as u64 * 10, bars, most, points })
    }

    /// First day, newest day.
    pub(crate) fn ends(&self) -> (&str, &str) {
        let first = self.points.first().map_or("", |point| point.day.as_str());
        (first, self.points.last().map_or("", |point| point.day.as_str()))
    }

    /// Days on which the numbers changed, for the table.
    pub(crate) fn changes(&self) -> Vec<&TrendPoint> {
        let mut changes: Vec<&TrendPoint> = Vec::new();
        for point in &self.points {
            if changes.last().is_none_or(|last| last.open != point.open) {
                changes.push(point);
            }
        }
        changes
    }
}
