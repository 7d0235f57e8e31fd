//! Reading, one file per aggregate.

mod assurance;
mod delivery;
mod finding;
mod ledger;
mod project;
mod run;

pub use ledger::StatementFilter;
