//! Reports by people (penetration tests, reviews): what their four forms have in common.
//!
//! Every form becomes `Record`s (a value for each known field) and those become findings in one place.
//! What people call their columns is accepted in many spellings, but never guessed: a name that is not in
//! the table of `fields` (or told with [`crate::ImportOptions::columns`]) is listed as left out, and a
//! rating that nobody can read stops the import.
//!
//! **Identity**: the rule of a finding is its id in the report; without one its weakness and, when it has
//! no place, its title. Together with the place it stays the same when the report comes again, with other
//! words, in another order or another form.

mod fields;
mod outline;
mod record;
mod text;

pub(crate) use fields::{Field, Fields};
pub(crate) use outline::{Block, Outline};
pub(crate) use record::{Record, Records, push};
pub(crate) use text::{Text, beginning, place, wrong};

use model::{Coverage, Technique, ToolRef};
use serde::{Deserialize, Serialize};

use crate::{adapters::Read, intake::Intake, normalise::text::line};

/// Name of the scanner and tool of every finding by people: who it was is told beside, so that a finding
/// stays the same when somebody else tests again.
pub(crate) const NAME: &str = "manual";

/// JSON Schema (2020-12) of the form `manual-json`.
pub const SCHEMA: &str = include_str!("schema.json");

/// What a report by people says of itself. Everything may be missing: it can also be told beside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Name under which it is repeated, e.g. `external pen-test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tester: Option<String>,
    /// Day on which it was tested (`YYYY-MM-DD`), as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested: Option<String>,
    /// What was looked at. Only a report that says so is complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
}

impl Assessment {
    /// Most items of a scope that are kept.
    pub const MOST_SCOPE: usize = 200;

    /// Adds to the scope, bounded.
    pub(crate) fn looked_at(&mut self, what: &str) {
        let what = line(what, 300);
        if !what.is_empty() && self.scope.len() < Self::MOST_SCOPE {
            self.scope.push(what);
        }
    }
}

/// What an adapter of this family gives back: the report is complete when it says what was looked at.
pub(crate) fn told(assessment: Assessment, mut coverage: Coverage, intake: &mut Intake<'_>) -> Read {
    coverage.seen = assessment.scope.len() as u64;
    coverage.scanned = coverage.seen;
    coverage.stated = coverage.seen > 0;
    intake.assessment = Some(assessment);
    let tool = ToolRef { name: NAME.to_owned(), version: String::new(), digest: None };
    Read { tool, technique: Technique::Manual, coverage }
}
