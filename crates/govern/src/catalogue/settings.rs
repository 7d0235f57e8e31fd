//! What a catalogue says about all of its entries, as types: weights of criteria, and objectives.

use jiff::civil::Date;
use serde::Serialize;

use super::entry::Measure;

/// What each criterion weighs in an evaluation; 0 leaves it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Weights {
    /// Incident history.
    pub incidents: u16,
    /// How soon vulnerabilities are fixed.
    pub response: u16,
    /// Releases and their end of life.
    pub maintenance: u16,
    /// Licence.
    pub licence: u16,
    /// OpenSSF Scorecard.
    pub scorecard: u16,
    /// Relevance, as people assess it.
    pub relevance: u16,
    /// Ease of use, as people assess it.
    pub ease: u16,
    /// Familiarity inside the organisation.
    pub familiarity: u16,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            incidents: 3,
            response: 3,
            maintenance: 3,
            licence: 2,
            scorecard: 1,
            relevance: 2,
            ease: 1,
            familiarity: 2,
        }
    }
}

impl Weights {
    pub(super) fn are_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Something to be reached, with its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Objective {
    /// In words.
    pub objective: String,
    /// What is counted.
    pub measure: Measure,
    /// The technology that is counted, where the measure is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technology: Option<String>,
    /// What the number must be.
    #[serde(flatten)]
    pub goal: Goal,
    /// Last day on which it may not be reached yet.
    pub due: Date,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// No more than that.
    AtMost(u16),
    /// No less than that.
    AtLeast(u16),
}

impl Goal {
    /// Whether a number is within.
    pub fn is_met(self, number: u64) -> bool {
        match self {
            Self::AtMost(most) => number <= u64::from(most),
            Self::AtLeast(least) => number >= u64::from(least),
        }
    }
}
