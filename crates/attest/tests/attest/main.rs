//! The promises of the crate, each shown on real files with a real signer process.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod crash;
mod damage;
mod deployed;
mod elsewhere;
mod evidence;
mod keys;
mod ledger;
mod life;
mod minted;
mod public;
mod removal;
mod strange;
mod support;
mod vectors;
