//! The content of entries goes, and what is left still proves that they were there.

use std::{fs, os::unix::fs::FileExt};

use attest::{
    Ledger,
    ledger::{LedgerError, Part, verify_dir},
    log::{leaf_hash, verify_inclusion},
};
use model::{
    Statement, Subject, UserError,
    predicate::{Removal, RemovedEntry},
};

use crate::support::{Home, at, statement};

fn removal(ledger: &Ledger, indices: &[u64]) -> Statement {
    let entries = indices.iter().map(|index| {
        let logged = ledger.read(*index).unwrap().logged;
        let (envelope, predicate_type) = (logged.envelope, logged.statement.predicate_type);
        RemovedEntry { index: *index, envelope, predicate_type }
    });
    let entries: Vec<_> = entries.collect();
    let name = |entry: &RemovedEntry| Subject::sha256(format!("entry {}", entry.index), entry.envelope);
    let subjects = entries.iter().map(name).collect();
    let (reason, actor) = ("kept for a year".into(), "somebody".into());
    let removal = Removal { reason, actor, at: at(50), before: at(40), entries, blobs: vec![] };
    Statement::new(subjects, &removal).unwrap()
}

#[test]
fn what_a_removal_names_is_gone_and_everything_else_stands() {
    let home = Home::new();
    let (mut ledger, mut signer) = (home.ledger(), home.signer());
    let all: Vec<_> = (0..300).map(|n| statement(&n.to_string())).collect();
    ledger.append(&mut signer, &all, at(10)).unwrap();
    let secret = ledger.read(7).unwrap().envelope;
    let before = ledger.prove(7).unwrap();
    let said = removal(&ledger, &[7, 8, 255]);
    let by = ledger.append(&mut signer, &[said], at(50)).unwrap()[0].index;
    assert_eq!(ledger.remove_payloads(by).unwrap(), 3);
    assert_eq!(ledger.remove_payloads(by).unwrap(), 0, "again is nothing");

    let error = ledger.read(7).unwrap_err();
    assert!(matches!(error, LedgerError::Removed { index: 7, by: n } if n == by), "{error}");
    let removed = ledger.removed(7).unwrap().unwrap();
    assert_eq!((removed.by, removed.removal().reason.as_str()), (by, "kept for a year"));
    assert_eq!(ledger.removed(6).unwrap(), None);
    let segment = fs::read(home.ledger_dir().join("journal/00000000000000000000.seg")).unwrap();
    assert!(!segment.windows(secret.len()).any(|part| part == secret), "it is not on disk");

    // The leaf is still proven, in the old tree and in the new one.
    let (proof, leaf) = (ledger.prove(7).unwrap(), ledger.leaf(7).unwrap());
    for proof in [&before, &proof] {
        let note = &proof.checkpoint.checkpoint;
        assert!(verify_inclusion(&leaf_hash(&leaf), 7, note.size, &proof.hashes, &note.root));
    }
    ledger.confirm(0).unwrap();
    let trust = signer.trust().unwrap();
    let report = ledger.verify(&trust).unwrap();
    assert!(report.ok() && report.removed == 3, "{report:?}");
    let mut exported = Vec::new();
    assert_eq!(ledger.export(&trust, &mut exported).unwrap(), 298);

    // Also when the index has to be made again, and after more was added.
    fs::remove_file(home.ledger_dir().join("index")).unwrap();
    let (mut ledger, recovery) = Ledger::open(&home.ledger_dir()).unwrap();
    assert!(recovery.index_rebuilt && recovery.kept == 0);
    ledger.append(&mut signer, &[statement("301")], at(60)).unwrap();
    assert!(ledger.verify(&trust).unwrap().ok());
    assert!(ledger.removed(255).unwrap().is_some());
}

