//! **Improve**: what an organisation decides and reviews, as pure functions of evidence: which security
//! requirements hold, which technologies are used and wanted, what standards ask for and how far it is there, what
//! people should know of the weaknesses they meet.
//!
//! **Architecture Invariant:** no IO and no clock. What the ledger knows, files and the moment are arguments.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod awareness;
pub mod catalogue;
pub mod controls;
pub mod organisation;
pub mod release_review;
pub mod reminders;
pub mod requirements;
pub mod reviews;
pub mod strict;
