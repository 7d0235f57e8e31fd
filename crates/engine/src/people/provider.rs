//! Signing in with an OpenID Connect provider: authorization code flow with PKCE (OpenID Connect Core 1.0 section
//! 3.1; RFC 7636; RFC 9207; RFC 9700). Names of people are believed only from an ID token that the provider's
//! own key signed for us, in answer to a request of ours.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use govern::organisation::{Network, Provider};
use model::{Exit, Problem, Sha256, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::{keys::IssuerKeys, reach};
use crate::identity::{Ask, Discovery, address, ask, discover, read, wrong};

/// Largest answer of a token endpoint, in bytes.
const LARGEST: usize = 64 << 10;
/// Longest secret of a client, in bytes.
const LONGEST_SECRET: u64 = 4 << 10;
/// Most groups of a person that are looked at.
const MOST_GROUPS: usize = 500;

/// A sign-in that began: where to send the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The provider's address, with everything in its query.
    pub url: String,
}

/// What comes back, and what was remembered since [`start`].
pub struct Exchange<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// Our address that the provider sent the browser back to.
    pub redirect: &'a str,
    /// The code.
    pub code: &'a str,
    /// PKCE verifier.
    pub verifier: &'a str,
    /// Nonce.
    pub nonce: &'a str,
}

/// Where to send a browser. `state`, `nonce` and `verifier` are fresh secrets of the caller.
///
/// # Errors
/// The provider cannot be asked where its pages are, or may not be.
pub async fn start(
    provider: &Provider,
    network: Network,
    redirect: &str,
    [state, nonce, verifier]: [&str; 3],
) -> Result<Started, Problem> {
    let found = discover(&provider.issuer, reach(network)).await?;
    let place = found.authorization_endpoint.ok_or_else(|| incomplete(provider, "authorization_endpoint"))?;
    let mut url = address(&place, reach(network))?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::of(verifier).0);
    let scope = if provider.groups.is_some() { "openid profile groups" } else { "openid profile" };
    // A provider refuses scopes that it does not know, or passes them over: only what it names is asked for.
    let known = |word: &&str| found.scopes_supported.as_ref().is_none_or(|all| all.iter().any(|s| s == word));
    let scope: Vec<&str> = scope.split(' ').filter(|word| *word == "openid" || known(word)).collect();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client)
        .append_pair("redirect_uri", redirect)
        .append_pair("scope", &scope.join(" "))
        .append_pair("state", state)
        .append_pair("nonce", nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(Started { url: url.into() })
}

