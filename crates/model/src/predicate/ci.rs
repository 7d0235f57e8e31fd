//! What a continuous-integration system says about a build, and what of it was proven.

use serde::{Deserialize, Serialize};

use crate::{Sha256, Timestamp};

/// Claims about the job that a command ran in. They come from environment variables, which the job can set
/// as it likes; what a token of the system's issuer confirmed is named in [`Confirmed::claims`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CiClaims {
    /// `github-actions`, `gitlab-ci` or `jenkins`.
    pub system: String,
    /// An issuer's token confirmed some of these claims and contradicted none.
    pub verified: bool,
    /// The claims by name, as far as the system gives them: `repository`, `ref`, `refProtected` (the
    /// forge's own word on its protection of that branch or tag), `commit`, `workflow`, `job`,
    /// `run`, `attempt`, `runner`, `actor`, `event`, `address`.
    #[serde(flatten)]
    pub claims: std::collections::BTreeMap<String, String>,
    /// What was proven; present when `verified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Confirmed>,
}

/// An identity token that was verified. The token itself is a credential and is never recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirmed {
    /// Issuer of the token.
    pub issuer: String,
    /// `sub` of the token.
    pub subject: String,
    /// URI of who runs, made of the token's claims only; absent when they do not say enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// For whom the token was made.
    pub audience: String,
    /// SHA-256 of the token.
    pub digest: Sha256,
    /// When it was issued, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Timestamp>,
    /// Until when it held.
    pub expires: Timestamp,
    /// When it was verified.
    pub verified_at: Timestamp,
    /// SHA-256 of the key set that it was verified with.
    pub keys: Sha256,
    /// Names of the claims that the token says, too.
    pub claims: Vec<String>,
}

impl CiClaims {
    /// Who runs, and who vouches for that: identity URI and issuer. Only what a token proved.
    pub fn proven_identity(&self) -> Option<(&str, &str)> {
        let token = self.token.as_ref().filter(|_| self.verified)?;
        Some((token.identity.as_deref()?, &token.issuer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 0.1 writes it.
    const FIRST: &str = r#"{"system":"github-actions","verified":true,"commit":"c","run":"1","token":{
        "issuer":"https://i","subject":"s","identity":"https://h/o/r/w@refs/heads/main","audience":"proofhouse",
        "digest":"0000000000000000000000000000000000000000000000000000000000000000",
        "expires":"2026-01-02T03:04:05Z","verifiedAt":"2026-01-02T03:00:00Z",
        "keys":"0000000000000000000000000000000000000000000000000000000000000000","claims":["commit"]}}"#;

    #[test]
    fn the_first_form_stays_readable_and_is_written_back_the_same() {
        let claims: CiClaims = serde_json::from_str(FIRST).unwrap();
        assert_eq!(claims.claims["run"], "1");
        assert_eq!(claims.proven_identity(), Some(("https://h/o/r/w@refs/heads/main", "https://i")));
        let value: serde_json::Value = serde_json::from_str(FIRST).unwrap();
        assert_eq!(serde_json::to_value(&claims).unwrap(), value);
        let unverified = CiClaims { verified: false, ..claims };
        assert_eq!(unverified.proven_identity(), None);
    }
}
