//! Any bytes as identity token, as its parts before they are encoded, or as an issuer's key set.

#![no_main]

use attest::oidc::{Expected, KeySet, issuer_of, verify};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use model::{Timestamp, UserError};

/// Keys of the three kinds, made with joserfc; nobody has their other half any more.
const KEYS: &[u8] = include_bytes!("../seeds/identity_token/keys");

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let issuers = ["https://i.example".to_owned()];
    let expected = Expected { issuers: &issuers, audience: "proofhouse" };
    let known = KeySet::parse(&KEYS[1..]).expect("the seed is a key set");
    let token = match kind {
        b'k' => {
            // A set that is refused says why; one that is not can be asked.
            match KeySet::parse(bytes) {
                Ok(keys) => drop(verify(TOKEN, &keys, &expected, Timestamp::UNIX_EPOCH)),
                Err(error) => assert!(!error.code().is_empty() && !error.to_string().is_empty()),
            }
            return;
        }
        b't' => bytes.to_vec(),
        // Header and payload, with a line end between them.
        b'p' => {
            let (header, payload) = bytes.split_at(bytes.iter().position(|b| *b == b'\n').unwrap_or(0));
            let payload = payload.strip_prefix(b"\n").unwrap_or(payload);
            [URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload), "AAAA".into()]
                .join(".")
                .into_bytes()
        }
        _ => return,
    };
    let _ = issuer_of(&token, &expected);
    let refused =
        verify(&token, &known, &expected, Timestamp::UNIX_EPOCH).expect_err("it was signed by nobody");
    assert!(!refused.code().is_empty() && !refused.to_string().is_empty());
});

/// Header `{"alg":"RS256","kid":"rs"}`, issuer as expected, no signature.
const TOKEN: &[u8] = b"eyJhbGciOiJSUzI1NiIsImtpZCI6InJzIn0.eyJpc3MiOiJodHRwczovL2kuZXhhbXBsZSJ9.AAAA";
