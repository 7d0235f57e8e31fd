//! The technology catalogue: what is used is *identified* from bills of materials and tools, what is wanted
//! is *published* as one file, `technologies.yaml`, and *judged* against what a project really ships.
//!
//! The way of the file: [`parse`] reads it, strictly and with places, into a [`Catalogue`]; [`judge()`] holds a
//! [`Bill`] and tools against it; [`export`] writes it for others, and [`import`] reads what others wrote.

mod bill;
mod enforce;
mod entry;
pub mod evaluate;
pub mod export;
mod identify;
pub mod import;
mod judge;
mod matching;
mod read;
mod settings;
mod signing;
mod trend;
mod write;

pub use bill::{Bill, Component, besides, bill};
pub use enforce::{Enforcement, Misuse, Progress, Reached, enforcement};
pub use entry::{
    Catalogue, FILE_NAME, Goal, Match, Measure, Move, Objective, Policy, Quadrant, Quorum, Ring, Technology,
    Weights,
};
pub use identify::{Found, Inventory, Used, identify, is_ecosystem, known, starter};
pub use judge::{Judgement, denies, judge, today};
pub use matching::{Matcher, ships};
pub use read::{MAX_BYTES, MOST_TECHNOLOGIES, parse};
pub use signing::{
    Events, Moved, Signature, Standing, Standings, State, history, missing, signed_text, standing, standings,
};
pub use trend::{Trend, months, trend};
pub use write::yaml;
