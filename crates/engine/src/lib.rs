//! **The flow**: joins the stages, one function per arrow.
//!
//! Everything that happens becomes a statement; [`record::Recorder`] is the only way into the ledger.
//! The engine knows no database and no web: it speaks to both through [`ports`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod home;
pub mod ports;
pub mod source;

pub use home::Home;
pub use source::Source;
