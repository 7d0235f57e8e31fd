//! Real servers for tests: started once per test process, on loopback, gone with the process.
//!
//! **Architecture Invariant:** a test that needs a server fails with the reason when it cannot be
//! started; it never passes by being skipped.

mod postgres;

pub use postgres::{Postgres, postgres};
