//! The processes that the tests of this crate start (and kill): a signer, an appender, and a process that
//! opens keys which live elsewhere, because those need an environment of their own.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeMap, io::Write, path::PathBuf};

use attest::{
    Ledger, PublicKey, SignerClient,
    keys::{
        Algorithm, KeyError, Signer,
        signers::{KeyPlace, generate, open},
    },
};
use model::{Statement, Subject, Timestamp, UserError};
use serde_json::{Value, json};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args[1].as_str() {
        "sign" => {
            let home = PathBuf::from(std::env::var_os("PROOFHOUSE_HOME").unwrap());
            // The client may be killed between a request and its reply.
            let _ = attest::signer::run_stdio(&home, &Now);
        }
        "keys" => keys(),
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

/// Answers one JSON line for each on standard input.
fn keys() {
    let mut opened = BTreeMap::new();
    for line in std::io::stdin().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = key_request(&asked, &mut opened).unwrap_or_else(
            |error| json!({ "error": error.code(), "exit": error.exit().code(), "message": error.to_string() }),
        );
        println!("{answer}");
    }
}

fn key_request(asked: &Value, opened: &mut BTreeMap<String, Box<dyn Signer>>) -> Result<Value, KeyError> {
    let place = || serde_json::from_value::<KeyPlace>(asked["place"].clone()).unwrap();
    let name = asked["as"].as_str().unwrap_or("it").to_owned();
    match asked["do"].as_str().unwrap() {
        "open" => {
            let expected = asked["expected"].as_str().map(|text| PublicKey::from_text(text).unwrap());
            opened.remove(&name);
            let signer = open(&place(), expected.as_ref())?;
            let answer = json!({ "key": signer.public_key() });
            opened.insert(name, signer);
            Ok(answer)
        }
        "generate" => {
            let KeyPlace::Pkcs11(place) = place() else { panic!("only tokens make keys") };
            let named = |algorithm: &Algorithm| asked["algorithm"] == algorithm.name();
            let (place, key) = generate(&place, Algorithm::ALL.into_iter().find(named).unwrap())?;
            Ok(json!({ "place": KeyPlace::Pkcs11(place), "key": key }))
        }
        "sign" => {
            let signature = opened[&name].sign(asked["message"].as_str().unwrap().as_bytes())?;
            Ok(json!({ "signature": signature }))
        }
        // Many keys, each used from a thread of its own, at once.
        "together" => {
            let places: Vec<KeyPlace> = serde_json::from_value(asked["places"].clone()).unwrap();
            let signers: Result<Vec<_>, _> = places.iter().map(|place| open(place, None)).collect();
            let sign = |signer: Box<dyn Signer>, thread: usize| {
                (0..20).try_for_each(|n| {
                    let message = format!("{thread} {n}");
                    let signature = signer.sign(message.as_bytes())?;
                    assert!(signer.public_key().verify(message.as_bytes(), &signature));
                    Ok::<_, KeyError>(())
                })
            };
            let start = |(n, signer)| std::thread::spawn(move || sign(signer, n));
            let running: Vec<_> = signers?.into_iter().enumerate().map(start).collect();
            for thread in running {
                thread.join().unwrap()?;
            }
            Ok(json!({ "signed": 20 * places.len() }))
        }
        // What a signer process that is started from here gets to see.
        "environment" => {
            let home = PathBuf::from(asked["home"].as_str().unwrap());
            let client = SignerClient::spawn(&std::env::current_exe().unwrap(), &["sign"], &home).unwrap();
            let text = std::fs::read(format!("/proc/{}/environ", client.pid().unwrap())).unwrap();
            Ok(json!({ "environment": String::from_utf8_lossy(&text) }))
        }
        other => panic!("{other}"),
    }
}
