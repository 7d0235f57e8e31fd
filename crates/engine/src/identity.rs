//! Identity tokens of a CI: where they come from, whose keys they are checked with, and the bounded way
//! to both over the network.
//!
//! Requests go to names that somebody chose, by https, never by a proxy or a redirect, and only to
//! addresses that are allowed: a token's issuer must not be a way into a private network. The token is a
//! credential; it is sent nowhere and not recorded.

mod fetch;

use attest::oidc::{self, Expected, KeySet, Token};
use model::{Exit, Problem, Sha256, Timestamp, problem::erase};
use serde::Deserialize;

pub use fetch::Reach;
pub(crate) use fetch::{Ask, address, ask, wrong};

use crate::ci::Environment;

/// Variable with a token, for CIs that hand it out in a variable of a chosen name.
pub const TOKEN: &str = "PROOFHOUSE_IDENTITY_TOKEN";
/// Variables in which GitHub Actions says where a job gets its token, and with what.
const REQUEST: [&str; 2] = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
/// Largest discovery document or token answer.
const LARGEST: usize = 256 << 10;

/// How tokens are believed.
pub struct Rules<'a> {
    /// Issuers that are trusted.
    pub issuers: &'a [String],
    /// For whom a token must be made.
    pub audience: &'a str,
    /// Addresses that may be asked.
    pub reach: Reach,
    /// The issuer's keys, when they are not to be fetched.
    pub keys: Option<&'a [u8]>,
}

/// A token that was verified, and the digest of the key set that it was verified with.
pub struct Proven {
    /// The token's claims.
    pub token: Token,
    /// SHA-256 of the key set.
    pub keys: Sha256,
}

/// What an issuer says of itself (OpenID Connect Discovery 1.0 section 3), as far as we ask.
#[derive(Deserialize)]
pub(crate) struct Discovery {
    issuer: String,
    jwks_uri: String,
    pub(crate) authorization_endpoint: Option<String>,
    pub(crate) token_endpoint: Option<String>,
    pub(crate) userinfo_endpoint: Option<String>,
    pub(crate) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    pub(crate) scopes_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Answer {
    value: String,
}

/// The token of this job: of the variable, or of the service of GitHub Actions when the job may ask it.
///
/// # Errors
/// The service cannot be asked, or answers something else.
pub async fn token(environment: &Environment, rules: &Rules<'_>) -> Result<Option<Vec<u8>>, Problem> {
    let given = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    if let Some(token) = given(TOKEN) {
        return Ok(Some(token.clone().into_bytes()));
    }
    let [Some(address), Some(credential)] = REQUEST.map(given) else { return Ok(None) };
    let mut url = fetch::address(address, rules.reach)?;
    url.query_pairs_mut().append_pair("audience", rules.audience);
    let bearer = Some(credential.clone());
    let bytes = ask(&Ask { bearer, ..Ask::get(url, LARGEST) }, rules.reach).await?;
    let answer: Answer = read(&bytes, address)?;
    Ok(Some(answer.value.into_bytes()))
}

/// Verifies a token. The keys are those given, or those that the issuer publishes now.
///
/// # Errors
/// The token is refused, or its issuer cannot be asked.
pub async fn prove(token: &[u8], rules: &Rules<'_>, now: Timestamp) -> Result<Proven, Problem> {
    let expected = Expected { issuers: rules.issuers, audience: rules.audience };
    let fetched;
    let keys = match rules.keys {
        Some(keys) => keys,
        None => {
            // Only an issuer that is trusted is ever asked anything.
            let issuer = oidc::issuer_of(token, &expected).map_err(|e| erase(&e))?;
            fetched = keys_of(&issuer, rules.reach).await?;
            &fetched
        }
    };
    let set = KeySet::parse(keys).map_err(|e| erase(&e))?;
    let token = oidc::verify(token, &set, &expected, now).map_err(|e| erase(&e))?;
    Ok(Proven { token, keys: Sha256::of(keys) })
}

/// The key set that an issuer publishes (OpenID Connect Discovery 1.0, section 4).
pub(crate) async fn keys_of(issuer: &str, reach: Reach) -> Result<Vec<u8>, Problem> {
    let found = discover(issuer, reach).await?;
    let url = fetch::address(&found.jwks_uri, reach)?;
    ask(&Ask::get(url, oidc::MAX_KEY_SET), reach).await
}

/// What an issuer says of itself.
pub(crate) async fn discover(issuer: &str, reach: Reach) -> Result<Discovery, Problem> {
    let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let url = fetch::address(&place, reach)?;
    let bytes = ask(&Ask::get(url, LARGEST), reach).await?;
    let found: Discovery = read(&bytes, &place)?;
    if found.issuer != issuer {
        return Err(wrong(&place, &format!("it is the configuration of `{}`", found.issuer)));
    }
    Ok(found)
}

pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8], place: &str) -> Result<T, Problem> {
    let checked = attest::check_json(bytes, LARGEST).map_err(|e| wrong(place, &e.to_string()));
    checked.and_then(|()| serde_json::from_slice(bytes).map_err(|e| wrong(place, &e.to_string())))
}

/// There should be a token and there is none.
pub fn missing() -> Problem {
    let message = "no identity token is given, and this job may not ask for one";
    Problem::new("token-missing", Exit::Input, message).with_hint(
        "give --identity-token or PROOFHOUSE_IDENTITY_TOKEN; in GitHub Actions `permissions: id-token: write`",
    )
}
