//! Attestations of others, taken in under their own roots.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::commands::{ledger, of_type};
use crate::{
    foreign::vectors,
    support::{Answer, Site},
};

struct Vectors {
    folder: PathBuf,
    identity: String,
    issuer: String,
}

impl Vectors {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap().trim().to_owned()
    }

    fn import(&self, site: &Site, files: &[&str], more: &[&str]) -> Answer {
        let root = self.path("trusted_root.json");
        let under = ["--trusted-root", &root, "--certificate-identity", &self.identity];
        let under = [under.as_slice(), &["--certificate-oidc-issuer", &self.issuer]].concat();
        site.proofhouse(&[&["attest", "import"], files, &under, more].concat())
    }
}

fn opened() -> Option<Vectors> {
    let folder = vectors()?;
    let meta: Value = serde_json::from_slice(&fs::read(folder.join("meta.json")).unwrap()).unwrap();
    let text = |name: &str| meta[name].as_str().unwrap().to_owned();
    Some(Vectors { identity: text("san"), issuer: text("issuer"), folder })
}

#[test]
fn a_foreign_attestation_is_kept_as_it_was_and_shows_where_one_looks() {
    let Some(vectors) = opened() else { return };
    let site = Site::new();
    let bundle = vectors.path("b-ca-dsse-full.json");
    let told = vectors.import(&site, &[&bundle], &["--format", "json"]).expect(0).json();
    let attestation = &told[0]["attestation"];
    assert_eq!(attestation["predicateType"], "https://slsa.dev/provenance/v1");
    assert_eq!(attestation["signer"]["identity"], vectors.identity.as_str());
    assert_eq!(attestation["root"]["kind"], "trusted-root");
    assert!(attestation["signedAt"].is_string() && attestation["log"]["origin"].is_string(), "{attestation}");
    let all = ledger(&site);
    let [recorded] = of_type(&all, "foreign-attestation")[..] else { panic!("one") };
    assert_eq!(recorded["predicate"], *attestation);
    assert!(of_type(&all, "slsa.dev").is_empty(), "what others say becomes nothing of ours");

    // Byte for byte in the blobs, and missed when it is gone.
    let hash = attestation["document"]["hash"].as_str().unwrap();
    let blob = find(&site.home().join("blobs"), hash).expect("the document is a blob");
    assert_eq!(fs::read(&blob).unwrap(), fs::read(&bundle).unwrap());
    site.proofhouse(&["ledger", "verify"]).expect(0);
    let listed = site.proofhouse(&["verify", &vectors.path("artifact.bin")]);
    assert!(listed.out.contains("foreign") && listed.out.contains(&vectors.identity), "{}", listed.text());
    assert!(
        listed.err.is_empty() && listed.code == 1 && listed.out.contains("verify-no-provenance"),
        "{}",
        listed.text()
    );
    fs::remove_file(blob).unwrap();
    site.proofhouse(&["ledger", "verify"]).expect(4);
}

fn find(folder: &std::path::Path, hash: &str) -> Option<PathBuf> {
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if let Some(found) = find(&path, hash) {
                return Some(found);
            }
        } else if path.to_string_lossy().replace('/', "").ends_with(hash) {
            return Some(path);
        }
    }
    None
}

