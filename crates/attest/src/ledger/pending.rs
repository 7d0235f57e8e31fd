//! Records that no checkpoint covers yet, before one does: what a crash left, or what somebody wrote who
//! has no keys.
//!
//! Whoever may write the journal can add to its end. Only what an append of ours writes is kept: a
//! statement signed by the organisation, in order of time, that is not in the ledger already. A copy of
//! an old record would otherwise be the newest word again. From the first other record on the journal is
//! cut, and the rest is set aside.

use std::{collections::HashSet, fs, path::PathBuf};

use jiff::SignedDuration;
use model::{Sha256, Timestamp};

use super::{Ledger, LedgerError, record::Record, verify::records};
use crate::{
    log::LogEntry,
    signer::{LogSigner, SignerKeys},
    verify::Verifier,
};

/// How far the clock may be behind that of the process that wrote a record.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Records that were cut off because no append of ours wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Number of the first.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// What is wrong with the first.
    pub why: &'static str,
    /// Where a copy of them is.
    pub copy: PathBuf,
}

impl Ledger {
    /// What the last append or settling cut off; asking again says nothing.
    pub fn take_rejected(&mut self) -> Option<Rejected> {
        self.rejected.take()
    }

    /// Looks at the records that the next checkpoint would cover. Those that the signer has signed over
    /// already, although that checkpoint was not written, must stay as they are: it sees to that itself.
    /// The caller holds the lock.
    pub(super) fn vet_pending(
        &mut self,
        signer: &mut dyn LogSigner,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let (covered, size) = (self.state.edge.size(), self.state.size);
        if covered == size {
            return Ok(());
        }
        let signed = signer.last_checkpoint()?.checkpoint.size.max(covered);
        let mut known = HashSet::new();
        let mut last = Timestamp::MIN;
        for index in 0..size {
            let record = self.record(index)?;
            if index < signed {
                known.extend(act(&record));
            } else if let Some(why) = strange(&record, signer.keys(), &mut known, last, now) {
                return self.reject(index, size - index, why);
            }
            last = last.max(record.logged_at);
        }
        Ok(())
    }

    fn reject(&mut self, first: u64, count: u64, why: &'static str) -> Result<(), LedgerError> {
        let slot =
            self.index.get(first).ok_or_else(|| LedgerError::damaged("the index", "it is cut short"))?;
        let folder = self.dir.join("torn");
        fs::create_dir_all(&folder).map_err(|error| LedgerError::io(&folder, error))?;
        let copy = folder.join(format!("{first:020}-rejected.bin"));
        self.journal.save_tail(slot.place, &copy)?;
        self.take_back(first, slot.place)?;
        self.rejected = Some(Rejected { first, count, why, copy });
        Ok(())
    }
}

/// What is wrong with a record, if anything.
fn strange(
    record: &Record,
    keys: &SignerKeys,
    known: &mut HashSet<Sha256>,
    last: Timestamp,
    now: Timestamp,
) -> Option<&'static str> {
    if record.removed.is_some() {
        return Some("it has no content");
    }
    if let Err(why) = records::check(record, &Verifier::new(&keys.trust)) {
        return Some(why);
    }
    if !act(record).is_some_and(|act| known.insert(act)) {
        return Some("the same signature is in the ledger already");
    }
    let latest = now.saturating_add(SKEW).unwrap_or(now).max(last);
    (record.logged_at < last || record.logged_at > latest).then_some("its time is out of order")
}

