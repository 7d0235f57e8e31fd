//! Whole releases: out into one file, and in from another installation.

mod export;
mod import;

pub use export::{Exported, export};
pub use import::{Imported, import};