#[test]
fn of_several_all_are_taken_in_or_none() {
    let Some(vectors) = opened() else { return };
    let site = Site::new();
    let good = vectors.text("b-ca-dsse-full.json");
    let lines = |second: &str| format!("{}\n\n{second}\n", good.replace('\n', " "));
    site.write("two.jsonl", lines(&good.replace('\n', " ")));
    vectors.import(&site, &["two.jsonl"], &[]).expect(0);
    assert_eq!(ledger(&site).len(), 2);
    for (name, code) in [
        ("b-ca-dsse-notsa.json", "bundle-timestamp-missing"),
        ("b-ca-dsse-nosct.json", "bundle-sct"),
        ("b-ca-dsse-notlog.json", "bundle-log-entries"),
        ("b-ca-msg-full.json", "foreign-no-attestation"),
        ("b-key-dsse-full.json", "bundle-material"),
    ] {
        site.write("mixed.jsonl", lines(&vectors.text(name).replace('\n', " ")));
        let refused = vectors.import(&site, &["two.jsonl", "mixed.jsonl"], &[]);
        assert!(refused.err.contains(code), "{name}: {}", refused.err);
        assert!(refused.err.contains("mixed.jsonl, line 3"), "{}", refused.err);
        assert!(refused.code == 1 || refused.code == 2, "{}", refused.code);
    }
    for (text, code) in [("{", "foreign-malformed"), ("", "foreign-malformed"), ("{}\n", "bundle-malformed")]
    {
        site.write("bad.jsonl", text);
        assert!(vectors.import(&site, &["bad.jsonl"], &[]).expect(2).err.contains(code), "{text:?}");
    }
    let bundle = vectors.path("b-ca-dsse-full.json");
    let root = vectors.path("trusted_root.json");
    let other = [
        "attest",
        "import",
        &bundle,
        "--trusted-root",
        &root,
        "--certificate-identity",
        "https://no.example",
    ];
    let other = [other.as_slice(), &["--certificate-oidc-issuer", &vectors.issuer]].concat();
    assert!(site.proofhouse(&other).expect(1).err.contains("bundle-identity"));
    site.proofhouse(&["attest", "import", &bundle, "--trusted-root", &root]).expect(2);
    assert_eq!(ledger(&site).len(), 2, "nothing of all that was recorded");
}

#[test]
fn keys_and_bare_envelopes_too() {
    let Some(vectors) = opened() else { return };
    let site = Site::new();
    let (key, root) = (vectors.path("org.pub"), vectors.path("trusted_root.json"));
    let bundle = vectors.path("b-key-dsse-full.json");
    site.proofhouse(&["attest", "import", &bundle, "--trusted-root", &root, "--key", &key]).expect(0);
    let refused = site.proofhouse(&["attest", "import", &bundle, "--key", &key]).expect(2);
    assert!(refused.err.contains("foreign-root-differs"), "{}", refused.err);
    let document: Value = serde_json::from_str(&vectors.text("b-key-dsse-full.json")).unwrap();
    let mut envelope = document["dsseEnvelope"].clone();
    site.write("bare.json", envelope.to_string());
    let told = site
        .proofhouse(&["attest", "import", "bare.json", "--key", &key, "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(told[0]["attestation"]["form"], "dsse-envelope");
    assert_eq!(told[0]["attestation"]["log"], Value::Null, "in no log that anyone could ask");
    envelope["payloadType"] = "application/json".into();
    site.write("bare.json", envelope.to_string());
    let refused = site.proofhouse(&["attest", "import", "bare.json", "--key", &key]).expect(1);
    assert!(refused.err.contains("foreign-signature"), "{}", refused.err);
    assert_eq!(ledger(&site).len(), 2);
}

#[test]
fn what_another_installation_wrote_is_taken_in_under_its_trust_file() {
    let (there, here) = (super::commands::plain(), Site::new());
    let made = ["sh", "-c", "mkdir -p dist; echo made > dist/app"];
    let attest = ["attest", "--output", "dist/app", "--to", "evidence.jsonl", "--"];
    there.proofhouse(&[attest.as_slice(), &made].concat()).expect(0);
    here.write("trust.json", there.proofhouse(&["ledger", "trust"]).expect(0).out);
    here.write("app", "made\n");
    let evidence = there.project().join("evidence.jsonl").to_string_lossy().into_owned();
    here.proofhouse(&["attest", "import", &evidence, "--trust", "trust.json"]).expect(0);
    let all = ledger(&here);
    assert_eq!(of_type(&all, "foreign-attestation").len(), 3, "start, provenance and end of its run");
    let listed = here.proofhouse(&["verify", "app"]).expect(1);
    assert!(listed.out.contains("https://slsa.dev/provenance/v1"), "{}", listed.out);
    // Made here, too, and later: both are told.
    let same = here.proofhouse(&["attest", "--output", "app", "--", "sh", "-c", "echo made > app"]).expect(0);
    assert!(same.err.contains("not isolated"), "{}", same.err);
    let listed = here.proofhouse(&["verify", "app"]).expect(0);
    assert!(listed.out.contains("foreign") && listed.out.contains("built by"), "{}", listed.out);
    // Under our own trust file it is nothing.
    here.write("own.json", here.proofhouse(&["ledger", "trust"]).expect(0).out);
    here.proofhouse(&["attest", "import", &evidence, "--trust", "own.json"]).expect(1);
}