#[test]
fn content_that_is_gone_without_a_word_is_damage() {
    let home = Home::new();
    let (mut ledger, mut signer) = (home.ledger(), home.signer());
    ledger.append(&mut signer, &["0", "1", "2", "3"].map(statement), at(10)).unwrap();
    let said = removal(&ledger, &[1]);
    let by = ledger.append(&mut signer, &[said], at(50)).unwrap()[0].index;
    ledger.remove_payloads(by).unwrap();
    let not = ledger.remove_payloads(0).unwrap_err();
    assert_eq!(not.code(), "ledger-statement", "only a removal removes");

    // Somebody who can write the journal hides another entry behind the same removal.
    let record = |n: usize| offset(&home, n);
    let path = home.ledger_dir().join("journal/00000000000000000000.seg");
    let file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let (start, end) = (record(2), record(3));
    let mut bytes = vec![0; (end - start) as usize];
    file.read_exact_at(&mut bytes, start).unwrap();
    let body = &bytes[24..];
    let leaf = 20 + u32::from_be_bytes(body[16..20].try_into().unwrap()) as usize;
    let stamp = leaf + 4 + u32::from_be_bytes(body[leaf..leaf + 4].try_into().unwrap()) as usize;
    let digest = model::Sha256::of(&body[stamp..]);
    let mut hidden = body[..stamp].to_vec();
    hidden.extend(digest.as_bytes());
    hidden.extend(by.to_be_bytes());
    hidden.resize(body.len(), 0);
    let length = (hidden.len() as u32).to_be_bytes();
    let check = model::Sha256::of([&length[..], &hidden].concat());
    let forged = [b"PHR0", &length[..], &check.0[..16], &hidden].concat();
    file.write_all_at(&forged, start).unwrap();

    let trust = signer.trust().unwrap();
    let report = verify_dir(&home.ledger_dir(), &trust).unwrap();
    assert_eq!(
        (report.damaged, report.damages[0].part, report.damages[0].index),
        (1, Part::Removal, Some(2))
    );
    let ledger = home.ledger();
    assert_eq!(ledger.removed(2).unwrap_err().code(), "ledger-removed-unexplained");
    assert_eq!(
        ledger.confirm(0).unwrap_err().code(),
        "ledger-removed-unexplained",
        "a gate does not pass over it"
    );
}

#[test]
fn a_removal_that_a_crash_interrupted_is_finished_by_the_next_opening() {
    let home = Home::new();
    let (mut ledger, mut signer) = (home.ledger(), home.signer());
    ledger.append(&mut signer, &["0", "1", "2", "3", "4"].map(statement), at(10)).unwrap();
    let said = removal(&ledger, &[1, 3]);
    let by = ledger.append(&mut signer, &[said], at(50)).unwrap()[0].index;
    let path = home.ledger_dir().join("journal/00000000000000000000.seg");
    let before = fs::read(&path).unwrap();
    ledger.remove_payloads(by).unwrap();
    let after = fs::read(&path).unwrap();
    // The redo file as it is while records are being overwritten.
    let mut redo = b"PHREDO1\n".to_vec();
    for n in [1, 3] {
        let (start, end) = (offset(&home, n), offset(&home, n + 1));
        [0, start, end - start, 0].iter().for_each(|number| redo.extend(number.to_be_bytes()));
        redo.extend(&after[start as usize..end as usize]);
    }
    redo.extend(model::Sha256::of(&redo).0);
    let changed: Vec<_> = (0..before.len()).filter(|n| before[*n] != after[*n]).collect();
    let (first, last) = (changed[0], changed[changed.len() - 1]);
    // As if it had died after any number of the bytes.
    for step in 0..=20 {
        let upto = first + (last + 1 - first) * step / 20;
        let torn = [&after[..upto], &before[upto..]].concat();
        fs::write(&path, torn).unwrap();
        fs::write(home.ledger_dir().join("redo"), &redo).unwrap();
        let ledger = home.ledger();
        assert!(!home.ledger_dir().join("redo").exists());
        assert_eq!(fs::read(&path).unwrap(), after, "after {upto} bytes");
        assert!(ledger.verify(&signer.trust().unwrap()).unwrap().ok());
    }
    // One that was changed is not carried out.
    let mut junk = redo.clone();
    junk[20] ^= 1;
    fs::write(home.ledger_dir().join("redo"), junk).unwrap();
    assert_eq!(Ledger::open(&home.ledger_dir()).err().unwrap().code(), "ledger-damaged");
}

/// Where a record begins in the first segment.
fn offset(home: &Home, record: usize) -> u64 {
    let index = fs::read(home.ledger_dir().join("index")).unwrap();
    u64::from_be_bytes(index[record * 48 + 40..][..8].try_into().unwrap())
}

#[test]
fn a_redo_file_that_names_what_is_not_there_is_refused_and_changes_nothing() {
    let home = Home::new();
    home.fill(3);
    let segment = home.ledger_dir().join("journal/00000000000000000000.seg");
    let before = fs::read(&segment).unwrap();
    for (offset, zeros) in
        [(0, 0), (0, 20), (0, u64::MAX), (u64::MAX - 8, 4), (before.len() as u64, 1), (0, 1 << 40)]
    {
        let mut redo = b"PHREDO1\n".to_vec();
        [0, offset, 4, zeros].iter().for_each(|number: &u64| redo.extend(number.to_be_bytes()));
        redo.extend(b"PHR0");
        let check = model::Sha256::of(&redo);
        redo.extend(check.as_bytes());
        fs::write(home.ledger_dir().join("redo"), redo).unwrap();
        assert!(Ledger::open(&home.ledger_dir()).is_err(), "{offset} {zeros}");
        assert_eq!(fs::read(&segment).unwrap(), before);
    }
}
