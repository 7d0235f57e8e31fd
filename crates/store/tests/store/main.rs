//! The store from outside, every test on SQLite and on a really running PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[macro_use]
mod support;
mod awareness;
mod blobs;
mod facts;
mod faults;
mod findings;
mod paging;
mod portfolio;
mod rebuild;
mod reviews;
mod views;
