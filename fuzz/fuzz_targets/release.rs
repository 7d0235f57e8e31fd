//! Release files: any bytes, and good files that were edited. What is read has one form: written again from
//! what its manifest says, it is the same file, and every blob in it has the digest of its name.

#![no_main]

use std::{collections::BTreeMap, io::Read, sync::LazyLock};

use attest::{
    Bundle, Envelope,
    bundle::{Content, Material},
    release::{BLOBS, EVIDENCE, TRUST, Writer, read},
};
use libfuzzer_sys::fuzz_target;
use model::{
    RunId, Sha256, Statement, Subject, Timestamp, UserError,
    predicate::{ReleaseBundle, ReleaseMember},
};
use proofhouse_fuzz::edit::{Bytes, edit};

static SAMPLES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [sample(&[b"an app", b""]), sample(&[b"a longer app, of more than a block".repeat(20).as_slice()])]
});

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else { return };
    let mut file = match kind {
        b'r' => bytes.to_vec(),
        kind => SAMPLES[usize::from(kind % 2)].clone(),
    };
    let mut input = Bytes(bytes);
    while *kind != b'r' && !input.is_empty() {
        edit(&mut file, &SAMPLES[1 - usize::from(kind % 2)], &mut input);
    }
    judge(&file);
});

fn judge(file: &[u8]) {
    let mut blobs = BTreeMap::new();
    let visit = &mut |member: &ReleaseMember, content: &mut dyn Read| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        blobs.insert(member.name.clone(), bytes);
        Ok(())
    };
    let contents = match read(file, visit) {
        Ok(contents) => contents,
        Err(error) => return assert!(!error.code().is_empty() && !error.to_string().is_empty()),
    };
    let mut again = Writer::begin(Vec::new(), &contents.manifest).expect("memory");
    for member in &contents.release.members {
        let content = match member.name.as_str() {
            EVIDENCE => &contents.evidence,
            TRUST => &contents.trust,
            name => &blobs[name],
        };
        assert_eq!(Sha256::of(content), member.sha256, "{} has another content", member.name);
        again.member(member, &mut content.as_slice()).expect("memory");
    }
    assert_eq!(again.end().expect("memory"), file, "a release has two forms");
    for subject in &contents.statement.subject {
        assert!(proofhouse_fuzz::is_inside(&subject.name), "{} is written elsewhere", subject.name);
    }
}

/// A release with these artifacts. Nobody signed it: that is judged after reading.
fn sample(artifacts: &[&[u8]]) -> Vec<u8> {
    let member = |name: String, bytes: &[u8]| ReleaseMember {
        name,
        size: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    };
    let blobs = artifacts.iter().map(|bytes| (format!("{BLOBS}{}", Sha256::of(bytes)), bytes.to_vec()));
    let mut contents: BTreeMap<_, _> = blobs.collect();
    contents.extend([(EVIDENCE.to_owned(), b"{}\n".to_vec()), (TRUST.to_owned(), b"{}".to_vec())]);
    let release = ReleaseBundle {
        project: "p".into(),
        run: RunId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        actor: "somebody".into(),
        at: Timestamp::UNIX_EPOCH,
        complete: true,
        members: contents.iter().map(|(name, bytes)| member(name.clone(), bytes)).collect(),
    };
    let subjects = artifacts.iter().enumerate();
    let subjects = subjects.map(|(n, bytes)| Subject::sha256(format!("dist/app-{n}"), Sha256::of(bytes)));
    let said = Statement::new(subjects.collect(), &release).expect("strings and numbers");
    let envelope = Envelope::new(serde_json::to_vec(&said).expect("JSON"), String::new(), vec![0]);
    let manifest = Bundle {
        content: Content::Dsse(envelope.clone(), envelope.to_json()),
        material: Material::PublicKey(String::new()),
        tlog: Vec::new(),
        timestamps: Vec::new(),
    };
    let mut writer = Writer::begin(Vec::new(), &manifest.to_json().expect("JSON")).expect("memory");
    for member in &release.members {
        writer.member(member, &mut contents[&member.name].as_slice()).expect("memory");
    }
    writer.end().expect("memory")
}