#[derive(Deserialize)]
struct Answer {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

/// Who signed in: their name as the organisation knows it (`claim@provider`), and their groups likewise.
///
/// # Errors
/// The provider refuses the code or cannot be asked; its token is not for us, not of this sign-in, or has no name.
pub async fn finish(
    asked: &Exchange<'_>,
    network: Network,
    keys: &IssuerKeys,
    now: Timestamp,
) -> Result<(String, Vec<String>), Problem> {
    let provider = asked.provider;
    let found = discover(&provider.issuer, reach(network)).await?;
    let userinfo = found.userinfo_endpoint.clone();
    let bytes = ask(&request(asked, found, network)?, reach(network)).await?;
    let answer: Answer = read(&bytes, &provider.issuer)?;
    let token = answer.id_token.as_bytes();
    let token = keys.verify(token, &provider.issuer, &provider.client, reach(network), now).await?;
    if token.claims.get("nonce").and_then(Value::as_str) != Some(asked.nonce) {
        return Err(wrong(&provider.issuer, "its token is not an answer to this sign-in"));
    }
    let mut claims = token.claims;
    let wanted = [Some(&provider.person), provider.groups.as_ref()];
    if wanted.into_iter().flatten().any(|claim| !claims.contains_key(claim))
        && let (Some(place), Some(access)) = (userinfo, answer.access_token)
    {
        more(provider, network, &place, access, &mut claims).await?;
    }
    Ok((person(provider, &claims)?, groups(provider, &claims)))
}

/// Claims that a provider tells only when it is asked with the access token (OpenID Connect Core 1.0 section 5.3).
/// They count when they are about the same subject; what the signed token says stays.
async fn more(
    provider: &Provider,
    network: Network,
    place: &str,
    access: String,
    claims: &mut Map<String, Value>,
) -> Result<(), Problem> {
    let url = address(place, reach(network))?;
    let bytes = ask(&Ask { bearer: Some(access), ..Ask::get(url, LARGEST) }, reach(network)).await?;
    let told: Map<String, Value> = read(&bytes, &provider.issuer)?;
    if told.get("sub").is_none() || told.get("sub") != claims.get("sub") {
        return Err(wrong(&provider.issuer, "it tells of somebody else than its token"));
    }
    for (claim, value) in told {
        claims.entry(claim).or_insert(value);
    }
    Ok(())
}

fn request(asked: &Exchange<'_>, found: Discovery, network: Network) -> Result<Ask, Problem> {
    let provider = asked.provider;
    let place = found.token_endpoint.ok_or_else(|| incomplete(provider, "token_endpoint"))?;
    let mut form = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", asked.code.to_owned()),
        ("redirect_uri", asked.redirect.to_owned()),
        ("code_verifier", asked.verifier.to_owned()),
        ("client_id", provider.client.clone()),
    ];
    let mut basic = None;
    if let Some(secret) = secret(provider)? {
        let methods = found.token_endpoint_auth_methods_supported;
        // Basic is the default (OpenID Connect Discovery 1.0 section 3).
        if methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic")) {
            let escaped =
                |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            basic = Some((escaped(&provider.client), escaped(&secret)));
        } else {
            form.push(("client_secret", secret));
        }
    }
    let url: Url = address(&place, reach(network))?;
    Ok(Ask { url, bearer: None, basic, form: Some(form), limit: LARGEST })
}

fn secret(provider: &Provider) -> Result<Option<String>, Problem> {
    let Some(path) = &provider.secret_file else { return Ok(None) };
    let unusable = |why: String| {
        let message = format!("the secret of provider {} cannot be had: {why}", provider.name);
        Problem::new("provider-secret", Exit::Environment, message)
    };
    let bytes = crate::project::read_bounded(path.as_ref(), LONGEST_SECRET + 1);
    let bytes = bytes.map_err(|problem| unusable(problem.message))?;
    match String::from_utf8(bytes) {
        Ok(text) if text.len() as u64 <= LONGEST_SECRET => Ok(Some(text.trim().to_owned())),
        _ => Err(unusable(format!("{path} is no text of at most {LONGEST_SECRET} bytes"))),
    }
}

fn person(provider: &Provider, claims: &Map<String, Value>) -> Result<String, Problem> {
    let named = claims.get(&provider.person).and_then(Value::as_str);
    // A mail address that nobody verified is whatever its owner wrote there.
    let unverified = provider.person == "email" && claims.get("email_verified") != Some(&Value::Bool(true));
    let fine =
        |name: &&str| !name.is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control);
    match named.filter(fine).filter(|_| !unverified) {
        Some(name) => Ok(format!("{name}@{}", provider.name)),
        None => {
            let why = format!("its token has no usable claim `{}`", provider.person);
            Err(wrong(&provider.issuer, &why)
                .with_hint("choose another claim with `person` in organisation.yaml"))
        }
    }
}

fn groups(provider: &Provider, claims: &Map<String, Value>) -> Vec<String> {
    let claim = provider.groups.as_ref().and_then(|claim| claims.get(claim)).and_then(Value::as_array);
    let names = claim.into_iter().flatten().filter_map(Value::as_str).take(MOST_GROUPS);
    names.map(|name| format!("{name}@{}", provider.name)).collect()
}

fn incomplete(provider: &Provider, what: &str) -> Problem {
    wrong(&provider.issuer, &format!("its configuration has no `{what}`"))
}
