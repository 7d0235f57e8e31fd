//! The ledger for others: publishing it as static files, asking witnesses to cosign it and being one,
//! and following the log of somebody else.
//!
//! What to conclude is decided in `attest::log` from bytes; here are the folders, the network and the
//! durable state around that.

mod ask;
mod fetch;
mod files;
mod keys;
mod monitor;
mod publish;
mod source;
mod witness;

pub use ask::{Asked, Witnesses, ask};
pub use keys::{LogKeys, expect_keys, log_keys, note_keys, witness_keys};
pub use monitor::{Event, Monitor, Seen};
pub use publish::{Published, publish};
pub use source::Source;
pub use witness::{Answer, Witness};
