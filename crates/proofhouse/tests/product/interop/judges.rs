//! The verifiers: ours within this process, the others each as one process that answers all questions.
//!
//! `cargo xtask test` installs the others and names their folder in `PROOFHOUSE_TEST_VERIFIERS`; they are
//! also found in the cache folder where it puts them.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use attest::{
    Bundle, PublicKey,
    sigstore::{self, Artifact, Signer, TrustedRoot},
};
use model::{Timestamp, UserError};
use serde_json::{Value, json};

use super::{Case, Good, Kind, Who, table::GOOD};

/// What a verifier said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Accepted,
    /// It does not: our code, or the other's words.
    Refused(String),
}

/// A verifier and what it is for.
pub struct Judge {
    /// Its name as in the table.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is made for.
    pub what: &'static str,
    /// Its answers, in the order of the cases.
    pub verdicts: Vec<Verdict>,
    understands: fn(Kind) -> bool,
}

impl Judge {
    /// Whether it is made for bundles of this kind.
    pub fn understands(&self, kind: Kind) -> bool {
        (self.understands)(kind)
    }
}

/// Program, the kinds of bundles that it is made for, and these in words.
type Driver = (Command, fn(Kind) -> bool, &'static str);

/// Asks all verifiers about all cases.
pub fn judge(cases: &[Case], dir: &Path) -> Vec<Judge> {
    let questions = questions(cases, dir);
    let folder = folder();
    let drivers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop");
    let python = folder.join("python/bin/python");
    let command = |program: &Path, arguments: &[&Path]| {
        let mut command = Command::new(program);
        // Nothing of this machine: no settings, no cached roots, and a proxy that does not answer.
        command.args(arguments).env_clear().env("HOME", dir).env("https_proxy", "http://127.0.0.1:9");
        command
    };
    let node = folder.join("python/bin/node");
    let foreign: [Driver; 4] = [
        (
            command(&python, &[&drivers.join("verify_python.py")]),
            |kind| kind.certificate,
            "bundles with a certificate",
        ),
        (command(&node, &[&drivers.join("verify_node.mjs"), &folder]), |_| true, "bundles"),
        (command(&folder.join("rust/debug/verify-rust"), &[]), |_| true, "bundles"),
        (
            command(&python, &[&drivers.join("verify_intoto.py")]),
            |kind| kind.statement,
            "envelopes with a statement",
        ),
    ];
    let asked = foreign.map(|(command, understands, what)| {
        let questions = questions.clone();
        thread::spawn(move || ask(command, questions, understands, what))
    });
    let mut judges = vec![Judge {
        name: "proofhouse".into(),
        version: "this one".into(),
        what: "bundles",
        verdicts: cases.iter().map(|case| ours(case, Timestamp::now())).collect(),
        understands: |_| true,
    }];
    judges.extend(asked.into_iter().map(|thread| thread.join().unwrap()));
    for judge in &judges {
        assert_eq!(judge.verdicts.len(), cases.len(), "{} answered every question", judge.name);
    }
    judges
}

/// Where the others are installed.
pub fn folder() -> PathBuf {
    let given = std::env::var_os("PROOFHOUSE_TEST_VERIFIERS").map(PathBuf::from);
    let cache = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/proofhouse/verifiers");
    let folder = given.unwrap_or_else(cache);
    assert!(folder.is_dir(), "{} is not here; `cargo xtask interop` installs it", folder.display());
    folder
}

/// Writes the bundles and roots to files; one question a line.
fn questions(cases: &[Case], dir: &Path) -> String {
    let mut roots: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut lines = String::new();
    for (n, case) in cases.iter().enumerate() {
        let bundle = dir.join(format!("bundle-{n}.json"));
        std::fs::write(&bundle, &case.bundle).unwrap();
        let count = roots.len();
        let root = roots.entry(case.root.to_string()).or_insert_with_key(|text| {
            let path = dir.join(format!("root-{count}.json"));
            std::fs::write(&path, text).unwrap();
            path
        });
        let mut question = json!({
            "bundle": bundle, "artifact": case.artifact, "root": root, "certificate": case.certificate,
        });
        match &case.who {
            Who::Identity { identity, issuer } => {
                question["identity"] = identity.as_str().into();
                question["issuer"] = issuer.as_str().into();
            }
            Who::Key { pem, name } => {
                question["key"] = pem.as_str().into();
                question["keyid"] = name.as_str().into();
            }
        }
        lines += &format!("{question}\n");
    }
    lines
}

/// Fails the test unless our verifier will accept the bundles when every authority of today is over.
pub fn ours_accepts_for_ever(goods: &[Good]) {
    let later: Timestamp = "2126-01-01T00:00:00Z".parse().unwrap();
    for good in goods {
        assert_eq!(ours(&good.case(GOOD), later), Verdict::Accepted, "{}", good.kind.title());
    }
}

/// Our own verifier, at a moment.
fn ours(case: &Case, now: Timestamp) -> Verdict {
    let verify = || -> Result<(), &'static str> {
        let bundle = Bundle::parse(case.bundle.as_bytes()).map_err(|error| error.code())?;
        let root = TrustedRoot::parse(case.root.to_string().as_bytes()).map_err(|error| error.code())?;
        let signer = match &case.who {
            Who::Identity { identity, issuer } => {
                Signer::Identity { identity: identity.clone(), issuer: issuer.clone() }
            }
            Who::Key { pem, .. } => Signer::Key(PublicKey::from_text(pem).unwrap()),
        };
        let artifact = std::fs::read(&case.artifact).unwrap();
        sigstore::verify(&bundle, Artifact::Bytes(&artifact), &signer, &root, now)
            .map(drop)
            .map_err(|error| error.code())
    };
    verify().map_or_else(|code| Verdict::Refused(code.into()), |()| Verdict::Accepted)
}

/// One of the others: its first line names it, then comes one answer a question.
fn ask(mut command: Command, questions: String, understands: fn(Kind) -> bool, what: &'static str) -> Judge {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; `cargo xtask interop` installs it"));
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || stdin.write_all(questions.as_bytes()));
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let named = lines.next().unwrap_or_default();
    let verdicts = lines.map(|answer| match text(&answer, "verdict").as_str() {
        "ok" => Verdict::Accepted,
        _ => Verdict::Refused(text(&answer, "why")),
    });
    let verdicts = verdicts.collect();
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
    let (name, version) = (text(&named, "verifier"), text(&named, "version"));
    Judge { name, version, what, verdicts, understands }
}
