//! New keys on a token: made there, unable to leave, able to sign and nothing else.

use cryptoki::{
    mechanism::Mechanism,
    object::{Attribute, ObjectClass},
};

use super::{
    Pkcs11,
    key::{objects, wanted},
    token::{calls, told},
};
use crate::keys::{
    Algorithm, KeyError, PublicKey, random,
    signers::{KeyPlace, PlaceError, open},
};

/// `CKA_EC_PARAMS` of P-256: its object identifier (RFC 5480).
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `CKA_EC_PARAMS` of Ed25519: the name `edwards25519` as PrintableString (PKCS#11 v3.0, 2.3.5).
const ED25519: [u8; 14] = *b"\x13\x0cedwards25519";

/// Makes a key pair at `place`, where none of this label or id may be. Returns the place, now with the
/// id that was chosen if there was none, and the public key.
///
/// # Errors
/// `key-exists`; any other [`KeyError`].
pub fn generate(place: &Pkcs11, algorithm: Algorithm) -> Result<(Pkcs11, PublicKey), KeyError> {
    let told = |error| told(place, &error);
    let named = wanted(place)?;
    let calls = calls(place)?;
    let session = calls.session(place, true)?;
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        if !objects(&session, class, &named).map_err(told)?.is_empty() {
            return Err(PlaceError::Exists(place.name()).into());
        }
    }
    let place = match place.id {
        Some(_) => place.clone(),
        None => Pkcs11 { id: Some(new_id()?), ..place.clone() },
    };
    let named = wanted(&place)?;
    let (mechanism, parameters) = match algorithm {
        Algorithm::EcdsaP256 => (Mechanism::EccKeyPairGen, P256.to_vec()),
        Algorithm::Ed25519 => (Mechanism::EccEdwardsKeyPairGen, ED25519.to_vec()),
    };
    let mut public = vec![
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::EcParams(parameters),
    ];
    public.extend(named.iter().cloned());
    let mut private = vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ];
    private.extend(named);
    session.generate_key_pair(&mechanism, &public, &private).map_err(told)?;
    drop(session);
    drop(calls);
    let made = open(&KeyPlace::Pkcs11(place.clone()), None)?.public_key().clone();
    Ok((place, made))
}

fn new_id() -> Result<String, KeyError> {
    Ok(random::<8>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
