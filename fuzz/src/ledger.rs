//! A small real ledger, made once per run by a real signer over a socket. Its keys are new each time, so
//! lengths of signatures, and with them places in its files, differ by a byte or two between runs.

use std::{os::unix::net::UnixStream, path::Path, thread};

use attest::{Bundle, Ledger, SignerClient, Trust, keys::Unlock, signer};
use model::{Sha256, Statement, Subject, Timestamp, statement};
use tempfile::TempDir;

/// Statements in the ledger.
pub const COUNT: u64 = 7;

/// The ledger and what verifiers get of it.
pub struct Sample {
    /// Installation folder with `ledger/` and `keys/`.
    pub home: TempDir,
    /// Trust in its keys.
    pub trust: Trust,
    /// What was said, by index.
    pub statements: Vec<Statement>,
    /// A bundle for each.
    pub bundles: Vec<Bundle>,
}

/// How the keys below `home` are unlocked.
pub fn unlock(home: &Path) -> Unlock {
    Unlock::MachineKey(home.join("keys/unlock.key"))
}

/// Makes the sample.
pub fn sample() -> Sample {
    let home = crate::scratch();
    let (ours, theirs) = UnixStream::pair().expect("a socket");
    let served = home.path().to_owned();
    thread::spawn(move || {
        let keys = served.join("keys");
        signer::serve(
            &mut &theirs,
            &mut &theirs,
            &keys,
            unlock(&served),
            &model::FixedClock(Timestamp::UNIX_EPOCH),
        )
    });
    let input = ours.try_clone().expect("a socket");
    let mut client = SignerClient::over(input, ours).expect("a signer");
    let (mut ledger, _) = Ledger::open(&home.path().join("ledger")).expect("a ledger");
    let statements: Vec<_> = (0..COUNT).map(said).collect();
    for pair in statements.chunks(2) {
        ledger.append(&mut client, pair, Timestamp::UNIX_EPOCH).expect("appending");
    }
    let trust = client.trust().expect("trust");
    let bundles = (0..COUNT).map(|n| ledger.bundle(n, &trust).expect("a bundle")).collect();
    Sample { home, trust, statements, bundles }
}

fn said(n: u64) -> Statement {
    Statement {
        kind: statement::STATEMENT_TYPE.to_owned(),
        subject: vec![Subject::sha256(format!("artifact-{n}"), Sha256::of(n.to_be_bytes()))],
        predicate_type: "https://example.com/fuzz/v1".to_owned(),
        predicate: serde_json::json!({ "number": n }),
    }
}
