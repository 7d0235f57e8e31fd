//! Predicates that nobody here knows: they pass through byte by byte.

use attest::{
    Bundle,
    bundle::{Content, parse_evidence, write_evidence},
    dsse::Envelope,
    verify::{Policy, verify_artifact},
};
use model::{Sha256, Statement, Subject, statement::STATEMENT_TYPE};
use serde_json::{Value, json};

use crate::support::{Home, at};

const KIND: &str = "https://strange.example/predicate/Ω/v9?x=1#y";

/// Deep, in many scripts, with the largest and smallest numbers.
fn strange(artifact: Sha256) -> Statement {
    let mut deep = json!({ "end": [] });
    for _ in 0..50 {
        deep = json!([deep]);
    }
    let predicate = json!({
        "deep": deep,
        "": "an empty name",
        "\u{0}\u{1f}\"\\/\u{7f}": "names that must be escaped",
        "ключ": "значение", "鍵": "値", "🔑": "👩‍👩‍👧‍👦", "\u{202e}right to left": "\u{feff}\u{2028}",
        "numbers": [u64::MAX, i64::MIN, f64::MAX, f64::MIN_POSITIVE, -0.0, 0.1, 1e-300],
        "nothing": null, "lists": [[], {}, [null, true, false]],
        "long": "x".repeat(200_000),
        "proofhouse": "not a link", "run": 7, "project": ["no", "name"],
    });
    Statement {
        kind: STATEMENT_TYPE.into(),
        subject: vec![Subject::sha256("app", artifact)],
        predicate_type: KIND.into(),
        predicate,
    }
}

fn payload(bundle: &Bundle) -> Vec<u8> {
    match &bundle.content {
        Content::Dsse(envelope, _) => envelope.payload.clone(),
        Content::Message(_) => panic!("no envelope"),
    }
}

#[test]
fn an_unknown_predicate_goes_through_ledger_export_and_verification_byte_by_byte() {
    let home = Home::new();
    let artifact = Sha256::of("app");
    let said = strange(artifact);
    let bytes = serde_json::to_vec(&said).unwrap();
    let mut ledger = home.ledger();
    let logged = ledger.append(&mut home.signer(), std::slice::from_ref(&said), at(1)).unwrap();
    let entry = home.ledger().read(logged[0].index).unwrap();
    assert_eq!(entry.logged.statement, said);
    assert_eq!(Envelope::parse(&entry.envelope).unwrap().payload, bytes);

    let mut exported = Vec::new();
    home.ledger().export(&home.trust(), &mut exported).unwrap();
    let bundles = parse_evidence(&exported).unwrap();
    assert_eq!(payload(bundles.last().unwrap()), bytes);
    let again = parse_evidence(&write_evidence(&bundles).unwrap()).unwrap();
    assert_eq!(payload(again.last().unwrap()), bytes);

    let report = verify_artifact(&artifact, &again, &home.trust(), at(2), &Policy::default());
    assert!(report.ok(), "{:?}", report.failures);
    assert_eq!(report.proven.others.last().unwrap().predicate_type, KIND);
}

#[test]
fn what_a_foreign_envelope_holds_is_never_written_anew() {
    // White space, the order of names, a number that no machine type holds, escapes that are not needed.
    let payload = br#"{ "predicateType":"x:y", "subject": [ {"digest":{"sha256":"00"},"name":"\u0061"} ],
        "predicate" : { "z": 123456789012345678901234567890.10, "a": "\u00e9\/" } , "_type":"https://in-toto.io/Statement/v1"}"#;
    let envelope = Envelope::new(payload.to_vec(), "somebody".into(), vec![1, 2, 3]);
    let read = Envelope::parse(&envelope.to_json()).unwrap();
    let statement = read.statement().unwrap();
    assert_eq!(statement.predicate.get("a"), Some(&Value::from("é/")));
    assert_eq!(read.payload, payload);
    assert_eq!(Envelope::parse(&read.to_json()).unwrap().payload, payload);
}
