//! Evaluates a technology: criteria with their data, a score where there is data for one, and `unknown` where
//! there is none. Pure: facts and the moment are arguments.
//!
//! Scores run from 0 (poor) to 10 (very good); each says what it was computed from. What is unknown weighs
//! nothing, and how much of the weight is known stands beside the total: a total of little is little.

mod criteria;
mod events;
mod facts;
mod licence;
mod scorecard;

pub use events::{alerts, happened};
pub use facts::{AdvisoryFacts, Facts, FeedFacts, OpinionFacts, ProductFacts, ScorecardFacts, UseFacts};
pub use scorecard::{Scorecard, scorecard};

use serde::{Deserialize, Serialize};

use super::entry::{Ring, Weights};

/// Criteria that people score.
pub const BY_PEOPLE: [&str; 2] = ["relevance", "ease"];

/// One criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Criterion {
    /// Name, as in the catalogue's `weights`.
    pub criterion: String,
    /// What it weighs.
    pub weight: u16,
    /// 0 (poor) to 10 (very good); absent when it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What it was computed from, or why it is unknown; one sentence each.
    pub because: Vec<String>,
}

/// An evaluation with what it stands on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Version of this form; 1.
    pub version: u8,
    /// What is known.
    pub facts: Facts,
    /// Every criterion.
    pub criteria: Vec<Criterion>,
    /// Mean of the known scores by weight; absent when nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// Percent of all weight that is known.
    pub known_percent: u8,
    /// Votes for rings, from the middle outwards.
    pub votes: Vec<(String, u64)>,
}

/// Evaluates what is known.
pub fn evaluate(facts: Facts, weights: &Weights) -> Evaluation {
    let of = |name: &str, weight: u16, (score, because): criteria::Scored| Criterion {
        criterion: name.to_owned(),
        weight,
        score: score.map(|score| (score.clamp(0.0, 10.0) * 10.0).round() / 10.0),
        because,
    };
    let criteria = vec![
        of("incidents", weights.incidents, criteria::incidents(&facts)),
        of("response", weights.response, criteria::response(&facts)),
        of("maintenance", weights.maintenance, criteria::maintenance(&facts)),
        of("licence", weights.licence, licence::score(&facts.licences)),
        of("scorecard", weights.scorecard, criteria::scorecard(&facts)),
        of("relevance", weights.relevance, criteria::opinion(&facts, "relevance")),
        of("ease", weights.ease, criteria::opinion(&facts, "ease")),
        of("familiarity", weights.familiarity, criteria::familiarity(&facts)),
    ];
    let all: f64 = criteria.iter().map(|one| f64::from(one.weight)).sum();
    let known: f64 = criteria.iter().filter(|one| one.score.is_some()).map(|one| f64::from(one.weight)).sum();
    let points: f64 = criteria.iter().filter_map(|one| Some(one.score? * f64::from(one.weight))).sum();
    let votes = Ring::ALL.iter().map(|ring| {
        let votes = facts.opinions.iter().filter(|one| one.vote.as_deref() == Some(ring.name()));
        (ring.name().to_owned(), votes.count() as u64)
    });
    Evaluation {
        version: 1,
        total: (known > 0.0).then(|| (points / known * 10.0).round() / 10.0),
        // From 0 to 100.
        known_percent: if all > 0.0 { (known / all * 100.0).round() as u8 } else { 0 },
        votes: votes.collect(),
        criteria,
        facts,
    }
}

impl Evaluation {
    /// The document that an entry names by its SHA-256.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Texts, numbers and lists only: nothing in it can fail to be written.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Reads such a document.
    ///
    /// # Errors
    /// In words: why it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(bytes).map_err(|e| format!("is not an evaluation: {e}"))?;
        if read.version == 1 { Ok(read) } else { Err(format!("has version {}", read.version)) }
    }
}
