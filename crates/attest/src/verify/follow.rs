//! From keys of earlier to those of today: an installation that exchanges a key says so in its ledger,
//! signed with the key before, and whoever knows that one can follow.
//!
//! Evidence may leave statements out. Who needs to hear of a revocation for certain needs the trust file of
//! today; what nobody says cannot be followed.

use model::{Statement, Timestamp, predicate::KeyEvent};

use super::Verifier;
use crate::{
    bundle::Bundle,
    trust::{Trust, TrustedLog},
};

/// The newest trust file to which `bundles` lead from `trust`, when there is a newer one. Their order does
/// not matter; only signatures of the organisation itself count, and never an older file.
pub fn follow(trust: &Trust, bundles: &[Bundle], now: Timestamp) -> Option<Trust> {
    let mut events: Vec<_> = bundles.iter().filter_map(|bundle| Some((said(bundle)?, bundle))).collect();
    events.sort_by_key(|(next, _)| next.serial);
    let mut reached: Option<Trust> = None;
    for (next, bundle) in events {
        let known = reached.as_ref().unwrap_or(trust);
        let same = known.issuers == next.issuers && same_log(known, &next);
        let newer = next.serial > known.serial && !known.issuers.is_empty();
        if newer && same && Verifier::new(known).verify(bundle, now).is_ok() {
            reached = Some(next);
        }
    }
    reached
}

/// Whether both know a key of the same log. From when until when it counts may be what changed.
fn same_log(known: &Trust, next: &Trust) -> bool {
    let same = |a: &TrustedLog, b: &TrustedLog| (&a.origin, &a.public_key) == (&b.origin, &b.public_key);
    known.logs.iter().any(|log| next.logs.iter().any(|other| same(log, other)))
}

/// The trust file that a statement about keys speaks of; not verified yet.
pub(super) fn said(bundle: &Bundle) -> Option<Trust> {
    let statement: Statement = bundle.envelope()?.statement().ok()?;
    let event: KeyEvent = statement.decode()?.ok()?;
    Trust::from_value(event.trust).ok()
}
