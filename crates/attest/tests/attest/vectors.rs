//! Bundles made by another implementation with an organisation's own roots.

use std::path::PathBuf;

use attest::{
    Bundle, PublicKey, Trust,
    sigstore::{self, Artifact, Signer, TrustedRoot},
    trust::{TrustedKey, TrustedLog},
    verify::{Failure, Policy, verify_artifact, verify_bundle},
};
use model::{Sha256, UserError};

use crate::support::at;
use base64::{Engine, engine::general_purpose::STANDARD};

fn folder() -> Option<PathBuf> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("PROOFHOUSE_SHARED_DATA").map_or_else(default, PathBuf::from);
    let folder = data.join("bundles");
    if !folder.is_dir() {
        println!("skipped: {} is not here", folder.display());
    }
    folder.is_dir().then_some(folder)
}

fn trust(folder: &std::path::Path) -> Trust {
    let root: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("trusted_root.json")).unwrap()).unwrap();
    let log = &root["tlogs"][0];
    let origin = log["baseUrl"].as_str().unwrap().trim_start_matches("https://").to_owned();
    let public_key = PublicKey::from_text(log["publicKey"]["rawBytes"].as_str().unwrap()).unwrap();
    let pem = std::fs::read_to_string(folder.join("org.pub")).unwrap();
    let organisation = PublicKey::from_text(&pem).unwrap();
    assert_eq!(organisation.pem(), pem);
    let key =
        TrustedKey { name: "acme".into(), public_key: organisation, valid_from: None, valid_until: None };
    let trust =
        Trust::new(vec![key], vec![TrustedLog { origin, public_key, valid_from: None, valid_until: None }]);
    assert_eq!(Trust::parse(&trust.to_json()).unwrap(), trust);
    trust
}

#[test]
fn foreign_bundles_are_read_and_judged() {
    let Some(folder) = folder() else { return };
    let trust = trust(&folder);
    let bundle = |name: &str| Bundle::parse(&std::fs::read(folder.join(name)).unwrap()).unwrap();
    for name in ["b-key-dsse-full.json", "b-key-dsse-notsa.json"] {
        let verified = verify_bundle(&bundle(name), &trust, at(0)).unwrap();
        assert_eq!((verified.index, verified.tree_size, verified.log.as_str()), (1, 3, "log.acme.example"));
    }
    let verdict = |name: &str| verify_bundle(&bundle(name), &trust, at(0)).unwrap_err();
    assert_eq!(verdict("b-key-dsse-notlog.json"), Failure::NotLogged);
    assert_eq!(verdict("b-key-dsse-sigonly.json"), Failure::NotLogged);
    assert_eq!(verdict("b-key-msg-full.json"), Failure::NoEnvelope);
    assert!(matches!(verdict("b-ca-dsse-full.json"), Failure::Certificate(_)));

    let digest = Sha256::of(std::fs::read(folder.join("artifact.bin")).unwrap());
    let policy = Policy { provenance: true, ..Policy::default() };
    let bundles = [bundle("b-key-dsse-full.json")];
    let report = verify_artifact(&digest, &bundles, &trust, at(0), &policy);
    assert!(report.ok(), "{report:?}");
    assert_eq!(report.proven.builds[0].builder, "https://forge.acme.example/builder");
    assert_eq!(report.names, ["artifact.bin"]);
    let report = verify_artifact(&Sha256::of("other"), &bundles, &trust, at(0), &policy);
    assert_eq!(report.failures[0].code, "verify-digest-not-in-subject");
}

/// The questions that the vectors are about.
struct Vectors {
    folder: PathBuf,
    artifact: Vec<u8>,
    root: TrustedRoot,
    person: Signer,
    key: Signer,
}

impl Vectors {
    fn open() -> Option<Self> {
        let folder = folder()?;
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let meta: serde_json::Value = serde_json::from_slice(&read("meta.json")).unwrap();
        let text = |key: &str| meta[key].as_str().unwrap().to_owned();
        let key = String::from_utf8(read("org.pub")).unwrap();
        Some(Self {
            artifact: read("artifact.bin"),
            root: TrustedRoot::parse(&read("trusted_root.json")).unwrap(),
            person: Signer::Identity { identity: text("san"), issuer: text("issuer") },
            key: Signer::Key(PublicKey::from_text(&key).unwrap()),
            folder,
        })
    }

    fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.folder.join(name)).unwrap()).unwrap()
    }

    fn ask(&self, bundle: &serde_json::Value, root: &TrustedRoot) -> Result<(), &'static str> {
        let bundle = Bundle::parse(&serde_json::to_vec(bundle).unwrap()).map_err(|error| error.code())?;
        assert_eq!(Bundle::parse(&bundle.to_json().unwrap()).as_ref(), Ok(&bundle));
        let keyed = matches!(bundle.material, attest::bundle::Material::PublicKey(_));
        let signer = if keyed { &self.key } else { &self.person };
        let ask = |artifact| sigstore::verify(&bundle, artifact, signer, root, at(0)).map_err(|e| e.code());
        let by_digest = ask(Artifact::Digest(Sha256::of(&self.artifact)));
        let by_bytes = ask(Artifact::Bytes(&self.artifact));
        assert_eq!(by_bytes, by_digest);
        by_bytes.map(drop)
    }
}

#[test]
fn bundles_with_an_organisations_own_roots_are_judged_as_other_verifiers_do() {
    let Some(vectors) = Vectors::open() else { return };
    let ask = |name: &str| vectors.ask(&vectors.json(&format!("b-{name}.json")), &vectors.root);
    for kind in ["msg", "dsse"] {
        assert_eq!(ask(&format!("ca-{kind}-full")), Ok(()), "{kind}");
        assert_eq!(ask(&format!("ca-{kind}-nosct")), Err("bundle-sct"));
        assert_eq!(ask(&format!("ca-{kind}-notsa")), Err("bundle-timestamp-missing"));
        assert_eq!(ask(&format!("ca-{kind}-notlog")), Err("bundle-log-entries"));
        assert_eq!(ask(&format!("ca-{kind}-sigonly")), Err("bundle-timestamp-missing"));
        assert_eq!(ask(&format!("key-{kind}-full")), Ok(()), "{kind}");
        assert_eq!(ask(&format!("key-{kind}-notsa")), Ok(()), "{kind}");
        assert_eq!(ask(&format!("key-{kind}-notlog")), Err("bundle-log-entries"));
        assert_eq!(ask(&format!("key-{kind}-sigonly")), Err("bundle-log-entries"));
    }
}

#[test]
fn a_trusted_root_that_lacks_something_is_refused_or_believes_less() {
    let Some(vectors) = Vectors::open() else { return };
    let bundle = vectors.json("b-ca-dsse-full.json");
    let verdict = |name: &str| {
        let root = std::fs::read(vectors.folder.join(format!("tr-{name}.json"))).unwrap();
        let root = TrustedRoot::parse(&root).map_err(|error| error.code())?;
        vectors.ask(&bundle, &root)
    };
    for name in [
        "no-mediatype",
        "no-baseurl",
        "no-hashalg",
        "no-ca-validfor",
        "no-tlog-validfor",
        "no-tsa-validfor",
        "wrong-host",
    ] {
        assert_eq!(verdict(name), Err("trusted-root-malformed"), "{name}");
    }
    assert_eq!(verdict("no-ct"), Err("bundle-sct"));
    assert_eq!(verdict("no-tsa"), Err("bundle-timestamp-authority"));
    assert_eq!(verdict("tsa-leaf-only"), Err("bundle-timestamp-authority"));
}

#[test]
fn a_certificate_log_with_a_key_of_another_sort_hinders_nobody() {
    let Some(vectors) = Vectors::open() else { return };
    let mut root = vectors.json("trusted_root.json");
    let mut other = root["ctlogs"][0].clone();
    other["publicKey"]["keyDetails"] = "PKIX_RSA_PKCS1V15_4096_SHA256".into();
    root["ctlogs"].as_array_mut().unwrap().insert(0, other.clone());
    let bundle = vectors.json("b-ca-msg-full.json");
    let ask = |root: &serde_json::Value| {
        vectors.ask(&bundle, &TrustedRoot::parse(&serde_json::to_vec(root).unwrap()).unwrap())
    };
    assert_eq!(ask(&root), Ok(()));
    root["ctlogs"] = vec![other].into();
    assert_eq!(ask(&root), Err("bundle-sct"));
}

/// The time-stamp with an empty set of certificates, as public authorities send it; no signature covers it.
fn without_certificates(token: &[u8]) -> Vec<u8> {
    let set = |window: &[u8]| window[..2] == [0xa0, 0x82] && window[4..] == [0x30, 0x82];
    // The first such tag is the signed data itself.
    let at = 30 + token[30..].windows(6).position(set).unwrap();
    let length = 4 + usize::from(u16::from_be_bytes([token[at + 2], token[at + 3]]));
    let mut short = [&token[..at], &[0xa0, 0], &token[at + length..]].concat();
    let cut = u16::try_from(length - 2).unwrap();
    // Response, content, its tag, signed data: each has its length in two bytes after two others.
    for header in [0, 9, 24, 28] {
        let old = u16::from_be_bytes([short[header + 2], short[header + 3]]);
        short[header + 2..header + 4].copy_from_slice(&(old - cut).to_be_bytes());
    }
    short
}

