//! Appending, reading, proving; two appenders; clocks; a full disk.

use attest::{
    Ledger, LedgerError, LogSigner, log,
    signer::{By, SignerError},
};
use model::{Sha256, UserError};

use crate::support::{CHILD, Home, at, statement};

#[test]
fn what_is_appended_is_read_found_proven_and_verified() {
    let home = Home::new();
    let (mut ledger, mut signer) = (home.ledger(), home.signer());
    // Batches that stop before, at and after tile borders.
    let mut all = Vec::new();
    for count in [1, 254, 1, 1, 300, 3] {
        let batch: Vec<_> = (0..count).map(|n| statement(&format!("{}-{n}", all.len()))).collect();
        all.extend(ledger.append(&mut signer, &batch, at(all.len() as i64)).unwrap());
        assert_eq!(ledger.checkpoint().unwrap().checkpoint.size, all.len() as u64);
        let last = ledger.prove(all.len() as u64 - 1).unwrap();
        assert_eq!(last.checkpoint.checkpoint.size, all.len() as u64);
    }
    assert_eq!(ledger.size(), 560);
    for logged in &all {
        assert_eq!(ledger.find(&logged.envelope), Some(logged.index));
        ledger.prove(logged.index).unwrap();
    }
    let again = home.ledger();
    let read: Vec<_> = again.iter_from(0).map(|entry| entry.unwrap().logged).collect();
    assert_eq!(read, all);
    assert_eq!(again.find(&Sha256::of("nothing")), None);
    assert!(matches!(again.read(560), Err(LedgerError::NoEntry { index: 560, size: 560 })));
    let report = again.verify(&home.trust()).unwrap();
    assert!(report.ok(), "{report:?}");
    assert_eq!((report.records, report.checkpointed), (560, 560));
    // The folder is a tlog-tiles log: full tiles, unfinished ones, bundles, and nothing unfinished
    // beside a full one.
    for path in
        ["tile/0/000", "tile/0/002.p/48", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/48"]
    {
        assert!(home.ledger_dir().join(path).is_file(), "{path}");
    }
    assert!(!home.ledger_dir().join("tile/0/000.p").exists());
}

#[test]
fn two_processes_append_at_once_and_every_statement_has_one_place() {
    let home = Home::new();
    home.signer();
    let run = |name: &str| {
        let mut command = std::process::Command::new(CHILD);
        command.args(["append".as_ref(), home.path().as_os_str(), name.as_ref(), "60".as_ref()]);
        command.stdout(std::process::Stdio::piped()).spawn().unwrap()
    };
    let outputs = ["a", "b"].map(run).map(|child| child.wait_with_output().unwrap());
    let mut indices = Vec::new();
    for output in outputs {
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        indices.extend(text.lines().map(|line| line.split_once(' ').unwrap().0.parse::<u64>().unwrap()));
    }
    indices.sort_unstable();
    assert_eq!(indices, (0..240).collect::<Vec<_>>());
    assert!(home.ledger().verify(&home.trust()).unwrap().ok());
}

#[test]
fn an_open_ledger_sees_what_others_appended() {
    let home = Home::new();
    let mut reader = home.ledger();
    home.fill(5);
    assert_eq!(reader.size(), 0);
    reader.refresh().unwrap();
    assert_eq!(reader.size(), 5);
    assert_eq!(reader.find(&reader.read(4).unwrap().logged.envelope), Some(4));
}

#[test]
fn a_ledger_that_cannot_be_written_is_read_and_left_alone() {
    let home = Home::new();
    home.fill(5);
    let index = home.ledger_dir().join("index");
    let bytes = std::fs::read(&index).unwrap();
    std::fs::write(&index, &bytes[..48 * 3]).unwrap();
    let bind = |options: &[&str]| {
        let mut command = std::process::Command::new("mount");
        command.args(options).stderr(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let dir = home.ledger_dir().display().to_string();
    if !bind(&["--bind", &dir, &dir]) || !bind(&["-o", "remount,bind,ro", &dir]) {
        println!("skipped: a read-only mount cannot be made here");
        return;
    }
    let _unmount = Unmount(home.ledger_dir());
    let (mut ledger, _) = Ledger::open(&home.ledger_dir()).unwrap();
    let envelope = ledger.read(4).unwrap().logged.envelope;
    assert_eq!(ledger.find(&envelope), Some(4));
    ledger.prove(4).unwrap();
    let error = ledger.append(&mut home.signer(), &[statement("a")], at(0)).unwrap_err();
    assert_eq!(error.code(), "ledger-read-only");
}

#[test]
fn a_clock_that_runs_backwards_is_corrected_and_noted() {
    let home = Home::new();
    let (mut ledger, mut signer) = (home.ledger(), home.signer());
    ledger.append(&mut signer, &[statement("a")], at(100)).unwrap();
    assert_eq!(ledger.clock_step(), None);
    let mut ledger = home.ledger();
    let logged = ledger.append(&mut signer, &[statement("b")], at(40)).unwrap();
    assert_eq!(logged[0].logged_at, at(100));
    let step = ledger.clock_step().unwrap();
    assert_eq!((step.given, step.used), (at(40), at(100)));
    assert!(ledger.verify(&home.trust()).unwrap().ok());
}

#[test]
fn the_signer_refuses_rollback_fork_other_logs_and_other_payloads() {
    let home = Home::new();
    home.fill(7);
    let mut signer = home.signer();
    assert_eq!(signer.last_checkpoint().unwrap().checkpoint.size, 7);
    let code = |result: Result<_, SignerError>| result.map(drop).unwrap_err().code();
    assert_eq!(code(signer.sign_checkpoint(5, Sha256::of("x"), &[])), "signer-rollback");
    assert_eq!(code(signer.sign_checkpoint(7, Sha256::of("x"), &[])), "signer-fork");
    assert_eq!(code(signer.sign_checkpoint(8, Sha256::of("x"), &[Sha256::of("y")])), "signer-fork");
    for payload in ["{}", "[]", "not json", r#"{"_type":"x","subject":[],"predicateType":"","predicate":{}}"#]
    {
        let refused = signer.sign_statements(By::Identity, &[payload.as_bytes().to_vec()]);
        assert_eq!(refused.unwrap_err().code(), "signer-not-a-statement");
    }
    // It still works, and a restarted signer remembers.
    assert_eq!(home.signer().last_checkpoint().unwrap().checkpoint.size, 7);
}

#[test]
fn a_ledger_put_back_from_an_old_copy_is_refused() {
    let home = Home::new();
    home.fill(3);
    let old = tempfile::tempdir().unwrap();
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        assert!(std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    };
    copy(&home.ledger_dir(), &old.path().join("ledger"));
    home.fill(3);
    std::fs::remove_dir_all(home.ledger_dir()).unwrap();
    copy(&old.path().join("ledger"), &home.ledger_dir());
    let error = home.ledger().append(&mut home.signer(), &[statement("a")], at(0)).unwrap_err();
    assert!(matches!(error, LedgerError::RolledBack { have: 4, signed: 6 }), "{error}");
    assert_eq!(home.ledger().size(), 3, "nothing was recorded");
    let mut ledger = home.ledger();
    let many: Vec<_> = (0..9).map(|n| statement(&format!("fork{n}"))).collect();
    let error = ledger.append(&mut home.signer(), &many, at(0)).unwrap_err();
    assert_eq!(error.code(), "signer-fork");
    assert_eq!(home.ledger().size(), 3);
}

#[test]
fn a_ledger_of_other_keys_is_refused() {
    let (home, other) = (Home::new(), Home::new());
    home.fill(2);
    let error = home.ledger().append(&mut other.signer(), &[statement("a")], at(0)).unwrap_err();
    assert_eq!(error.code(), "ledger-foreign-keys");
    let report = home.ledger().verify(&other.trust()).unwrap();
    assert!(!report.ok());
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_stays_behind() {
    let home = Home::new();
    let mount = home.path().join("ledger");
    std::fs::create_dir(&mount).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&mount)
        .stderr(std::process::Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: a small file system cannot be mounted here");
        return;
    }
    let _unmount = Unmount(mount.clone());
    let mut signer = home.signer();
    let (mut ledger, _) = Ledger::open(&mount).unwrap();
    let mut acknowledged = 0;
    let mut full = 0;
    // Larger and smaller batches meet the limit at different places: journal, index, tiles.
    for round in 0..200 {
        let batch: Vec<_> = (0..1 + round % 7).map(|n| statement(&format!("{round}-{n}"))).collect();
        match ledger.append(&mut signer, &batch, at(round)) {
            Ok(logged) => acknowledged += logged.len() as u64,
            Err(error) => {
                assert_eq!(error.code(), "ledger-disk-full", "{error}");
                full += 1;
            }
        }
        assert_eq!(ledger.size(), acknowledged);
    }
    assert!(full > 0);
    drop(ledger);
    let (ledger, recovery) = Ledger::open(&mount).unwrap();
    assert_eq!(ledger.size(), acknowledged, "{recovery:?}");
    assert!(ledger.verify(&signer.trust().unwrap()).unwrap().ok());
}

#[test]
fn only_a_signer_can_make_what_it_signed() {
    // The public side is all that a client has; a signature by another key does not pass.
    let home = Home::new();
    let signer = home.signer();
    let software = attest::keys::signers::software(attest::keys::Algorithm::Ed25519).unwrap();
    let other = (software.open)(&(software.generate)().unwrap()).unwrap();
    let key = &signer.keys().trust.logs[0].note_key().unwrap();
    let checkpoint = log::Checkpoint { origin: key.name.clone(), size: 1, root: Sha256::of("x") };
    let text = checkpoint.to_text();
    let forged = log::Note::sign(text.clone(), key, other.sign(text.as_bytes()).unwrap());
    assert_eq!(forged.verify(key), Err(log::NoteError::Signature));
}
