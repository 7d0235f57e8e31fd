//! Bundles that others made, judged through the binary by the rules that Sigstore clients share.

use std::{fs, path::PathBuf};

use crate::support::Site;

pub fn vectors() -> Option<PathBuf> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("PROOFHOUSE_SHARED_DATA").map_or_else(default, PathBuf::from);
    let folder = data.join("bundles");
    if !folder.is_dir() {
        println!("skipped: {} is not here", folder.display());
    }
    folder.is_dir().then_some(folder)
}

#[test]
fn a_foreign_bundle_is_verified_by_identity_by_key_by_file_and_by_digest() {
    let Some(folder) = vectors() else { return };
    let site = Site::new();
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let meta: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("meta.json")).unwrap()).unwrap();
    let (identity, issuer) = (meta["san"].as_str().unwrap(), meta["issuer"].as_str().unwrap());
    let file = path("artifact.bin");
    let digest = format!("sha256:{}", model::Sha256::of(fs::read(&file).unwrap()).hex());
    let ask = |bundle: &str, who: &[&str], artifact: &str| {
        let (bundle, root) = (path(bundle), path("trusted_root.json"));
        let start = ["conformance", "verify-bundle", "--bundle", &bundle, "--trusted-root", &root];
        site.proofhouse(&[start.as_slice(), who, &[artifact]].concat())
    };
    let person = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer];
    let key = path("org.pub");
    let key = ["--key", key.as_str()];
    for artifact in [&file, &digest] {
        for kind in ["msg", "dsse"] {
            let told = ask(&format!("b-ca-{kind}-full.json"), &person, artifact).expect(0);
            assert!(told.out.contains(identity), "{}", told.out);
            ask(&format!("b-key-{kind}-full.json"), &key, artifact).expect(0);
            let refused = ask(&format!("b-ca-{kind}-notsa.json"), &person, artifact).expect(1);
            assert!(refused.err.contains("bundle-timestamp-missing"), "{}", refused.err);
        }
    }
    let other = ["--certificate-identity", "https://elsewhere.example", "--certificate-oidc-issuer", issuer];
    assert!(ask("b-ca-msg-full.json", &other, &file).expect(1).err.contains("bundle-identity"));
    let other =
        ["--certificate-identity", identity, "--certificate-oidc-issuer", "https://elsewhere.example"];
    assert!(ask("b-ca-msg-full.json", &other, &file).expect(1).err.contains("bundle-issuer"));
    assert!(ask("b-ca-msg-full.json", &key, &file).expect(1).err.contains("bundle-material"));
    assert!(ask("b-ca-msg-full.json", &person, &path("meta.json")).expect(1).err.contains("bundle-digest"));
    // What is no whole digest is the name of a file.
    assert!(ask("b-ca-msg-full.json", &person, "sha256:12").expect(2).err.contains("sha256:12"));
    site.write("sha256:12", fs::read(&file).unwrap());
    ask("b-ca-msg-full.json", &person, "sha256:12").expect(0);
    assert!(ask("meta.json", &person, &file).expect(2).err.contains("bundle-malformed"));
    ask("b-ca-msg-full.json", &[], &file).expect(2);
}

#[test]
fn the_shared_protocol_signs_and_verifies_files_and_statements_under_our_own_root() {
    let site = Site::new();
    site.proofhouse(&["trust", "init", "--host", "ph.acme.example"]).expect(0);
    site.proofhouse(&["trust", "root", "--to", "root.json"]).expect(0);
    site.write("file.bin", "some bytes\n");
    let digest = model::Sha256::of("some bytes\n").hex();
    let said = |kind: &str, predicate: &str| {
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"f","digest":{{"sha256":"{digest}"}}}}],"predicateType":"{kind}","predicate":{predicate}}}"#
        )
    };
    site.write("said.json", said("https://example.com/review/v1", r#"{"by":"me"}"#));
    let sign = |more: &[&str], file: &str| {
        let token = ["conformance", "sign-bundle", "--identity-token", "e30.e30.e30", "--bundle", "b.json"];
        site.proofhouse(&[token.as_slice(), more, &[file]].concat())
    };
    let verify = |identity: &str, more: &[&str], artifact: &str| {
        let who =
            ["--certificate-identity", identity, "--certificate-oidc-issuer", "https://ph.acme.example"];
        let start = ["conformance", "verify-bundle", "--bundle", "b.json"];
        site.proofhouse(&[start.as_slice(), who.as_slice(), more, &[artifact]].concat())
    };
    let root = ["--trusted-root", "root.json"];
    let identity = |site: &Site| -> String {
        let ask = ["verify", "--statements", "--bundle", "b.json", "--format", "json"];
        let told = site.proofhouse(&ask).expect(0).json();
        told["statements"][0]["signer"].as_str().unwrap().to_owned()
    };
    sign(&root, "file.bin").expect(0);
    let by = identity(&site);
    verify(&by, &root, "file.bin").expect(0);
    verify(&by, &root, &format!("sha256:{digest}")).expect(0);
    assert!(verify(&by, &[], "file.bin").expect(2).err.contains("trusted-root-missing"));
    assert!(verify(&by, &["--staging"], "file.bin").expect(2).err.contains("trusted-root-missing"));
    // A file that is named like a digest is a file.
    site.write(&format!("sha256:{digest}"), "other bytes");
    verify(&by, &root, &format!("sha256:{digest}")).expect(1);

    sign(&[&["--in-toto"][..], &root].concat(), "said.json").expect(0);
    verify(&identity(&site), &root, "file.bin").expect(0);
    site.write("said.json", said("https://slsa.dev/provenance/v1", "{}"));
    assert!(sign(&["--in-toto"], "said.json").expect(2).err.contains("attest-predicate-type"));
    site.write("said.json", said("https://in-toto.io/attestation/test-result/v0.1", r#"{"proofhouse":{}}"#));
    assert!(sign(&["--in-toto"], "said.json").expect(2).err.contains("attest-predicate"));
    assert!(sign(&["--in-toto"], "file.bin").expect(2).err.contains("attest-predicate"));
    assert!(sign(&["--staging"], "file.bin").expect(3).err.contains("signing-services"));
}
