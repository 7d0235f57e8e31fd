//! For tests: real servers, started once per test process and gone with it, and builders of ledgers.
//!
//! **Architecture Invariant:** a test that needs a server fails with the reason when it cannot be
//! started; it never passes by being skipped.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(feature = "browser")]
pub mod browser;
mod demo;
mod ledger;
mod postgres;
mod reviews;
mod stoppable;
mod story;

pub use demo::demo;
pub use ledger::{Ledger, deployment_id, finding, hour, run_id};
pub use postgres::{Postgres, postgres};
pub use reviews::reviews;
pub use stoppable::Stoppable;
pub use story::{run_predicate, story, technologies};
