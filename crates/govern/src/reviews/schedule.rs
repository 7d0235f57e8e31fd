//! When each kind of review is due.

use std::collections::BTreeMap;

use model::{
    Timestamp,
    predicate::{Review, ReviewKind},
};
use serde::Serialize;

use super::Standing;

/// Days between two reviews of a kind: as the organisation says, or else the usual ones.
pub fn days(kind: ReviewKind, said: &BTreeMap<String, u32>) -> u32 {
    let usual = match kind {
        ReviewKind::AccessRights | ReviewKind::Scanners | ReviewKind::Tools => 90,
        ReviewKind::BuildProcess | ReviewKind::DeploymentPractice => 180,
        ReviewKind::Catalogue => 365,
    };
    said.get(kind.name()).copied().unwrap_or(usual)
}

/// When a kind of review is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scheduled {
    /// Kind.
    pub kind: ReviewKind,
    /// Days between two.
    pub every_days: u32,
    /// When the last one was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_signed: Option<Timestamp>,
    /// Ledger index of one that was made since and is not signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<u64>,
    /// When the next one must be signed.
    pub due: Timestamp,
    /// That moment is over.
    pub overdue: bool,
}

/// The schedule of one kind. `reviews` are those of the kind with their ledger indices, in any order; `beginning`
/// is when the ledger began: nothing is due before a whole interval has passed.
pub fn schedule(
    kind: ReviewKind,
    every_days: u32,
    reviews: &[(u64, &Review, &Standing)],
    beginning: Timestamp,
    now: Timestamp,
) -> Scheduled {
    let last_signed = reviews.iter().filter_map(|(_, _, standing)| standing.signed_at).max();
    let open = reviews
        .iter()
        .filter(|(_, review, standing)| {
            standing.signed_at.is_none() && last_signed.is_none_or(|last| review.at > last)
        })
        .max_by_key(|(index, ..)| *index);
    let after = last_signed.unwrap_or(beginning).as_second().saturating_add(i64::from(every_days) * 86_400);
    let by_interval = Timestamp::from_second(after).unwrap_or(Timestamp::MAX);
    let due = open.map_or(by_interval, |(_, review, _)| by_interval.min(review.due));
    Scheduled { kind, every_days, last_signed, open: open.map(|(index, ..)| *index), due, overdue: now > due }
}
