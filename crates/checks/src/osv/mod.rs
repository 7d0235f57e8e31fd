//! Known vulnerabilities: OSV advisories (schema 1.7) in a local index, matched to an inventory.
//!
//! `import` turns a feed (zip, tar.gz, folder, or single file of OSV JSON or YAML; RustSec Markdown; the
//! KEV catalogue; endoflife data) into one checksummed index file per feed; [`Index`] finds the advisories of a package
//! without loading the rest; `scan` evaluates the ranges as the OSV specification says.
//!
//! Rules: withdrawn advisories are left out. `GIT` ranges need a repository and are ignored; an
//! advisory that has nothing else is counted as such. Advisories that share an alias are one finding.

mod archive;
mod error;
mod import;
mod kev;
mod products;
mod range;
mod rustsec;
mod scan;
mod schema;
mod severity;
mod store;
mod version;

pub use error::FeedError;
pub use import::{FeedReport, import};
pub use products::{Cycle, Product};
pub use range::{Event, Range, RangeKind, affected, fixed_after};
pub use scan::{KNOWN_EXPLOITED, scan};
pub use schema::Advisory;
pub use store::{FeedMeta, Index, IndexDir};
pub use version::compare;
