//! A report in the forms of others, one file each. All are text and pure: the same report gives the same bytes.

mod csv;
mod markdown;
pub mod oscal;

pub use csv::csv;
pub use markdown::markdown;
