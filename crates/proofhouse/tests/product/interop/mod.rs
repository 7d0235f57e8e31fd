//! What other people's verifiers say about our bundles, and about every corruption of them, beside our own.
//!
//! The outcome is `docs/evidence/interop.md`. Three rules hold: a good bundle is accepted by every verifier
//! that understands its form; what another refuses, ours refuses too; what we accept although it was changed
//! is named, with the reason, in `known.rs`.

mod binary;
mod changes;
mod document;
mod judges;
mod known;
mod mint;
mod questions;
mod rules;
mod table;
mod vectors;

use std::path::{Path, PathBuf};

pub use judges::folder;
use serde_json::Value;

/// What a bundle carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// A certificate; otherwise it names a key.
    certificate: bool,
    /// A statement in an envelope; otherwise a signature over the artifact's bytes.
    statement: bool,
}

impl Kind {
    /// What the binary makes. It signs no file with a plain key: there is always a certificate.
    const ALL: [Self; 3] = [
        Self { certificate: true, statement: false },
        Self { certificate: true, statement: true },
        Self { certificate: false, statement: true },
    ];

    fn title(self) -> String {
        let who = if self.certificate { "certificate" } else { "key" };
        format!("{who}, {}", if self.statement { "statement" } else { "message" })
    }
}

/// Who must have signed.
#[derive(Clone, Debug)]
pub enum Who {
    /// An identity as an issuer says.
    Identity { identity: String, issuer: String },
    /// A public key, PEM, and the name by which signatures call it.
    Key { pem: String, name: String },
}

/// A bundle that holds, and the question to which that is the answer.
pub struct Good {
    kind: Kind,
    bundle: Value,
    /// Another bundle of its kind, by the same signer, about the same artifact.
    other: Value,
    artifact: PathBuf,
    root: Value,
    who: Who,
}

impl Good {
    /// The good bundle and the good question, under a row of the table.
    fn case(&self, row: &str) -> Case {
        let certificate = self.bundle.pointer("/verificationMaterial/certificate/rawBytes");
        Case {
            kind: self.kind,
            row: row.to_owned(),
            sweep: false,
            bundle: self.bundle.to_string(),
            artifact: self.artifact.clone(),
            root: self.root.clone(),
            who: self.who.clone(),
            certificate: certificate.and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// The good question about another bundle.
    fn changed(&self, row: &str, bundle: &Value) -> Case {
        Case { bundle: bundle.to_string(), ..self.case(row) }
    }
}

/// One question to all verifiers.
#[derive(Clone)]
pub struct Case {
    kind: Kind,
    row: String,
    /// One of many of its row, at every place of a field's bytes.
    sweep: bool,
    /// The document as it is read.
    bundle: String,
    artifact: PathBuf,
    root: Value,
    who: Who,
    /// The certificate of the good bundle, for verifiers that are told a key.
    certificate: Option<String>,
}

/// A folder for the documents of one run.
fn folder_of_run() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("proofhouse-interop-").tempdir().unwrap()
}

#[test]
fn other_verifiers_accept_our_bundles_and_ours_refuses_what_they_refuse() {
    let dir = folder_of_run();
    let goods = mint::committed();
    // Steps short enough to meet each identifier of an algorithm.
    let cases = cases(&goods, dir.path(), |kind| if kind.certificate && kind.statement { 3 } else { 7 });
    let judges = judges::judge(&cases, dir.path());
    let rows = table::rows(&cases, &judges);
    let used = rules::check(&cases, &judges, &rows);
    rules::others_are_explained(&judges, &rows, used);
    judges::ours_accepts_for_ever(&goods);
    binary::agrees(&cases, &judges[0], dir.path());
    let text = document::render(&rows, &judges);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/evidence/interop.md");
    if std::env::var_os("PROOFHOUSE_WRITE_EVIDENCE").is_some() {
        return std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let differs = committed.lines().zip(text.lines()).find(|(was, is)| was != is);
    assert!(committed == text, "run `cargo xtask interop`: {differs:#?}");
}

#[test]
fn what_the_binary_of_today_signs_is_judged_by_the_same_rules() {
    let dir = folder_of_run();
    let goods = mint::fresh(&dir.path().join("minted"));
    // Everything but the changes of bytes one by one: of each field's, the first.
    let cases = cases(&goods, dir.path(), |_| usize::MAX);
    let judges = judges::judge(&cases, dir.path());
    rules::check(&cases, &judges, &table::rows(&cases, &judges));
    rules::everybody_refuses(&cases, &judges);
}

/// The good bundles and everything that is changed; `step` says which of a field's bytes are.
fn cases(goods: &[Good], dir: &Path, step: fn(Kind) -> usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for good in goods {
        cases.push(good.case(table::GOOD));
        cases.extend(questions::questions(good, goods, dir));
        for change in changes::changes(&good.bundle, step(good.kind)) {
            cases.push(Case { sweep: change.sweep, ..good.changed(&change.row, &change.document) });
        }
    }
    cases
}
