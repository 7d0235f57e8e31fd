//! How fast the ledger is, as JSON lines: `cargo run --release -p proofhouse-attest --example
//! ledger_bench [FOLDER | verify]`. The folder decides which disk is measured; with `verify` only
//! verification is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{path::PathBuf, time::Instant};

use attest::{
    Bundle, Ledger, SignerClient,
    bundle::{parse_evidence, write_evidence},
    verify::{Evidence, Policy, verify_bundle},
};
use model::{Sha256, Statement, Subject, Timestamp};
use serde_json::json;

const BATCHES: usize = 20;
const BATCH: usize = 5000;
const SINGLES: usize = 1000;
const RELEASE: u64 = 10_000;

struct Now;

impl model::Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).is_some_and(|arg| arg == "sign") {
        let home = PathBuf::from(std::env::var_os("PROOFHOUSE_HOME").unwrap());
        let _ = attest::signer::run_stdio(&home, &Now);
        return;
    }
    let only = args.get(1).is_some_and(|arg| arg == "verify");
    let folder = args.get(1).filter(|_| !only).map_or_else(std::env::temp_dir, PathBuf::from);
    let home = tempfile::tempdir_in(folder).unwrap();
    let mut signer = SignerClient::spawn(&std::env::current_exe().unwrap(), &["sign"], home.path()).unwrap();
    let dir = home.path().join("ledger");
    let (mut ledger, _) = Ledger::open(&dir).unwrap();

    if only {
        let statements: Vec<_> = (0..RELEASE as usize).map(statement).collect();
        ledger.append(&mut signer, &statements, Timestamp::now()).unwrap();
        return verification(&ledger, &mut signer);
    }
    let start = Instant::now();
    for batch in 0..BATCHES {
        let statements: Vec<_> = (0..BATCH).map(|n| statement(batch * BATCH + n)).collect();
        ledger.append(&mut signer, &statements, Timestamp::now()).unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = (BATCHES * BATCH) as f64 / seconds;
    say(
        json!({ "bench": "ledger-batched", "statements": BATCHES * BATCH, "batch": BATCH, "perSecond": rate.round() }),
    );

    let start = Instant::now();
    let (_, recovery) = Ledger::open(&dir).unwrap();
    let open = start.elapsed().as_secs_f64() * 1e3;
    say(
        json!({ "bench": "ledger-open", "entries": recovery.size, "clean": recovery.is_clean(), "ms": round(open) }),
    );

    let mut times: Vec<f64> = (0..SINGLES)
        .map(|n| {
            let one = [statement(n)];
            let start = Instant::now();
            ledger.append(&mut signer, &one, Timestamp::now()).unwrap();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |part: f64| round(times[((SINGLES - 1) as f64 * part) as usize]);
    say(
        json!({ "bench": "ledger-single", "appends": SINGLES, "p50Ms": at(0.5), "p99Ms": at(0.99), "maxMs": at(1.0) }),
    );

    let start = Instant::now();
    for n in 0..1000 {
        ledger.prove(n * 97).unwrap();
    }
    say(json!({ "bench": "ledger-prove", "perSecond": (1000.0 / start.elapsed().as_secs_f64()).round() }));

    let start = Instant::now();
    ledger.confirm(0).unwrap();
    let rate = ledger.size() as f64 / start.elapsed().as_secs_f64();
    say(json!({ "bench": "ledger-confirm", "entries": ledger.size(), "perSecond": rate.round() }));

    let start = Instant::now();
    let report = ledger.verify(&signer.trust().unwrap()).unwrap();
    let rate = report.records as f64 / start.elapsed().as_secs_f64();
    say(
        json!({ "bench": "ledger-verify", "records": report.records, "ok": report.ok(), "perSecond": rate.round() }),
    );
}

/// Verifies one bundle, and a release of 10,000 statements, on one core.
fn verification(ledger: &Ledger, signer: &mut SignerClient) {
    let trust = signer.trust().unwrap();
    let bundle = ledger.bundle(77, &trust).unwrap().to_json().unwrap();
    let start = Instant::now();
    for _ in 0..200 {
        let bundle = Bundle::parse(&bundle).unwrap();
        verify_bundle(&bundle, &trust, Timestamp::now()).unwrap();
    }
    let each = start.elapsed().as_secs_f64() * 1e3 / 200.0;
    say(json!({ "bench": "verify-bundle", "ms": round(each) }));

    let bundles: Vec<_> = (0..RELEASE).map(|index| ledger.bundle(index, &trust).unwrap()).collect();
    let evidence = write_evidence(&bundles).unwrap();
    drop(bundles);
    let start = Instant::now();
    let bundles = parse_evidence(&evidence).unwrap();
    let parsed = start.elapsed().as_secs_f64();
    let judged = Evidence::judge(&bundles, &trust, Timestamp::now());
    let artifact = Sha256::of("target/release/output-0");
    let report = judged.about(&artifact, &Policy::default());
    let all = start.elapsed().as_secs_f64();
    assert!(report.ok() && report.verified as u64 == RELEASE, "{:?}", report.failures.first());
    let megabytes = evidence.len() as f64 / 1e6;
    say(json!({ "bench": "verify-release", "statements": RELEASE, "megabytes": round(megabytes),
        "parseSeconds": round(parsed), "seconds": round(all) }));
}

fn say(line: serde_json::Value) {
    println!("{line}");
}

fn round(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

/// A statement of a usual size (about 600 bytes).
fn statement(n: usize) -> Statement {
    let name = format!("target/release/output-{n}");
    Statement {
        kind: model::statement::STATEMENT_TYPE.into(),
        subject: vec![Subject::sha256(&name, Sha256::of(&name))],
        predicate_type: "https://example.com/bench/v1".into(),
        predicate: json!({ "n": n, "text": "x".repeat(300) }),
    }
}
