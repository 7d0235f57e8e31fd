//! A home folder with ledger and signer, and statements to put in.

use std::path::{Path, PathBuf};

use attest::{Ledger, SignerClient, Trust};
use model::{Sha256, Statement, Subject, Timestamp, ports::LoggedStatement};
use tempfile::TempDir;

pub const CHILD: &str = env!("CARGO_BIN_EXE_attest-child");

pub struct Home {
    pub dir: TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn ledger_dir(&self) -> PathBuf {
        self.path().join("ledger")
    }

    pub fn ledger(&self) -> Ledger {
        let (ledger, recovery) = Ledger::open(&self.ledger_dir()).unwrap();
        assert!(recovery.is_clean(), "{recovery:?}");
        ledger
    }

    pub fn signer(&self) -> SignerClient {
        SignerClient::spawn(Path::new(CHILD), &["sign"], self.path()).unwrap()
    }

    pub fn trust(&self) -> Trust {
        self.signer().trust().unwrap()
    }

    /// Appends `count` statements in one batch.
    pub fn fill(&self, count: usize) -> Vec<LoggedStatement> {
        let statements: Vec<_> = (0..count).map(|n| statement(&format!("s{n}"))).collect();
        self.ledger().append(&mut self.signer(), &statements, at(1000)).unwrap()
    }
}

pub fn statement(name: &str) -> Statement {
    Statement {
        kind: model::statement::STATEMENT_TYPE.into(),
        subject: vec![Subject::sha256(name, Sha256::of(name))],
        predicate_type: "https://example.com/test/v1".into(),
        predicate: serde_json::json!({ "name": name }),
    }
}

/// A moment some seconds after 2030 began.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_893_456_000 + seconds).unwrap()
}

pub fn flip(path: &Path, offset: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[offset] ^= 1;
    std::fs::write(path, bytes).unwrap();
}
