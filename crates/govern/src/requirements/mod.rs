//! Security requirements as tests: where they can come from, and how far each is.

pub mod asvs;
mod standing;
pub mod threats;

pub use standing::{LONGEST_WAIVER_DAYS, Said, Signed, Standing, standing};
