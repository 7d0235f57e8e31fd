//! A hostile ledger talks to the signer: it signs statements only, and never two histories.

#![no_main]

use std::{fs, sync::LazyLock};

use attest::{
    Envelope, PublicKey,
    dsse::pae,
    log::{Nodes, NoteKey, SignedCheckpoint, consistency, leaf_hash, range_hash},
    signer,
};
use libfuzzer_sys::fuzz_target;
use model::{FixedClock, Sha256, Timestamp, statement::PAYLOAD_TYPE};
use proofhouse_fuzz::{
    edit::Bytes,
    ledger::{Sample, sample, unlock},
};

static SAMPLE: LazyLock<Sample> = LazyLock::new(sample);

/// A request and, where its answer can be judged, what was asked for.
struct Asked {
    frame: Vec<u8>,
    statements: Vec<Vec<u8>>,
}

fuzz_target!(|input: &[u8]| {
    let home = SAMPLE.home.path();
    // A new memory each time: the first checkpoint is that of the empty tree.
    let _ = fs::remove_file(home.join("keys/last-checkpoint"));
    let (asked, tail) = requests(&mut Bytes(input));
    let mut stream: Vec<u8> = asked.iter().flat_map(|a| framed(&a.frame)).collect();
    stream.extend_from_slice(&tail);
    let mut replies = Vec::new();
    let keys = home.join("keys");
    let _ = signer::serve(
        &mut stream.as_slice(),
        &mut replies,
        &keys,
        unlock(home),
        &FixedClock(Timestamp::UNIX_EPOCH),
    );
    let replies = frames(&replies);
    assert!(replies.len() >= asked.len(), "a request without an answer");
    let organisation = &SAMPLE.trust.keys[0].public_key;
    asked.iter().zip(&replies).for_each(|(asked, reply)| signed_statements(asked, reply, organisation));
    let log = SAMPLE.trust.logs[0].note_key().expect("a log key");
    one_history(&replies, &log);
});

/// Every signature is over exactly the statement that was given, and that is a statement.
fn signed_statements(asked: &Asked, reply: &[u8], key: &PublicKey) {
    if reply[0] != 130 || asked.statements.is_empty() {
        return;
    }
    let mut rest = Bytes(&reply[1..]);
    assert_eq!(rest.number(4), 1, "one key signs all");
    assert_eq!(rest.byte(), 0, "a plain key");
    let length = rest.number(4);
    assert_eq!(PublicKey::from_spki(rest.take(length)).as_ref(), Ok(key));
    assert_eq!(rest.number(4), asked.statements.len());
    for statement in &asked.statements {
        assert_eq!(rest.number(4), 0);
        let length = rest.number(4);
        assert!(key.verify(&pae(PAYLOAD_TYPE, statement), rest.take(length)));
        let length = rest.number(4);
        assert!(!rest.take(length).is_empty(), "no time-stamp");
        let envelope = Envelope::new(statement.clone(), String::new(), vec![1]);
        assert!(envelope.statement().is_ok(), "signed what is no statement");
    }
}

/// Checkpoints only grow, and one size has one root.
fn one_history(replies: &[&[u8]], log: &NoteKey) {
    let notes = replies.iter().filter(|reply| reply[0] == 131);
    let notes: Vec<_> = notes.map(|reply| String::from_utf8_lossy(&reply[5..]).into_owned()).collect();
    let signed: Vec<_> = notes.iter().map(|n| SignedCheckpoint::parse(n).expect("a checkpoint")).collect();
    assert!(signed.iter().all(|note| note.verify(log).is_ok()));
    for pair in signed.windows(2) {
        let (old, new) = (&pair[0].checkpoint, &pair[1].checkpoint);
        assert!(old.size < new.size || old == new, "{old:?} and {new:?} are both signed");
    }
}

fn requests(input: &mut Bytes<'_>) -> (Vec<Asked>, Vec<u8>) {
    let (mut asked, mut tree) = (Vec::new(), Tree::default());
    while !input.is_empty() && asked.len() < 16 {
        let mut statements = Vec::new();
        let frame = match input.byte() % 8 {
            0 => {
                let length = input.byte();
                let frame = input.take(length);
                // Changing the keys would change what the other inputs are judged by.
                if frame.first() == Some(&5) { vec![1] } else { frame.to_vec() }
            }
            1 => vec![1],
            2 => vec![3],
            3 => {
                for _ in 0..input.byte() % 4 {
                    let length = input.number(2);
                    statements.push(input.take(length).to_vec());
                }
                sign_statements(&statements)
            }
            4 => tree.grow(input.byte() % 5),
            5 => checkpoint(input.byte() as u64, &leaf_hash(input.take(1)), &[]),
            6 => tree.show(input.byte() % (tree.0.len() + 1), input.byte()),
            // Bytes that are no frame end the connection.
            _ => return (asked, input.take(64).to_vec()),
        };
        asked.push(Asked { frame, statements });
    }
    (asked, Vec::new())
}

fn framed(frame: &[u8]) -> Vec<u8> {
    [&(frame.len() as u32).to_be_bytes(), frame].concat()
}

fn frames(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (frame, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        assert!(matches!(frame[0], 129..=132 | 255), "an unknown kind of reply");
        frames.push(frame);
        bytes = rest;
    }
    frames
}

fn sign_statements(statements: &[Vec<u8>]) -> Vec<u8> {
    // With the organisation's own key.
    let mut out = vec![2, 1];
    out.extend((statements.len() as u32).to_be_bytes());
    out.extend(statements.iter().flat_map(|statement| framed(statement)));
    out
}

fn checkpoint(size: u64, root: &Sha256, proof: &[Sha256]) -> Vec<u8> {
    let origin = SAMPLE.trust.logs[0].origin.as_bytes();
    let mut out = [&[4], framed(origin).as_slice(), &size.to_be_bytes(), root.as_bytes()].concat();
    out.extend((proof.len() as u32).to_be_bytes());
    out.extend(proof.iter().flat_map(|hash| hash.0));
    out
}

/// A log that grows as it should, to be shown in other ways as well.
#[derive(Default)]
struct Tree(Vec<Sha256>);

impl Tree {
    /// The honest request after `more` further leaves.
    fn grow(&mut self, more: usize) -> Vec<u8> {
        let old = self.0.len();
        self.0.extend((old..old + more).map(|n| leaf_hash(&[n as u8])));
        self.show(old, self.0.len())
    }

    /// The tree of `new` leaves as one that continues the one of `old` leaves.
    fn show(&self, old: usize, new: usize) -> Vec<u8> {
        let new = new % (self.0.len() + 1);
        let Ok(root) = range_hash(self, 0, new as u64);
        let Ok(proof) = consistency(self, old as u64, new as u64);
        checkpoint(new as u64, &root, &proof)
    }
}

impl Nodes for Tree {
    type Error = std::convert::Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Sha256, Self::Error> {
        if level == 0 {
            return Ok(self.0[index as usize]);
        }
        let half = |n| self.node(level - 1, 2 * index + n);
        Ok(attest::log::node_hash(&half(0)?, &half(1)?))
    }
}
