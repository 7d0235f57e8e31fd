//! The words of Proofhouse as types: digests, statements, predicates, findings, evidence, verdicts.
//!
//! **Architecture Invariant:** nothing here reads a file, a socket, the clock or the environment,
//! and nothing here is async. Every other crate may depend on this one; it depends on none of them.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod awareness;
pub mod clock;
pub mod digest;
pub mod evidence;
pub mod facts;
pub mod finding;
pub mod identity;
pub mod ids;
pub mod people;
pub mod portfolio;
pub mod ports;
pub mod practice;
pub mod predicate;
pub mod problem;
pub mod requirement;
pub mod scan;
pub mod statement;
pub mod version;
pub mod weakness;

pub use clock::{Clock, FixedClock};
pub use digest::{Digest, Hasher, Sha256};
pub use finding::{Confidence, Finding, FindingId, Place, Severity, Technique};
pub use ids::{DeploymentId, RunId};
pub use jiff::Timestamp;
pub use people::{By, Role, Via};
pub use problem::{Exit, Problem, UserError};
pub use scan::{BySeverity, Coverage, ScanReport, Skipped, TaggedRules, ToolRef};
pub use statement::{Predicate, Statement, Subject};
