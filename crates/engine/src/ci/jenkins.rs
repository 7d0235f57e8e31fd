//! Jenkins. Variables are those of every build and of its git plugin; tokens are those of its OpenID
//! Connect provider plugin, whose issuer is the installation itself (name it with `--issuer`).

use attest::oidc::Token;
use serde_json::{Map, Value};

use super::System;

pub(super) const SYSTEM: System = System {
    name: "jenkins",
    sign: "JENKINS_URL",
    variables: &[
        ("repository", "GIT_URL"),
        ("ref", "GIT_BRANCH"),
        ("commit", "GIT_COMMIT"),
        ("workflow", "JOB_NAME"),
        ("job", "STAGE_NAME"),
        ("run", "BUILD_NUMBER"),
        ("runner", "NODE_NAME"),
        ("actor", "BUILD_USER_ID"),
        ("event", "BUILD_CAUSE"),
        ("address", "JOB_URL"),
    ],
    token: &[("run", "build_number"), ("address", "sub")],
    issuer: None,
    identity,
    same,
};

/// The job's address, which the token has as its subject.
fn identity(token: &Token) -> Option<String> {
    let job = token.claims.get("sub")?.as_str()?;
    // Below the installation that issues: an issuer can be asked to sign any text as the subject.
    let installation = token.issuer.strip_suffix("/oidc").unwrap_or(&token.issuer);
    job.strip_prefix(installation)?.starts_with('/').then(|| job.to_owned())
}

/// The variable may have a slash at the end, and the subject can be configured to be no address.
fn same(name: &str, said: &str, token: &Map<String, Value>) -> Option<String> {
    let job = token.get("sub").filter(|_| name == "address")?.as_str()?;
    let address = job.starts_with("http://") || job.starts_with("https://");
    (!address || job.trim_end_matches('/') == said.trim_end_matches('/')).then(|| job.to_owned())
}
