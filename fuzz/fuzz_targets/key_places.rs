//! Any bytes as the description of a key's place, as the answer of a key service, and as what a token
//! gives: the first byte says which.

#![no_main]

use std::sync::LazyLock;

use attest::keys::{
    Algorithm, PublicKey,
    signers::{AwsKms, KeyPlace, PlaceError, Transit, point},
};
use libfuzzer_sys::fuzz_target;
use model::UserError;

static TRANSIT: LazyLock<Transit> = LazyLock::new(|| {
    let text = include_bytes!("../seeds/key_places/transit_place");
    let Ok(KeyPlace::Transit(place)) = serde_json::from_slice(&text[1..]) else { panic!("the seed") };
    place
});
static KMS: LazyLock<AwsKms> = LazyLock::new(|| {
    let text = include_bytes!("../seeds/key_places/kms_place");
    let Ok(KeyPlace::AwsKms(place)) = serde_json::from_slice(&text[1..]) else { panic!("the seed") };
    place
});

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind {
        b'p' => place(bytes),
        b't' => key(TRANSIT.key_in(bytes)),
        b's' => drop(TRANSIT.signature_in(bytes)),
        b'k' => key(KMS.key_in(bytes)),
        b'g' => drop(KMS.signature_in(bytes)),
        b'e' => Algorithm::ALL.into_iter().for_each(|algorithm| drop(point::public_key(algorithm, bytes))),
        b'r' => raw(bytes),
        _ => {}
    }
});

/// What is read is written again the same.
fn place(bytes: &[u8]) {
    let Ok(place) = serde_json::from_slice::<KeyPlace>(bytes) else { return };
    let text = serde_json::to_vec(&place).expect("strings and numbers");
    assert_eq!(serde_json::from_slice::<KeyPlace>(&text).expect("our own text"), place);
}

/// A key can be written and read, an error told in one line.
fn key(read: Result<PublicKey, PlaceError>) {
    match read {
        Ok(key) => assert_eq!(PublicKey::from_spki(&key.spki()), Ok(key)),
        Err(error) => {
            let text = error.to_string();
            assert!(error.hint().is_some() && !text.contains('\n') && text.len() < 4096, "{text}");
        }
    }
}

/// 64 bytes become DER of the length that its head says; nothing else becomes anything.
fn raw(bytes: &[u8]) {
    let der = point::signature_der(bytes);
    assert_eq!(der.is_some(), bytes.len() == 64);
    if let Some(der) = der {
        assert!(der[0] == 0x30 && usize::from(der[1]) == der.len() - 2 && (8..=72).contains(&der.len()));
    }
}
