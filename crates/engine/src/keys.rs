//! Statements about keys: whatever is done to them is in the ledger that they sign.

use attest::{Trust, keys::Purpose, signer::KeyInfo};
use model::{
    Exit, Problem, Statement, Subject,
    predicate::{KeyAction, KeyEntry, KeyEvent},
};

use crate::record::Recorder;

/// Serial number of keys that were made and not changed since.
const FIRST: u64 = 1;

/// The statement that `actor` did this to the keys; `changed` are the fingerprints concerned.
///
/// # Errors
/// It cannot be written as JSON.
pub fn event(
    action: KeyAction,
    actor: &str,
    reason: &str,
    keys: &[KeyInfo],
    changed: &[String],
    trust: &Trust,
) -> Result<Statement, Problem> {
    let event = KeyEvent {
        action,
        actor: actor.to_owned(),
        reason: reason.to_owned(),
        keys: keys.iter().map(entry).collect(),
        trust: serde_json::to_value(trust).unwrap_or_default(),
    };
    let about = keys.iter().filter(|key| changed.contains(&key.fingerprint));
    let mut subjects: Vec<Subject> = Vec::new();
    for key in about {
        let same = subjects.iter().filter(|one| one.name.starts_with(key.purpose.name())).count();
        let name = match same {
            0 => key.purpose.name().to_owned(),
            _ => format!("{}-{}", key.purpose, same + 1),
        };
        subjects.push(Subject::named(name, "sha256", key.fingerprint.clone()));
    }
    Statement::new(subjects, &event).map_err(|error| {
        Problem::new("statement", Exit::Environment, format!("the key event cannot be written: {error}"))
    })
}

/// The statement that the signer has other keys than the ledger knows of; `None` when it has not. Keys of
/// this home that were never changed need no statement.
///
/// # Errors
/// The signer, the database or the ledger cannot be asked.
pub(crate) fn noticed(recorder: &Recorder) -> Result<Option<Statement>, Problem> {
    let trust = recorder.trust()?;
    let last = recorder.projection().key_events()?.last().copied();
    let known = last.map(|index| recorder.entry(index)).transpose()?;
    let serial = known.and_then(|known| known.statement.predicate.pointer("/trust/serial")?.as_u64());
    let first = recorder.home().signer().is_none().then_some(FIRST);
    if serial.or(first) == Some(trust.serial) {
        return Ok(None);
    }
    let keys = recorder.ceremony(&attest::signer::Ceremony::Show)?;
    let every: Vec<_> =
        keys.iter().filter(|key| key.purpose != Purpose::Root).map(|key| key.fingerprint.clone()).collect();
    event(KeyAction::Noticed, "the signer", "", &keys, &every, &trust).map(Some)
}

fn entry(key: &KeyInfo) -> KeyEntry {
    KeyEntry {
        purpose: key.purpose.name().to_owned(),
        fingerprint: key.fingerprint.clone(),
        valid_from: key.valid_from,
        valid_until: key.valid_until,
        revoked: key.revoked.clone(),
    }
}