/// What makes an act of signing itself: no other has the same message and nonce. The second half of an
/// ECDSA signature says nothing, as its negative is as good.
pub(super) fn act(record: &Record) -> Option<Sha256> {
    let entry = LogEntry::parse(&record.leaf).ok()?;
    let nonce = match entry.signature.as_slice() {
        [0x30, _, 0x02, length, rest @ ..] => rest.get(..usize::from(*length))?,
        other => other,
    };
    Some(Sha256::of([entry.digest.as_bytes().as_slice(), nonce].concat()))
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixStream, path::Path, thread};

    use model::{Statement, Subject};

    use super::*;
    use crate::{
        SignerClient,
        dsse::Envelope,
        keys::Unlock,
        signer::{By, serve},
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_893_456_000 + seconds).unwrap()
    }

    fn signer(home: &Path) -> SignerClient {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let keys = home.join("keys");
        thread::spawn(move || {
            let (mut input, mut output) = (theirs.try_clone().unwrap(), theirs);
            let unlock = Unlock::MachineKey(keys.join("unlock.key"));
            let _ = serve(&mut input, &mut output, &keys, unlock, &model::FixedClock(at(0)));
        });
        SignerClient::over(ours.try_clone().unwrap(), ours).unwrap()
    }

    fn statement(name: &str) -> Statement {
        Statement {
            kind: model::statement::STATEMENT_TYPE.into(),
            subject: vec![Subject::sha256(name, Sha256::of(name))],
            predicate_type: "https://example.com/test/v1".into(),
            predicate: serde_json::json!({}),
        }
    }

    /// A ledger of three records whose journal somebody wrote on.
    fn after(change: impl FnOnce(&Record) -> Record) -> (Option<Rejected>, u64, bool) {
        let home = tempfile::tempdir().unwrap();
        let mut signer = signer(home.path());
        let dir = home.path().join("ledger");
        let (mut ledger, _) = Ledger::open(&dir).unwrap();
        ledger.append(&mut signer, &["a", "b", "c"].map(statement), at(10)).unwrap();
        let old = Record { index: 3, ..ledger.record(0).unwrap() };
        let written = change(&old);
        ledger.write_records(&[written]).unwrap();
        drop(ledger);
        let (mut ledger, recovery) = Ledger::open(&dir).unwrap();
        assert_eq!(recovery.kept, 1);
        let kept = ledger.settle(&mut signer, at(20)).unwrap();
        let rejected = ledger.take_rejected();
        assert_eq!(kept, u64::from(rejected.is_none()));
        ledger.append(&mut signer, &[statement("d")], at(30)).unwrap();
        let report = ledger.verify(&signer.trust().unwrap()).unwrap();
        (rejected, ledger.size(), report.ok())
    }

    #[test]
    fn what_nobody_of_ours_wrote_is_never_covered_by_a_checkpoint() {
        let why = |rejected: Option<Rejected>| {
            let rejected = rejected.unwrap();
            assert_eq!((rejected.first, rejected.count), (3, 1));
            rejected.why
        };
        let (replayed, size, ok) = after(|old| old.clone());
        assert_eq!((why(replayed), size, ok), ("the same signature is in the ledger already", 4, true));
        let (relabelled, size, ok) = after(|old| {
            let mut envelope = Envelope::parse(&old.envelope).unwrap();
            envelope.signatures[0].keyid = String::new();
            Record { envelope: envelope.to_json(), ..old.clone() }
        });
        assert_eq!((why(relabelled), size, ok), ("the same signature is in the ledger already", 4, true));
        let (emptied, size, ok) = after(|old| Record {
            envelope: Vec::new(),
            removed: Some(crate::ledger::record::Removed { envelope: old.envelope_digest(), by: 4 }),
            ..old.clone()
        });
        assert_eq!((why(emptied), size, ok), ("it has no content", 4, true));
        let (junk, size, ok) =
            after(|old| Record { leaf: b"junk".to_vec(), envelope: b"no".to_vec(), ..old.clone() });
        assert_eq!((why(junk), size, ok), ("its leaf is malformed", 4, true));
    }

    /// A record that the organisation signed and no checkpoint covered, as a crash leaves it.
    fn crashed(seconds: i64) -> Option<Rejected> {
        let home = tempfile::tempdir().unwrap();
        let mut signer = signer(home.path());
        let (mut ledger, _) = Ledger::open(&home.path().join("ledger")).unwrap();
        ledger.append(&mut signer, &[statement("a")], at(10)).unwrap();
        let payload = serde_json::to_vec(&statement("b")).unwrap();
        let statements = std::slice::from_ref(&payload);
        let act = signer.sign_statements(By::Identity, statements).unwrap().remove(0);
        let record = crate::ledger::append::signed(payload, act).record(1, at(seconds));
        ledger.write_records(&[record]).unwrap();
        ledger.settle(&mut signer, at(20)).unwrap();
        ledger.take_rejected()
    }

    #[test]
    fn what_a_crash_left_is_kept_unless_its_time_is_impossible() {
        assert_eq!(crashed(15), None);
        assert_eq!(crashed(60), None, "clocks differ a little");
        assert_eq!(crashed(5).unwrap().why, "its time is out of order");
        assert_eq!(crashed(3_000_000).unwrap().why, "its time is out of order");
    }

    #[test]
    fn what_the_signer_vouches_for_already_stays_also_when_the_clock_went_back() {
        let home = tempfile::tempdir().unwrap();
        let mut signer = signer(home.path());
        let dir = home.path().join("ledger");
        let (mut ledger, _) = Ledger::open(&dir).unwrap();
        ledger.append(&mut signer, &[statement("a")], at(10)).unwrap();
        let before = std::fs::read(dir.join("checkpoint")).unwrap();
        ledger.append(&mut signer, &[statement("b")], at(7200)).unwrap();
        // As if it had died between the signature and the new checkpoint.
        std::fs::write(dir.join("checkpoint"), before).unwrap();
        let (mut ledger, recovery) = Ledger::open(&dir).unwrap();
        assert_eq!(recovery.kept, 1);
        assert_eq!(ledger.settle(&mut signer, at(20)).unwrap(), 1);
        assert_eq!((ledger.take_rejected(), ledger.size()), (None, 2));
        assert!(ledger.verify(&signer.trust().unwrap()).unwrap().ok());
    }
}
