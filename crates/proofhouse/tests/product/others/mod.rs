//! The ledger as others see it: published files, monitors, witnesses, and every way in which a log can lie.

mod following;
mod identities;
pub mod kit;
mod witnesses;
