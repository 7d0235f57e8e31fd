//! Any bytes as trusted root, signing certificate or time-stamp of a Sigstore bundle. The seeds are made
//! by `seeds/sigstore.py`.

#![no_main]

use attest::{
    Bundle,
    bundle::{Content, Material, MessageSignature},
    sigstore::{Artifact, Signer, TrustedRoot, verify},
};
use libfuzzer_sys::fuzz_target;
use model::{Timestamp, UserError};

const ROOT: &[u8] = include_bytes!("../seeds/sigstore/root");
const CERTIFICATE: &[u8] = include_bytes!("../seeds/sigstore/certificate");
const TIMESTAMP: &[u8] = include_bytes!("../seeds/sigstore/timestamp");

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let (mut root, mut certificate, mut stamp) = (&ROOT[1..], &CERTIFICATE[1..], &TIMESTAMP[1..]);
    match kind {
        b'r' => root = bytes,
        b'c' => certificate = bytes,
        b't' => stamp = bytes,
        _ => return,
    }
    let Ok(root) = TrustedRoot::parse(root) else { return };
    let signature = MessageSignature { message_digest: None, signature: b"signature".to_vec() };
    let bundle = Bundle {
        content: Content::Message(signature),
        material: Material::Certificate(certificate.to_vec()),
        tlog: Vec::new(),
        timestamps: vec![stamp.to_vec()],
    };
    assert_eq!(Bundle::parse(&bundle.to_json().unwrap()).as_ref(), Ok(&bundle));
    let person = "https://seed.example".to_owned();
    let signer = Signer::Identity { identity: person.clone() + "/w", issuer: person };
    let verdict = verify(&bundle, Artifact::Bytes(b"x"), &signer, &root, Timestamp::UNIX_EPOCH);
    let refusal = verdict.expect_err("a certificate without transparency was accepted");
    assert!(!refusal.code().is_empty() && !refusal.to_string().is_empty());
});
