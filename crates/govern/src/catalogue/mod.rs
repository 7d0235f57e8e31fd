//! The technology catalogue: what is used is *identified* from bills of materials and tools, what is wanted
//! is *published* as one file, `technologies.yaml`, and *judged* against what a project really ships.
//!
//! The way of the file: [`parse`] reads it, strictly and with places, into a [`Catalogue`]; [`judge`] holds a
//! [`Bill`] and tools against it; [`export`] writes it for others, and [`import`] reads what others wrote.

mod bill;
mod entry;
pub mod export;
mod identify;
pub mod import;
mod judge;
mod matching;
mod read;
mod write;

pub use bill::{Bill, Component, bill};
pub use entry::{Catalogue, FILE_NAME, Match, Move, Policy, Quadrant, Ring, Technology};
pub use identify::{Found, Inventory, Used, identify, starter};
pub use judge::{Judgement, denies, judge, today};
pub use matching::{Matcher, ships};
pub use read::{CatalogueError, MAX_BYTES, MOST_TECHNOLOGIES, Mistake, parse};
pub use write::yaml;
