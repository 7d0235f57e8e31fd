//! Base64 (RFC 4648) as JSON documents carry it: standard alphabet out, strict in.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Standard alphabet with padding.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Standard alphabet with padding; the last unused bits must be zero.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// As [`decode`], and also the URL-safe alphabet, which DSSE allows.
pub fn decode_any(text: &str) -> Option<Vec<u8>> {
    decode(text).or_else(|| URL_SAFE.decode(text).ok())
}

/// `#[serde(serialize_with)]` half for bytes.
pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(bytes))
}

/// `#[serde(deserialize_with)]` half for bytes.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    decode_any(&text).ok_or_else(|| D::Error::custom("not base64"))
}
