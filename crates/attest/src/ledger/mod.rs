//! The ledger on disk: a journal of records, and the log made from it.
//!
//! Files under the ledger's folder:
//! - `journal/N.seg`: append-only records (envelope, leaf, time), the truth; `N` is the first index;
//! - `checkpoint`, `tile/…`: the log as C2SP tlog-tiles asks, to be served statically;
//! - `checkpoint.cosigned`: a checkpoint with the cosignatures of witnesses, when there are any;
//! - `index`: place and envelope digest of each record, a cache made again when it does not fit;
//! - `redo`: there while the content of entries is being removed (`remove.rs`);
//! - `lock`: taken by whoever appends or recovers; `torn/`: cut-off tails, kept for inspection.
//!
//! Order of an append: sign, journal, flush, tiles, flush full ones, sign the checkpoint, replace it,
//! acknowledge. A crash anywhere leaves a journal that is ahead of the checkpoint; the records that
//! are complete are kept and covered by the next checkpoint.
//!
//! `logged_at` is the ledger's own note of time. Unlike everything else it is not covered by the
//! Merkle tree (a `hashedrekord` carries no time), only by the checksum of its record; statements
//! carry their own signed times.

mod append;
mod error;
mod index;
mod journal;
mod open;
mod pending;
mod public;
mod read;
mod record;
mod remove;
mod tiles;
mod verify;

pub use error::LedgerError;
pub use open::{ClockStep, Ledger, Recovery};
pub use pending::Rejected;
pub use read::{Entry, Iter, Proof};
pub use remove::RemovedPayload;
pub use verify::{Damage, Part, Report, verify_dir};
