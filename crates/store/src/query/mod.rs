//! Reading, one file per aggregate.

mod assurance;
mod awareness;
mod delivery;
mod finding;
mod history;
mod ledger;
mod paging;
mod people;
mod project;
mod run;
mod sbom;
mod trend;

pub use ledger::StatementFilter;
pub use people::Owned;

use model::{BySeverity, Severity};

/// Adds `n` to the severity of this rank; other ranks (rows changed by hand) count as critical.
pub(crate) fn add_severity(counts: &mut BySeverity, rank: i64, n: u64) {
    match severity(rank).unwrap_or(Severity::Critical) {
        Severity::Critical => counts.critical += n,
        Severity::High => counts.high += n,
        Severity::Medium => counts.medium += n,
        Severity::Low => counts.low += n,
        Severity::Info => counts.info += n,
    }
}

/// The severity of a rank, 0 (info) to 4 (critical).
pub(crate) fn severity(rank: i64) -> Option<Severity> {
    Severity::ALL.get(usize::try_from(rank).ok()?).copied()
}
