//! Which continuous-integration system a command runs in, and what that says: one file per system, one
//! line in [`SYSTEMS`].
//!
//! Detection is a function of the environment only, and what it finds are *claims*: a job can set its
//! variables as it likes. They become more when a token of the system's issuer says the same
//! ([`confirm`]); who then provably runs is [`CiClaims::proven_identity`].

mod error;
mod github;
mod gitlab;
mod jenkins;

use std::collections::BTreeMap;

use attest::oidc::Token;
use model::{
    Sha256, Timestamp,
    predicate::{CiClaims, Confirmed},
};
use serde_json::{Map, Value};

pub use error::CiError;

/// Environment variables by name.
pub type Environment = BTreeMap<String, String>;
/// Claims by name; see [`CiClaims::claims`].
type Claims = BTreeMap<String, String>;

/// Longest claim that is kept, in bytes; a longer one is none.
const LONGEST: usize = 1024;

/// One system.
struct System {
    /// As in [`CiClaims::system`].
    name: &'static str,
    /// Variable whose presence shows that a job of this system runs.
    sign: &'static str,
    /// Claim and the variable it is in.
    variables: &'static [(&'static str, &'static str)],
    /// Claim, and the claim of the system's tokens that says the same.
    token: &'static [(&'static str, &'static str)],
    /// Issuer of its tokens, where there is one for everybody.
    issuer: Option<&'static str>,
    /// Who runs, by a verified token alone.
    identity: fn(&Token) -> Option<String>,
    /// Makes variable and token comparable, where they write the same thing in two ways.
    same: fn(name: &str, said: &str, token: &Map<String, Value>) -> Option<String>,
}

/// Registry of the systems. The first whose sign is there is taken.
const SYSTEMS: &[&System] = &[&github::SYSTEM, &gitlab::SYSTEM, &jenkins::SYSTEM];

/// The claims of the system that the environment is of, if it is of any.
pub fn detect(environment: &Environment) -> Option<CiClaims> {
    let system = SYSTEMS.iter().find(|system| given(environment, system.sign).is_some())?;
    let claims = system.variables.iter();
    let claims = claims.filter_map(|(claim, name)| Some((*claim, given(environment, name)?)));
    Some(CiClaims {
        system: system.name.to_owned(),
        claims: claims.map(|(claim, value)| (claim.to_owned(), value.to_owned())).collect(),
        ..CiClaims::default()
    })
}

/// Issuers of the public installations of the systems.
pub fn public_issuers() -> Vec<String> {
    SYSTEMS.iter().filter_map(|system| system.issuer).map(str::to_owned).collect()
}

/// The claims, confirmed by a verified token. What the token says as well must be the same; so must the
/// commit that the repository is at.
///
/// # Errors
/// The token is of another job, repository or commit than the environment or the folder.
pub fn confirm(
    found: CiClaims,
    token: &Token,
    keys: Sha256,
    audience: &str,
    head: Option<&str>,
    now: Timestamp,
) -> Result<CiClaims, CiError> {
    let unknown = || CiError::Unknown(found.system.clone());
    let system = SYSTEMS.iter().find(|system| system.name == found.system).ok_or_else(unknown)?;
    let said = said(system, token);
    for (name, value) in &said {
        let other = found.claims.get(name).filter(|found| *found != value);
        let agreed = other.map(|other| (system.same)(name, other, &token.claims).as_ref() == Some(value));
        if let Some((other, false)) = other.zip(agreed) {
            return Err(CiError::Differs {
                claim: name.clone(),
                token: value.clone(),
                environment: other.clone(),
            });
        }
    }
    if let (Some(commit), Some(head)) = (said.get("commit"), head)
        && commit != head
    {
        return Err(CiError::Commit { token: commit.clone(), head: head.to_owned() });
    }
    let subject = token.claims.get("sub").and_then(text).ok_or(CiError::NoSubject)?;
    let confirmed = Confirmed {
        issuer: token.issuer.clone(),
        subject,
        identity: (system.identity)(token).filter(|identity| fits_certificate(identity)),
        audience: audience.to_owned(),
        digest: token.digest,
        issued: token.issued,
        expires: token.expires,
        verified_at: now,
        keys,
        claims: said.keys().cloned().collect(),
    };
    // Where both write the same thing in two ways, what was proven counts.
    let claims = found.claims.into_iter().chain(said).collect();
    Ok(CiClaims { claims, verified: true, token: Some(confirmed), ..found })
}

/// Whether it can stand in a certificate as it is: a URI there is ASCII (RFC 5280, section 4.2.1.6).
fn fits_certificate(identity: &str) -> bool {
    identity.len() <= LONGEST
        && identity.bytes().all(|b| b.is_ascii_graphic())
        && url::Url::parse(identity).is_ok()
}

/// What a token says, under our names for it.
fn said(system: &System, token: &Token) -> Claims {
    let one = |(claim, name): &(&str, &str)| Some(((*claim).to_owned(), text(token.claims.get(*name)?)?));
    system.token.iter().filter_map(one).collect()
}

/// A text, number, yes or no; what is empty or long is none.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        _ => return None,
    };
    (1..=LONGEST).contains(&text.len()).then_some(text)
}

fn given<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    environment.get(name).map(String::as_str).filter(|value| (1..=LONGEST).contains(&value.len()))
}

#[cfg(test)]
mod tests;
