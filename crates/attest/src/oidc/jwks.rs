//! The keys of an issuer: a JSON Web Key Set (RFC 7517).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::TokenError;
use crate::json;

/// Largest key set that is read, in bytes.
pub const MAX_KEY_SET: usize = 1 << 20;
/// Most keys in a set; issuers have a handful.
pub const MAX_KEYS: usize = 100;

/// Algorithms by which a token may be signed (RFC 7518, RFC 8037). There is no other: what is not named
/// here, `none` and shared secrets above all, has no code that could accept it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2048 to 8192 bits.
    Rs256,
    /// ECDSA on P-256 with SHA-256, signature as two numbers of 32 bytes.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "ES256" => Self::Es256,
            // RFC 9864 gives it a name of its own.
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// The keys of an issuer. Keys of other kinds than ours are skipped, as RFC 7517 asks.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Raw(Vec<u8>),
}

#[derive(Deserialize)]
struct WireSet {
    keys: Vec<Wire>,
}

#[derive(Deserialize)]
struct Wire {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

impl KeySet {
    /// Reads a key set of at most [`MAX_KEY_SET`] bytes and [`MAX_KEYS`] keys.
    ///
    /// # Errors
    /// [`TokenError::Keys`]: not such a set, or two keys have one name.
    pub fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let wire: WireSet =
            json::parse(bytes, MAX_KEY_SET).map_err(|error| TokenError::Keys(error.to_string()))?;
        if wire.keys.len() > MAX_KEYS {
            let message = format!("it has {} keys, at most {MAX_KEYS} are read", wire.keys.len());
            return Err(TokenError::Keys(message));
        }
        let keys: Vec<Key> = wire.keys.into_iter().filter_map(Key::read).collect();
        for (n, key) in keys.iter().enumerate() {
            if let Some(id) = key.id.as_ref().filter(|id| keys[..n].iter().any(|k| k.id.as_ref() == Some(id)))
            {
                return Err(TokenError::Keys(format!("two keys are named `{id}`")));
            }
        }
        Ok(Self { keys })
    }

    /// Whether the key of that name made `signature`. A token without a key's name can only be of a set
    /// with one key: trying all of them would make the name meaningless.
    pub(super) fn check(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let named = |key: &&Key| id.is_none() || key.id.as_deref() == id;
        let mut found = self.keys.iter().filter(named);
        let unknown = || TokenError::UnknownKey(id.unwrap_or("(the token names none)").to_owned());
        let (key, None) = (found.next().ok_or_else(unknown)?, found.next()) else { return Err(unknown()) };
        if key.algorithm != algorithm {
            return Err(TokenError::Algorithm(format!(
                "{}, by a key for {}",
                algorithm.name(),
                key.algorithm.name()
            )));
        }
        if key.verify(message, signature) { Ok(()) } else { Err(TokenError::Signature) }
    }
}

impl Key {
    /// The key, when it is of a kind that we can use and is meant for signatures.
    fn read(wire: Wire) -> Option<Self> {
        if wire.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let (algorithm, value) = match (wire.kty.as_str(), wire.crv.as_deref()) {
            ("RSA", _) => (Algorithm::Rs256, Value::Rsa { n: bytes(&wire.n)?, e: bytes(&wire.e)? }),
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes(&wire.x)?, bytes(&wire.y)?);
                let fits = x.len() == 32 && y.len() == 32;
                (Algorithm::Es256, Value::Raw(fits.then(|| [&[4], x.as_slice(), &y].concat())?))
            }
            ("OKP", Some("Ed25519")) => {
                (Algorithm::EdDsa, Value::Raw(bytes(&wire.x).filter(|x| x.len() == 32)?))
            }
            _ => return None,
        };
        let other = wire.alg.as_deref().is_some_and(|alg| Algorithm::from_name(alg) != Some(algorithm));
        (!other).then_some(Self { id: wire.kid, algorithm, value })
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match (&self.value, self.algorithm) {
            (Value::Rsa { n, e }, _) => {
                let key = RsaPublicKeyComponents { n, e };
                return key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok();
            }
            (Value::Raw(raw), Algorithm::EdDsa) => UnparsedPublicKey::new(&ED25519, raw),
            (Value::Raw(raw), _) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, raw),
        }
        .verify(message, signature)
        .is_ok()
    }
}
