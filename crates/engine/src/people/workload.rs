//! Jobs of build systems that prove who they are with a token of their issuer.

use attest::oidc::{Expected, Token, issuer_of};
use govern::organisation::{Organisation, Workload};
use model::{Exit, Problem, Timestamp, problem::erase};
use serde_json::Value;

use super::{keys::IssuerKeys, reach};

/// A job that proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Name of the workload in the organisation's file.
    pub workload: String,
    /// Issuer.
    pub issuer: String,
    /// Subject of the token.
    pub subject: String,
}

/// Whose token this is. Only issuers that the organisation's file names are ever asked anything.
///
/// # Errors
/// No workload of the file is meant, the token is refused, or its issuer cannot be asked.
pub async fn job(
    token: &[u8],
    organisation: &Organisation,
    keys: &IssuerKeys,
    now: Timestamp,
) -> Result<Job, Problem> {
    let issuers: Vec<String> =
        organisation.workloads.iter().map(|workload| workload.issuer.clone()).collect();
    let issuer = issuer_of(token, &Expected { issuers: &issuers, audience: "" }).map_err(|e| erase(&e))?;
    let mut refused = None;
    for workload in organisation.workloads.iter().filter(|workload| workload.issuer == issuer) {
        let reach = reach(organisation.network);
        match keys.verify(token, &issuer, &workload.audience, reach, now).await {
            Ok(token) if meant(workload, &token) => {
                let subject = token.claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
                return Ok(Job { workload: workload.name.clone(), issuer, subject });
            }
            Ok(_) => {}
            Err(problem) => refused = Some(problem),
        }
    }
    let unmeant = || {
        let message = "the claims of this token are those of no workload of the organisation";
        Problem::new("workload-unknown", Exit::Verdict, message)
    };
    Err(refused.unwrap_or_else(unmeant))
}

fn meant(workload: &Workload, token: &Token) -> bool {
    !workload.claims.is_empty()
        && workload.claims.iter().all(|(claim, wanted)| {
            let found = token.claims.get(claim).and_then(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
                _ => None,
            });
            found.is_some_and(|found| fits(wanted, &found))
        })
}

/// `*` stands for any characters but `/` and `:`, which separate what a claim is made of, so that
/// `example/*` is every repository of `example` and no other owner's.
///
/// Everybody who can have a token from the issuer chooses such texts: the time is the product of both lengths, however
/// many `*` there are.
fn fits(pattern: &str, text: &str) -> bool {
    // How far into the text (in bytes) the pattern so far can reach.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for sign in pattern.bytes() {
        if sign == b'*' {
            for (n, byte) in text.bytes().enumerate() {
                ends[n + 1] |= ends[n] && !matches!(byte, b'/' | b':');
            }
        } else {
            for (n, byte) in text.bytes().enumerate().rev() {
                ends[n + 1] = ends[n] && byte == sign;
            }
            ends[0] = false;
        }
    }
    ends[text.len()]
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_does_not_reach_over_what_separates() {
        assert!(fits("example/*", "example/shop") && fits("example/shop", "example/shop"));
        assert!(fits("repo:example/*:ref:refs/heads/main", "repo:example/shop:ref:refs/heads/main"));
        assert!(fits("refs/heads/release-*", "refs/heads/release-1.2"));
        for (pattern, text) in [
            ("example/*", "example/shop/evil"),
            ("example/*", "evil/example/shop"),
            ("repo:example/*", "repo:example/shop:pull_request"),
            ("repo:example/*:ref:refs/heads/main", "repo:example/a:ref:evil:ref:refs/heads/main"),
            ("example/shop", "example/shop2"),
            ("", "x"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert!(fits("*-*", "ä-ö") && fits("**", "") && !fits("*", "a/b"));
        // Many ways to fit cost no more than one.
        let (pattern, text) = ("*a".repeat(40), "a".repeat(4000));
        assert!(fits(&pattern, &text) && !fits(&format!("{pattern}b"), &text));
    }
}
