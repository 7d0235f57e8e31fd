//! What changed between the findings of a stream of scans and its next scan. Pure.
//!
//! A stream is the scans of one project, technique, tool and target. Only a complete scan proves
//! that something is gone: after any other, what was not seen again is *unseen*, not fixed.
//! A finding whose code, credential or package moved to another place is the same finding: the new
//! id inherits the old one's history ([`Move`]).

mod moves;

use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, FindingId};
use serde::{Deserialize, Serialize};

/// How a finding stood before the scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Seen by the last complete scan, or not yet proven gone.
    Open,
    /// A complete scan no longer had it.
    Fixed,
    /// It went on under another id.
    Moved,
}

/// One finding went on under a new id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Move {
    /// Old id; no longer open.
    pub from: FindingId,
    /// New id; first seen, triage and exceptions are those of `from`.
    pub to: FindingId,
}

/// The outcome of a comparison. Every list is sorted; every current finding is in exactly one of
/// `new`, `existing`, `reopened` or `moved` (as `to`), every formerly open one in exactly one of
/// `existing`, `fixed`, `unseen` or `moved` (as `from`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Never seen before.
    pub new: Vec<FindingId>,
    /// Open before, and still there.
    pub existing: Vec<FindingId>,
    /// Fixed or moved away before, and there again.
    pub reopened: Vec<FindingId>,
    /// Open before, and proven gone.
    pub fixed: Vec<FindingId>,
    /// Open before and not seen, by a scan that is not complete: still open.
    pub unseen: Vec<FindingId>,
    /// Went on under another id.
    pub moved: Vec<Move>,
}

/// Compares `current` with what is `known` of the stream. `complete` is
/// [`model::Coverage::is_complete`] of the current scan; `renames` are `(old, new)` paths, e.g. from
/// git. The order of either input does not matter.
pub fn compare<'f>(
    known: impl IntoIterator<Item = (&'f Finding, State)>,
    current: impl IntoIterator<Item = &'f Finding>,
    complete: bool,
    renames: &[(String, String)],
) -> Changes {
    let known: BTreeMap<FindingId, (&Finding, State)> =
        known.into_iter().map(|(f, s)| (f.id, (f, s))).collect();
    let current: BTreeMap<FindingId, &Finding> = current.into_iter().map(|f| (f.id, f)).collect();
    let mut changes = Changes::default();
    let mut appeared = Vec::new();
    for (id, finding) in &current {
        match known.get(id) {
            None => appeared.push(*finding),
            Some((_, State::Open)) => changes.existing.push(*id),
            Some((_, State::Fixed | State::Moved)) => changes.reopened.push(*id),
        }
    }
    let open = known.values().filter(|(_, state)| *state == State::Open).map(|(finding, _)| *finding);
    let vanished: Vec<&Finding> = open.filter(|finding| !current.contains_key(&finding.id)).collect();
    changes.moved = moves::pair(&vanished, &appeared, complete, renames);
    let from: BTreeSet<FindingId> = changes.moved.iter().map(|m| m.from).collect();
    let to: BTreeSet<FindingId> = changes.moved.iter().map(|m| m.to).collect();
    changes.new = appeared.iter().map(|f| f.id).filter(|id| !to.contains(id)).collect();
    let gone = vanished.iter().map(|f| f.id).filter(|id| !from.contains(id)).collect();
    *(if complete { &mut changes.fixed } else { &mut changes.unseen }) = gone;
    changes
}

#[cfg(test)]
mod tests;
