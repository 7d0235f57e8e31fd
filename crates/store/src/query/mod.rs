//! Reading, one file per aggregate.

mod assurance;
mod awareness;
mod delivery;
mod facts;
mod finding;
mod history;
mod ledger;
mod paging;
mod people;
mod portfolio;
mod practice;
mod project;
mod review;
mod run;
mod sbom;
mod technology;
mod trend;
mod triage;

pub use ledger::StatementFilter;
pub use people::Owned;
pub use portfolio::PortfolioQuery;

use model::{BySeverity, Severity, Timestamp};

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

/// `2026-11-23` for a day since 1970.
pub(crate) fn day_name(day: i64) -> String {
    let noon = day.saturating_mul(crate::project::tally::DAY).saturating_add(crate::project::tally::DAY / 2);
    Timestamp::from_microsecond(noon).map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}
