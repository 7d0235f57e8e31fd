//! Any bytes as signing config, as payload of an identity token, or as what a Fulcio answers. What a Rekor
//! answers is the entry of a bundle (`verify_bundle`). The certificate in the seed was issued by the Fulcio of
//! `interop/fulcio.mjs`.

#![no_main]

use attest::keyless::{IdentityToken, Request, SigningConfig};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use model::{Timestamp, UserError};

/// A token of the seed's issuer and identity, in force in the year 2000.
const PAYLOAD: &[u8] = include_bytes!("../seeds/keyless/token");

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let now = Timestamp::from_second(946_684_800).expect("a time");
    let token = |payload: &[u8]| format!("e30.{}.AAAA", URL_SAFE_NO_PAD.encode(payload));
    let refused = match kind {
        b's' => SigningConfig::parse(bytes).and_then(|config| config.services(now)).map(|services| {
            assert!((1..=16).contains(&services.stampers.len()));
        }),
        b't' => IdentityToken::parse(token(bytes).as_bytes(), now).map(drop),
        b'f' => {
            let token = IdentityToken::parse(token(&PAYLOAD[1..]).as_bytes(), now).expect("the seed is good");
            let request = Request::new(&token).expect("there is randomness");
            Err(request.certified(bytes).err().expect("a certificate for a key that is new"))
        }
        _ => return,
    };
    if let Err(error) = refused {
        assert!(!error.code().is_empty() && !error.to_string().is_empty() && error.hint().is_some());
    }
});
