//! Release reviews: what people read before a release enters an environment, and whether their word still
//! counts when the gate asks.

mod compose;
mod document;
mod judge;
mod markdown;
mod plain;

pub use compose::{
    Before, ENDS_SOON_DAYS, Facts, MOST_LISTED, NO_COVERAGE, Open, RULE, denied_rules, differences, document,
    open, timeline,
};
pub use document::{
    AcceptedRisk, Commit, Commits, ComponentChanges, ControlLine, CoverageLine, Document, FindingLine,
    Findings, GateLine, Known, Plan, Release, RequirementLine, Risk, RiskState, ScanLine, TestLine, Updated,
};
pub use judge::{Answered, Later, Put, Standing, State, Voice, judge};
pub use markdown::{coverage_rows, markdown};