#[test]
fn a_time_stamp_need_not_carry_its_certificate() {
    let Some(vectors) = Vectors::open() else { return };
    let mut bundle = vectors.json("b-ca-msg-full.json");
    let stamp = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
    let stamp = bundle.pointer_mut(stamp).unwrap();
    let token = STANDARD.decode(stamp.as_str().unwrap()).unwrap();
    *stamp = STANDARD.encode(without_certificates(&token)).into();
    assert_eq!(vectors.ask(&bundle, &vectors.root), Ok(()));
}

/// Every string, number and list in a document, by its JSON pointer.
fn fields(value: &serde_json::Value, pointer: &str, out: &mut Vec<String>) {
    let inner: Vec<(String, &serde_json::Value)> = match value {
        serde_json::Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        serde_json::Value::Array(list) => list.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in inner {
        let pointer = format!("{pointer}/{key}");
        fields(value, &pointer, out);
        out.push(pointer);
    }
}

/// The value changed in several ways: bytes flipped, cut short, replaced, gone.
fn changes(value: &serde_json::Value) -> Vec<Option<serde_json::Value>> {
    let mut all = vec![None];
    if let Some(text) = value.as_str() {
        all.push(Some(format!("{text}A").into()));
        match STANDARD.decode(text) {
            Ok(bytes) if text.len() > 3 && text.parse::<u64>().is_err() => {
                let step = (bytes.len() / 97).max(1);
                for at in (0..bytes.len()).step_by(step) {
                    let mut bytes = bytes.clone();
                    bytes[at] ^= 1;
                    all.push(Some(STANDARD.encode(bytes).into()));
                }
                all.push(Some(STANDARD.encode(&bytes[..bytes.len() - 1]).into()));
            }
            _ => all.push(Some(if text == "7" { "8" } else { "7" }.into())),
        }
    }
    if let Some(list) = value.as_array() {
        all.push(Some(list.iter().chain(list).cloned().collect::<Vec<_>>().into()));
    }
    all
}

#[test]
fn no_single_change_of_a_good_bundle_is_accepted_unless_it_says_nothing() {
    let Some(vectors) = Vectors::open() else { return };
    let (mut tried, mut accepted) = (0, std::collections::BTreeMap::new());
    for name in ["b-ca-dsse-full", "b-ca-msg-full", "b-key-dsse-full", "b-key-msg-full"] {
        let good = vectors.json(&format!("{name}.json"));
        let mut pointers = Vec::new();
        fields(&good, "", &mut pointers);
        for pointer in pointers {
            let value = good.pointer(&pointer).unwrap();
            for change in changes(value) {
                let mut bundle = good.clone();
                let (parent, key) = pointer.rsplit_once('/').unwrap();
                match (bundle.pointer_mut(parent).unwrap(), change) {
                    (serde_json::Value::Object(map), Some(change)) => drop(map.insert(key.into(), change)),
                    (serde_json::Value::Object(map), None) => drop(map.remove(key)),
                    (serde_json::Value::Array(list), change) => {
                        let at: usize = key.parse().unwrap();
                        list.splice(at..=at, change);
                    }
                    _ => unreachable!(),
                }
                tried += 1;
                if vectors.ask(&bundle, &vectors.root).is_ok() {
                    let gone = bundle.pointer(&pointer).is_none();
                    let field = pointer.rsplit('/').find(|part| part.parse::<u8>().is_err()).unwrap();
                    *accepted.entry((field.to_owned(), gone, name.starts_with("b-key"))).or_insert(0) += 1;
                }
            }
        }
    }
    // The key was given; its name in the bundle and the claimed digest decide nothing.
    let silent = |field: &str| matches!(field, "hint" | "messageDigest");
    // A key needs no proof of when it signed.
    let optional = ["rfc3161Timestamps", "timestampVerificationData"];
    accepted.retain(|(field, gone, key), _| {
        !(silent(field) || *key && *gone && optional.contains(&field.as_str()))
    });
    assert!(accepted.is_empty(), "{accepted:?}");
    assert!(tried > 2000, "{tried}");
}
