//! One token: form, algorithm, issuer, audience, time, signature, in that order.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Sha256, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{KeySet, TokenError, jwks::Algorithm};
use crate::json;

/// Largest token that is read, in bytes; those of a CI have two or three thousand.
pub const MAX_TOKEN: usize = 16 << 10;
/// Seconds that two clocks may differ.
const LEEWAY: i64 = 60;

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Issuers that are trusted, exactly as they name themselves.
    pub issuers: &'a [String],
    /// For whom it must be made.
    pub audience: &'a str,
}

/// A token that holds. The token itself is a credential and is not in here.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Issuer.
    pub issuer: String,
    /// SHA-256 of the token as it was given, without blanks around it.
    pub digest: Sha256,
    /// When it was issued, where it says so.
    pub issued: Option<Timestamp>,
    /// Until when it holds.
    pub expires: Timestamp,
    /// Everything that it claims.
    pub claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

/// The parts of a token, decoded but not believed.
struct Parts<'a> {
    header: Header,
    claims: Map<String, Value>,
    signed: &'a [u8],
    signature: Vec<u8>,
}

/// The issuer that a token names, to know whose keys to fetch. Nothing is verified yet, but that the
/// issuer is one of those that are trusted.
///
/// # Errors
/// [`TokenError::Malformed`], [`TokenError::Algorithm`] or [`TokenError::Issuer`].
pub fn issuer_of(token: &[u8], expected: &Expected<'_>) -> Result<String, TokenError> {
    issuer(&parts(token)?.claims, expected)
}

/// Verifies a token at the moment `now`.
///
/// # Errors
/// The first [`TokenError`].
pub fn verify(
    token: &[u8],
    keys: &KeySet,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Token, TokenError> {
    let Parts { header, claims, signed, signature } = parts(token)?;
    let algorithm = algorithm(&header)?;
    let issuer = issuer(&claims, expected)?;
    keys.check(header.kid.as_deref(), algorithm, signed, &signature)?;
    audience(&claims, expected.audience)?;
    let (issued, expires) = times(&claims, now)?;
    Ok(Token { issuer, digest: Sha256::of(token.trim_ascii()), issued, expires, claims })
}

fn malformed(why: impl Into<String>) -> TokenError {
    TokenError::Malformed(why.into())
}

fn parts(token: &[u8]) -> Result<Parts<'_>, TokenError> {
    let token = token.trim_ascii();
    if token.len() > MAX_TOKEN {
        return Err(malformed(format!("{} bytes, at most {MAX_TOKEN} are read", token.len())));
    }
    let pieces: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = pieces.as_slice() else {
        return Err(malformed("three parts with points between them are expected"));
    };
    let signature =
        URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed("its signature is not base64url"))?;
    let header: Header = part(header, "header")?;
    if header.crit.is_some() {
        return Err(malformed("its header demands extensions (`crit`) that are not known here"));
    }
    algorithm(&header)?;
    let signed = &token[..token.len() - pieces[2].len() - 1];
    Ok(Parts { header, claims: self::payload(payload)?, signed, signature })
}

/// The payload of a token, not believed.
pub(crate) fn payload<T: DeserializeOwned>(text: &[u8]) -> Result<T, TokenError> {
    part(text, "payload")
}

fn part<T: DeserializeOwned>(text: &[u8], what: &str) -> Result<T, TokenError> {
    let bytes =
        URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed(format!("its {what} is not base64url")))?;
    json::parse(&bytes, MAX_TOKEN).map_err(|error| malformed(format!("its {what}: {error}")))
}

fn algorithm(header: &Header) -> Result<Algorithm, TokenError> {
    Algorithm::from_name(&header.alg).ok_or_else(|| TokenError::Algorithm(header.alg.clone()))
}

fn issuer(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<String, TokenError> {
    let found = claims.get("iss").and_then(Value::as_str).ok_or_else(|| malformed("it names no issuer"))?;
    match expected.issuers.iter().any(|issuer| issuer == found) {
        true => Ok(found.to_owned()),
        false => Err(TokenError::Issuer { found: found.to_owned() }),
    }
}

fn audience(claims: &Map<String, Value>, expected: &str) -> Result<(), TokenError> {
    let found: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    // One that is also for others could be used by any of them.
    match found.as_slice() {
        [one] if *one == expected => Ok(()),
        _ => Err(TokenError::Audience { found: found.join(", "), expected: expected.to_owned() }),
    }
}

/// When it was issued and until when it holds, if that is now.
fn times(claims: &Map<String, Value>, now: Timestamp) -> Result<(Option<Timestamp>, Timestamp), TokenError> {
    let at = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            // NumericDate may have a fraction; nobody needs it.
            let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
            let moment = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
            moment.map(Some).ok_or_else(|| malformed(format!("its `{name}` is no time")))
        }
    };
    let expires = at("exp")?.ok_or_else(|| malformed("it does not say until when it holds"))?;
    let seconds = now.as_second();
    if seconds >= expires.as_second().saturating_add(LEEWAY) {
        return Err(TokenError::Expired(expires));
    }
    let issued = at("iat")?;
    let early = |from: &Timestamp| from.as_second().saturating_sub(LEEWAY) > seconds;
    match [issued, at("nbf")?].into_iter().flatten().find(early) {
        Some(from) => Err(TokenError::NotYet(from)),
        None => Ok((issued, expires)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(token: Vec<u8>, header: String, claims: String) {
            let issuers = ["i".to_owned()];
            let expected = Expected { issuers: &issuers, audience: "a" };
            let keys = KeySet::parse(br#"{"keys":[]}"#).unwrap();
            let _ = verify(&token, &keys, &expected, Timestamp::UNIX_EPOCH);
            let made = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".") + ".AA";
            let _ = verify(made.as_bytes(), &keys, &expected, Timestamp::UNIX_EPOCH);
            let _ = KeySet::parse(&token);
        }
    }
}
