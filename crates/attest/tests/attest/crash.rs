//! `kill -9` at any moment: nothing acknowledged is lost, the next open recovers and says so.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::Duration,
};

use attest::Ledger;
use model::Sha256;

use crate::support::{CHILD, Home, at, statement};

#[test]
fn killed_at_thirty_moments_nothing_acknowledged_is_lost() {
    let home = Home::new();
    home.signer();
    let mut acknowledged: Vec<(u64, Sha256)> = Vec::new();
    let mut recovered = 0;
    for round in 0u64..30 {
        let name = format!("r{round}");
        let mut child = Command::new(CHILD)
            .args(["append".as_ref(), home.path().as_os_str(), name.as_ref(), "100000".as_ref()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        // Spread over the length of an append; which step it hits is up to the machine.
        std::thread::sleep(Duration::from_micros(round * 733 % 9000));
        child.kill().unwrap();
        child.wait().unwrap();
        output.read_to_string(&mut line).unwrap();
        let complete = line.rfind('\n').map_or("", |end| &line[..end]);
        acknowledged.extend(complete.lines().map(|line| {
            let (index, envelope) = line.split_once(' ').unwrap();
            (index.parse().unwrap(), envelope.parse().unwrap())
        }));
        let (ledger, recovery) = Ledger::open(&home.ledger_dir()).unwrap();
        assert_eq!(recovery.is_clean(), recovery.sentences().is_empty());
        recovered += u32::from(!recovery.is_clean());
        for (index, envelope) in &acknowledged {
            assert_eq!(ledger.read(*index).unwrap().logged.envelope, *envelope);
            ledger.prove(*index).unwrap();
        }
    }
    println!("{recovered} of 30 kills left something to recover");
    let (mut ledger, recovery) = Ledger::open(&home.ledger_dir()).unwrap();
    assert_eq!(ledger.settle(&mut home.signer(), at(1_000_000)).unwrap(), recovery.kept);
    let report = ledger.verify(&home.trust()).unwrap();
    assert!(report.ok(), "{report:?}");
    assert_eq!(report.records, report.checkpointed);
}

#[test]
fn complete_records_without_checkpoint_are_kept_and_an_unfinished_one_is_cut() {
    let home = Home::new();
    home.fill(3);
    let ledger_dir = home.ledger_dir();
    let before = std::fs::read(ledger_dir.join("checkpoint")).unwrap();
    let memory = std::fs::read(home.path().join("keys/last-checkpoint")).unwrap();
    home.fill(2);
    // As if the process had died after the journal was flushed and before the checkpoint.
    std::fs::write(ledger_dir.join("checkpoint"), before).unwrap();
    std::fs::write(home.path().join("keys/last-checkpoint"), memory).unwrap();
    let segment = ledger_dir.join("journal/00000000000000000000.seg");
    let whole = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &whole[..whole.len() - 10]).unwrap();

    let (mut ledger, recovery) = Ledger::open(&ledger_dir).unwrap();
    assert_eq!((recovery.size, recovery.checkpointed, recovery.kept), (4, 3, 1));
    assert!(recovery.torn > 0 && recovery.torn_copy.as_ref().unwrap().is_file());
    assert!(recovery.sentences().len() >= 2, "{:?}", recovery.sentences());
    assert_eq!(ledger.prove(3).unwrap_err().to_string(), "entry 3 is not covered by a signed checkpoint yet");
    ledger.append(&mut home.signer(), &[statement("next")], at(2000)).unwrap();
    assert_eq!(ledger.checkpoint().unwrap().checkpoint.size, 5);
    assert!(home.ledger().verify(&home.trust()).unwrap().ok());
}

#[test]
fn index_and_tiles_are_made_again_from_the_journal() {
    let home = Home::new();
    home.fill(600);
    std::fs::remove_file(home.ledger_dir().join("index")).unwrap();
    std::fs::remove_dir_all(home.ledger_dir().join("tile")).unwrap();
    let (ledger, recovery) = Ledger::open(&home.ledger_dir()).unwrap();
    assert!(recovery.index_rebuilt && recovery.tiles_rebuilt, "{recovery:?}");
    ledger.prove(17).unwrap();
    assert!(home.ledger().verify(&home.trust()).unwrap().ok());
}
