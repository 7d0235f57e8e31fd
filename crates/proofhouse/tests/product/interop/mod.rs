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

use std::path::{Path, PathBuf};

pub use judges::folder;
use mint::Minted;
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
    const ALL: [Self; 4] = [
        Self { certificate: true, statement: false },
        Self { certificate: true, statement: true },
        Self { certificate: false, statement: false },
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
    /// A public key, PEM.
    Key(String),
}

/// A bundle that holds, and the question to which that is the answer.
pub struct Good {
    kind: Kind,
    bundle: Value,
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

#[test]
fn other_verifiers_accept_our_bundles_and_ours_refuses_what_they_refuse() {
    let dir = tempfile::Builder::new().prefix("proofhouse-interop-").tempdir().unwrap();
    let Some(minted) = mint::mint(dir.path()) else { return };
    let cases = cases(&minted, dir.path());
    let judges = judges::judge(&cases, dir.path());
    let rows = table::rows(&cases, &judges);
    rules::check(&cases, &judges, &rows);
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

fn cases(minted: &Minted, dir: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for good in &minted.good {
        cases.push(good.case(table::GOOD));
        for (_, lacks, bundle) in minted.lacking.iter().filter(|(kind, ..)| *kind == good.kind) {
            cases.push(good.changed(lacks, bundle));
        }
        cases.extend(questions::questions(good, &minted.good, dir));
        // Steps short enough to meet each identifier of an algorithm.
        let step = if good.kind.certificate && good.kind.statement { 3 } else { 7 };
        for change in changes::changes(&good.bundle, step) {
            cases.push(Case { sweep: change.sweep, ..good.changed(&change.row, &change.document) });
        }
    }
    cases
}
