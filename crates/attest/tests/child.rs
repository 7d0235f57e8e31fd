//! The processes that the tests of this crate start (and kill): a signer, and an appender.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{io::Write, path::PathBuf};

use attest::{Ledger, SignerClient};
use model::{Statement, Subject, Timestamp};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args[1].as_str() {
        "sign" => {
            let home = PathBuf::from(std::env::var_os("PROOFHOUSE_HOME").unwrap());
            // The client may be killed between a request and its reply.
            let _ = attest::signer::run_stdio(&home, &Now);
        }
        "append" => append(PathBuf::from(&args[2]), &args[3], args[4].parse().unwrap()),
        other => panic!("{other}"),
    }
}

struct Now;

impl model::Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Appends `rounds` batches of one to three statements and prints each acknowledged one.
fn append(home: PathBuf, name: &str, rounds: u64) {
    let mut signer = SignerClient::spawn(&std::env::current_exe().unwrap(), &["sign"], &home).unwrap();
    let (mut ledger, _) = Ledger::open(&home.join("ledger")).unwrap();
    for round in 0..rounds {
        let batch: Vec<_> = (0..=round % 3).map(|n| statement(&format!("{name}-{round}-{n}"))).collect();
        let logged = ledger.append(&mut signer, &batch, Timestamp::now()).unwrap();
        let lines: String = logged.iter().map(|one| format!("{} {}\n", one.index, one.envelope)).collect();
        std::io::stdout().write_all(lines.as_bytes()).unwrap();
    }
}

fn statement(name: &str) -> Statement {
    Statement {
        kind: model::statement::STATEMENT_TYPE.into(),
        subject: vec![Subject::sha256(name, model::Sha256::of(name))],
        predicate_type: "https://example.com/test/v1".into(),
        predicate: serde_json::json!({ "name": name }),
    }
}
