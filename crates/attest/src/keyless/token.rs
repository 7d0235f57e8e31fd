//! The identity token as far as signing needs it. Whether it is genuine is for Fulcio to find out.

use model::Timestamp;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::KeylessError;
use crate::{
    keys::signers::repeated,
    oidc::{MAX_TOKEN, payload},
};

/// A token that is to be shown to Fulcio: a credential, so it is never printed.
pub struct IdentityToken {
    text: Zeroizing<String>,
    issuers: Vec<String>,
    names: Vec<String>,
}

impl IdentityToken {
    /// Reads a JSON Web Token of at most [`MAX_TOKEN`] bytes that is in force at `now`.
    ///
    /// # Errors
    /// [`KeylessError::Token`] or [`KeylessError::TokenExpired`].
    pub fn parse(bytes: &[u8], now: Timestamp) -> Result<Self, KeylessError> {
        let wrong = |why: &str| KeylessError::Token(why.to_owned());
        let bytes = bytes.trim_ascii();
        if bytes.len() > MAX_TOKEN {
            return Err(wrong("it is larger than 16 KiB"));
        }
        let text = Zeroizing::new(str::from_utf8(bytes).map_err(|_| wrong("it is not text"))?.to_owned());
        let parts: Vec<&str> = text.split('.').collect();
        let [_, claims, signature] = parts.as_slice() else {
            return Err(wrong("three parts with points between them are expected"));
        };
        if signature.is_empty() {
            return Err(wrong("nobody signed it"));
        }
        let claims: Map<String, Value> =
            payload(claims.as_bytes()).map_err(|error| KeylessError::Token(repeated(&error.to_string())))?;
        let said = |place: Option<&Value>| place.and_then(Value::as_str).map(str::to_owned);
        let expires = claims.get("exp").and_then(Value::as_i64).ok_or(wrong("it says no time of expiry"))?;
        let expires = Timestamp::from_second(expires).map_err(|_| wrong("its time of expiry is absurd"))?;
        if expires <= now {
            return Err(KeylessError::TokenExpired(expires));
        }
        let issuer = said(claims.get("iss")).ok_or(wrong("it names no issuer"))?;
        // A broker of identities tells whom it asked.
        let behind = said(claims.get("federated_claims").and_then(|claims| claims.get("connector_id")));
        let names: Vec<_> = ["sub", "email"].iter().filter_map(|name| said(claims.get(*name))).collect();
        if names.is_empty() {
            return Err(wrong("it names nobody"));
        }
        Ok(Self { issuers: [Some(issuer), behind].into_iter().flatten().collect(), names, text })
    }

    /// The token itself.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a certificate may name `issuer`: the token's own, or the one behind a broker.
    pub(super) fn is_by(&self, issuer: &str) -> bool {
        self.issuers.iter().any(|known| known == issuer)
    }

    /// Whether a mail address in a certificate is the token's. Other identities are made from claims by
    /// rules that each Fulcio is configured with.
    pub(super) fn is_of(&self, mail: &str) -> bool {
        self.names.iter().any(|known| known == mail)
    }

    /// Whether `text` gives away what makes the token a credential.
    pub fn is_in(&self, text: &str) -> bool {
        self.text.rsplit('.').next().is_some_and(|signature| text.contains(signature))
    }
}
