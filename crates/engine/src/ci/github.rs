//! GitHub Actions. Variables and token claims are those of its workflow and OpenID Connect references.

use attest::oidc::Token;

use super::System;

pub(super) const SYSTEM: System = System {
    name: "github-actions",
    sign: "GITHUB_ACTIONS",
    variables: &[
        ("repository", "GITHUB_REPOSITORY"),
        ("ref", "GITHUB_REF"),
        ("refProtected", "GITHUB_REF_PROTECTED"),
        ("commit", "GITHUB_SHA"),
        ("workflow", "GITHUB_WORKFLOW_REF"),
        ("job", "GITHUB_JOB"),
        ("run", "GITHUB_RUN_ID"),
        ("attempt", "GITHUB_RUN_ATTEMPT"),
        ("runner", "RUNNER_ENVIRONMENT"),
        ("actor", "GITHUB_ACTOR"),
        ("event", "GITHUB_EVENT_NAME"),
        ("address", "GITHUB_SERVER_URL"),
    ],
    token: &[
        ("repository", "repository"),
        ("ref", "ref"),
        ("refProtected", "ref_protected"),
        ("commit", "sha"),
        ("workflow", "workflow_ref"),
        ("run", "run_id"),
        ("attempt", "run_attempt"),
        ("runner", "runner_environment"),
        ("actor", "actor"),
        ("event", "event_name"),
    ],
    issuer: Some(PUBLIC),
    identity,
    same: |_, _, _| None,
};

/// Issuer of github.com.
const PUBLIC: &str = "https://token.actions.githubusercontent.com";

/// The workflow that holds the job, which for a reusable workflow is not the one that was started.
fn identity(token: &Token) -> Option<String> {
    let workflow = token.claims.get("job_workflow_ref").or_else(|| token.claims.get("workflow_ref"))?;
    let workflow =
        workflow.as_str().filter(|workflow| workflow.contains('@') && !workflow.starts_with('/'))?;
    Some(format!("{}/{workflow}", server(&token.issuer)?))
}

/// The server an issuer is of: github.com has a name of its own for it (an enterprise adds its own path),
/// other servers issue below themselves.
fn server(issuer: &str) -> Option<String> {
    let public = issuer.strip_prefix(PUBLIC).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match public {
        true => Some("https://github.com".to_owned()),
        false => Some(url::Url::parse(issuer).ok()?.origin().ascii_serialization()),
    }
}
