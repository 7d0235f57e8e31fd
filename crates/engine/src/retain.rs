//! Retention: the content of old entries goes, and the ledger says so before it does.
//!
//! Order: a note of what is to go (`retention.json` in the home), the removal statement, the contents, the
//! blobs that nothing else names, the database anew, the note away. Whatever interrupts this leaves the note;
//! the next command finds the statement, or finds that there is none, and goes on or forgets it.

mod carry;
mod choose;

pub(crate) use carry::wait;
pub use carry::{Work, begin, resume};
pub use choose::{Choice, Kept, Policy, choose};
