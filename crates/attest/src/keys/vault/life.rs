//! Keys live and die: rotation with an overlap, revocation from a moment on.

use std::path::Path;

use jiff::SignedDuration;
use model::Timestamp;

use super::{
    KeyRecord, NewKey, Private, Purpose, Vault, lock,
    make::{Root, whole},
};
use crate::keys::{KeyError, Unlock};

/// How long the key before stays valid beside a new one.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// What was done to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What it is for.
    pub purpose: Purpose,
    /// SHA-256 of its SubjectPublicKeyInfo, hexadecimal.
    pub fingerprint: String,
    /// First moment at which it counts.
    pub valid_from: Timestamp,
    /// First moment at which it no longer counts.
    pub valid_until: Option<Timestamp>,
}

impl Vault {
    /// Takes up a new key for `purpose` that counts from `from` on; the one before counts until
    /// [`OVERLAP`] later. `root` is the file of the root's key, with what unlocks it; it is needed for
    /// authorities that bring no certificates along.
    ///
    /// # Errors
    /// Any [`KeyError`]; then nothing changed.
    pub fn rotate(
        &mut self,
        purpose: Purpose,
        key: &NewKey,
        from: Timestamp,
        root: (&Path, &Unlock),
        unlock: &Unlock,
        now: Timestamp,
    ) -> Result<Vec<Changed>, KeyError> {
        let _guard = lock(&self.dir.clone())?;
        self.refresh(unlock)?;
        if purpose == Purpose::Root {
            return Err(KeyError::Setting {
                what: "the purpose",
                given: "root".into(),
                why: "a new root is a new installation; authorities beneath it can be exchanged",
            });
        }
        let certified = matches!(purpose, Purpose::Authority | Purpose::Time) && key.chain.is_empty();
        let root =
            certified.then(|| Root::open(root.0, root.1).map(|opened| (opened, root.0))).transpose()?;
        if let Some((opened, path)) = &root {
            let own = self.header.keys.iter().find(|record| record.purpose == Purpose::Root);
            if own.is_none_or(|own| own.public_key != *opened.signer.public_key()) {
                return Err(KeyError::OtherRoot(path.to_path_buf()));
            }
        }
        let from = whole(from.max(now));
        let until = from.saturating_add(OVERLAP).unwrap_or(from);
        let before = self.header.keys.len();
        for record in self.header.keys.iter_mut().filter(|record| record.purpose == purpose) {
            if record.valid_until.is_none_or(|end| until < end) {
                record.valid_until = Some(until.max(record.valid_from));
            }
        }
        self.certify(purpose, key, root.as_ref().map(|(root, _)| root), from)?;
        self.forget(now);
        self.save()?;
        let changed = self.header.keys.iter().enumerate();
        let changed = changed.filter(|(n, record)| *n >= before || record.purpose == purpose);
        Ok(changed.map(|(n, _)| self.changed(n)).collect())
    }

    /// Ends a key at `from`, which may be in the past: what it signed since does not count any more.
    /// `fingerprint` is the beginning of the SHA-256 of its SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// No key or several begin so, or any other [`KeyError`]; then nothing changed.
    pub fn revoke(
        &mut self,
        fingerprint: &str,
        from: Timestamp,
        reason: &str,
        unlock: &Unlock,
        now: Timestamp,
    ) -> Result<Changed, KeyError> {
        let _guard = lock(&self.dir.clone())?;
        self.refresh(unlock)?;
        let refuse = |why| Err(KeyError::Setting { what: "the key", given: fingerprint.to_owned(), why });
        let fits = |record: &super::KeyRecord| record.public_key.fingerprint().hex().starts_with(fingerprint);
        let found: Vec<_> = (0..self.header.keys.len()).filter(|n| fits(&self.header.keys[*n])).collect();
        let n = match found.as_slice() {
            _ if fingerprint.len() < 8 => return refuse("give at least 8 characters of its fingerprint"),
            [n] => *n,
            [] => return refuse("no key begins so; `proofhouse trust show` lists them"),
            _ => return refuse("several keys begin so"),
        };
        let record = &mut self.header.keys[n];
        let from = whole(from);
        record.valid_until = Some(record.valid_until.map_or(from, |until| until.min(from)));
        record.revoked = Some(reason.to_owned());
        self.forget(now);
        self.save()?;
        Ok(self.changed(n))
    }

    /// Destroys private keys that ended and were followed by others. What cannot be written now is written
    /// the next time; a clock that is far ahead destroys no key that is the last of its purpose.
    pub(super) fn tidy(&mut self, now: Timestamp) {
        let followed = |n: usize| {
            let record = &self.header.keys[n];
            let later = |other: &KeyRecord| {
                (other.purpose, other.valid_from > record.valid_from && other.valid_from <= now)
                    == (record.purpose, true)
            };
            record.valid_until.is_some_and(|until| until <= now) && self.header.keys.iter().any(later)
        };
        let here = |key: &Option<Private>| matches!(key, Some(Private::Here(..)));
        let ended: Vec<_> = (0..self.keys.len()).filter(|n| here(&self.keys[*n]) && followed(*n)).collect();
        for n in &ended {
            self.keys[*n] = None;
        }
        if !ended.is_empty() {
            // Their public sides stay, so nothing changed for those who verify.
            let _ = self.write();
        }
    }

    /// Destroys private keys that can no longer sign anything that counts.
    fn forget(&mut self, now: Timestamp) {
        for (record, key) in self.header.keys.iter().zip(&mut self.keys) {
            if record.valid_until.is_some_and(|until| until <= now) {
                *key = None;
            }
        }
    }

    fn changed(&self, n: usize) -> Changed {
        let record = &self.header.keys[n];
        Changed {
            purpose: record.purpose,
            fingerprint: record.public_key.fingerprint().hex(),
            valid_from: record.valid_from,
            valid_until: record.valid_until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_private_side_of_a_key_that_was_exchanged_goes_when_it_ended() {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys");
        let unlock = Unlock::MachineKey(keys.join("unlock.key"));
        let at = |hours: i64| Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap();
        let open = |hours| Vault::open_or_create(&keys, &unlock, at(hours)).unwrap().0;
        let held = |vault: &Vault| vault.keys.iter().flatten().count();
        let mut vault = open(0);
        let before = held(&vault);
        let new = NewKey::default();
        vault.rotate(Purpose::Log, &new, at(1), (&keys.join("root.json"), &unlock), &unlock, at(0)).unwrap();
        assert_eq!((held(&open(24)), vault.serial()), (before + 1, 2), "they overlap for a day");
        let (vault, size) = (open(26), std::fs::metadata(keys.join("vault.json")).unwrap().len());
        assert_eq!((held(&vault), vault.serial()), (before, 2), "nobody needs to hear of it");
        // A century later nothing is valid any more, and the last of each purpose is still there.
        assert_eq!(held(&open(900_000)), before);
        assert_eq!(std::fs::metadata(keys.join("vault.json")).unwrap().len(), size);
    }
}
