//! Bad input and faults, one test each: what is done, what the user sees, what is guaranteed. The table
//! of all of them is `docs/evidence/faults.md`; `evidence` keeps it in step with the tests.
//!
//! Tests that mount, change owners or enter namespaces need root and say so when they have it not.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod clock;
mod config;
mod databases;
mod evidence;
mod fullness;
mod killing;
mod kit;
mod misdirected;
mod offline;
mod reports;
mod repository;
mod retention;
mod steps;
#[allow(dead_code, reason = "shared with the tests of the product, which use more of it")]
#[path = "../product/support.rs"]
mod support;
mod surroundings;
mod tampering;
mod together;
