//! **Improve**: what an organisation decides and reviews, as pure functions of evidence.
//!
//! **Architecture Invariant:** no IO, no clock: the moment is an argument.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod requirements;
