//! Bundles made by another implementation with an organisation's own roots.

use std::path::PathBuf;

use attest::{
    Bundle, PublicKey, Trust,
    trust::{TrustedKey, TrustedLog},
    verify::{Failure, Policy, verify_artifact, verify_bundle},
};
use model::Sha256;

use crate::support::at;

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
    assert_eq!(verdict("b-ca-dsse-full.json"), Failure::Certificate);

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
