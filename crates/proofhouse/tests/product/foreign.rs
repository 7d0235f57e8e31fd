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
    assert!(ask("b-ca-msg-full.json", &person, "sha256:12").expect(2).err.contains("digest-malformed"));
    assert!(ask("meta.json", &person, &file).expect(2).err.contains("bundle-malformed"));
    ask("b-ca-msg-full.json", &[], &file).expect(2);
}
