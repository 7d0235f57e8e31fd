//! Periodic reviews of how things are done: generated from data with concrete suggestions, answered point by
//! point, signed, and due again after a while.

mod figures;
mod judge;
mod rules;
mod schedule;

use model::{
    Timestamp,
    practice::Practice,
    predicate::{ReviewFigure, ReviewKind, ReviewPoint},
};

pub use judge::{Answered, PointStanding, Standing, judge, signers};
pub use rules::{is_noisy, names};
pub use schedule::{Scheduled, days, schedule};

/// Most suggestions of one review; nobody answers more.
pub const MOST_POINTS: usize = 200;

/// What a rule looks at.
pub struct Look<'a> {
    /// Figures of the time.
    pub practice: &'a Practice,
    /// Beginning of the time.
    pub from: Timestamp,
    /// Its end.
    pub now: Timestamp,
}

/// A review before it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// Suggestions; each id once, sorted by rule and id.
    pub points: Vec<ReviewPoint>,
    /// Figures.
    pub figures: Vec<ReviewFigure>,
    /// What could not be looked at, one sentence each.
    pub unknown: Vec<String>,
}

/// Generates a review of one kind.
pub fn generate(kind: ReviewKind, look: &Look<'_>) -> Generated {
    let mut points: Vec<ReviewPoint> = Vec::new();
    let mut unknown = Vec::new();
    for rule in rules::of(kind) {
        match (rule.look)(look) {
            Ok(found) => points.extend(found),
            Err(why) => unknown.push(why.to_owned()),
        }
    }
    points.sort_by(|a, b| (&a.rule, &a.id).cmp(&(&b.rule, &b.id)));
    points.dedup_by(|a, b| a.id == b.id);
    if points.len() > MOST_POINTS {
        unknown.push(format!("{} more suggestions are not listed", points.len() - MOST_POINTS));
        points.truncate(MOST_POINTS);
    }
    Generated { points, figures: figures::figures(kind, look), unknown }
}
