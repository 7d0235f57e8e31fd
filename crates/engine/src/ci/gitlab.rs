//! GitLab CI/CD. Variables are its predefined ones, token claims those of its ID tokens.

use attest::oidc::Token;
use serde_json::{Map, Value};

use super::System;

pub(super) const SYSTEM: System = System {
    name: "gitlab-ci",
    sign: "GITLAB_CI",
    variables: &[
        ("repository", "CI_PROJECT_PATH"),
        ("ref", "CI_COMMIT_REF_NAME"),
        ("refProtected", "CI_COMMIT_REF_PROTECTED"),
        ("commit", "CI_COMMIT_SHA"),
        ("workflow", "CI_CONFIG_PATH"),
        ("job", "CI_JOB_ID"),
        ("run", "CI_PIPELINE_ID"),
        ("runner", "CI_RUNNER_ID"),
        ("actor", "GITLAB_USER_LOGIN"),
        ("event", "CI_PIPELINE_SOURCE"),
        ("address", "CI_SERVER_URL"),
    ],
    token: &[
        ("repository", "project_path"),
        ("ref", "ref"),
        ("refProtected", "ref_protected"),
        ("commit", "sha"),
        ("workflow", "ci_config_ref_uri"),
        ("job", "job_id"),
        ("run", "pipeline_id"),
        ("runner", "runner_id"),
        ("actor", "user_login"),
        ("event", "pipeline_source"),
        ("address", "iss"),
    ],
    issuer: Some("https://gitlab.com"),
    identity,
    same,
};

/// The pipeline's definition with its reference.
fn identity(token: &Token) -> Option<String> {
    let definition = token.claims.get("ci_config_ref_uri")?.as_str()?;
    // It begins with the host of the server, which can only be the issuer's.
    let host = token.issuer.strip_prefix("https://").or_else(|| token.issuer.strip_prefix("http://"))?;
    let inside = definition.strip_prefix(host)?.starts_with('/') && definition.contains('@');
    inside.then(|| format!("https://{definition}"))
}

/// The variable has the path of the definition only, the token its place with the reference.
fn same(name: &str, said: &str, token: &Map<String, Value>) -> Option<String> {
    let whole = token.get("ci_config_ref_uri").filter(|_| name == "workflow")?.as_str()?;
    // What comes from elsewhere (`file@project`, an address) is written in other ways, and believed.
    let elsewhere = said.contains('@') || said.contains("://");
    let (before, _) = whole.split_once('@')?;
    (elsewhere || before.ends_with(&format!("//{said}"))).then(|| whole.to_owned())
}
