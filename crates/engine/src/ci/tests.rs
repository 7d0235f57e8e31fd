//! Environments as the three systems make them.

use attest::oidc::Token;
use serde_json::{Value, json};

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn token(issuer: &str, claims: Value) -> Token {
    let Value::Object(claims) = claims else { panic!("claims are an object") };
    let (digest, expires) = (Sha256([1; 32]), Timestamp::UNIX_EPOCH);
    Token { issuer: issuer.to_owned(), digest, issued: None, expires, claims }
}

fn confirmed(found: &CiClaims, token: &Token, head: Option<&str>) -> Result<CiClaims, CiError> {
    confirm(found.clone(), token, Sha256([2; 32]), "proofhouse", head, Timestamp::UNIX_EPOCH)
}

const COMMIT: &str = "714a629c0b401fdce83e847fc9589983fc6f46bc";

#[test]
fn an_ordinary_shell_is_no_ci_and_an_empty_variable_says_nothing() {
    assert_eq!(detect(&environment(&[("PATH", "/bin"), ("CI", "true")])), None);
    assert_eq!(detect(&environment(&[("GITHUB_ACTIONS", "")])), None);
    let long = "x".repeat(LONGEST + 1);
    let found = detect(&environment(&[("GITLAB_CI", "true"), ("CI_PROJECT_PATH", &long)])).unwrap();
    assert!(found.claims.is_empty() && !found.verified);
}

#[test]
fn github_says_who_runs_and_a_token_confirms_it() {
    let workflow = "octo/app/.github/workflows/release.yml@refs/heads/main";
    let found = detect(&environment(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "octo/app"),
        ("GITHUB_SHA", COMMIT),
        ("GITHUB_RUN_ID", "42"),
        ("GITHUB_REF_PROTECTED", "true"),
        ("GITHUB_WORKFLOW_REF", workflow),
    ]))
    .unwrap();
    assert_eq!(found.system, "github-actions");
    assert_eq!(found.proven_identity(), None, "claims prove nothing");
    let claims = json!({"sub": "repo:octo/app:ref:refs/heads/main", "repository": "octo/app", "sha": COMMIT,
        "run_id": "42", "ref_protected": "true", "workflow_ref": workflow, "job_workflow_ref": workflow, "event_name": "push"});
    let issuer = "https://token.actions.githubusercontent.com";
    let good = confirmed(&found, &token(issuer, claims.clone()), Some(COMMIT)).unwrap();
    assert_eq!(good.proven_identity(), Some((format!("https://github.com/{workflow}").as_str(), issuer)));
    assert_eq!(good.claims["event"], "push");
    let other = confirmed(&found, &token(issuer, claims.clone()), Some(&"0".repeat(40))).unwrap_err();
    assert!(matches!(other, CiError::Commit { .. }), "{other}");
    for odd in ["octo/app/w.yml@refs/heads/é", "octo/app/w.yml@refs/heads/a b", "octo/app/w.yml", "/x@y"] {
        let mut other = claims.clone();
        other["job_workflow_ref"] = odd.into();
        let good = confirmed(&found, &token(issuer, other), None).unwrap();
        assert_eq!((good.verified, good.proven_identity()), (true, None), "{odd}");
    }
    let proven = &good.token.as_ref().unwrap().claims;
    assert!(proven.contains(&"refProtected".to_owned()) && good.claims["refProtected"] == "true");
    for (claim, name, lie) in
        [("repository", "repository", "evil/app".into()), ("refProtected", "ref_protected", false.into())]
    {
        let mut stolen = claims.clone();
        stolen[name] = lie;
        let other = confirmed(&found, &token(issuer, stolen), None).unwrap_err();
        assert!(matches!(&other, CiError::Differs { claim: told, .. } if told == claim), "{other}");
    }
}

#[test]
fn gitlab_writes_its_definition_in_two_ways_that_must_mean_the_same() {
    let found = |path: &str| {
        detect(&environment(&[("GITLAB_CI", "true"), ("CI_CONFIG_PATH", path), ("CI_RUNNER_ID", "7")]))
            .unwrap()
    };
    let uri = "gitlab.com/group/app//.gitlab-ci.yml@refs/heads/main";
    let claims = json!({"sub": "project_path:group/app", "ci_config_ref_uri": uri, "runner_id": 7,
        "iss": "https://gitlab.com", "sha": COMMIT});
    let token = token("https://gitlab.com", claims);
    let good = confirmed(&found(".gitlab-ci.yml"), &token, Some(COMMIT)).unwrap();
    assert_eq!(good.proven_identity().unwrap().0, format!("https://{uri}"));
    assert!(matches!(confirmed(&found("other.yml"), &token, None), Err(CiError::Differs { .. })));
    let elsewhere = Token { issuer: "https://gitlab.example".into(), ..token };
    let said = confirmed(&found(".gitlab-ci.yml"), &elsewhere, None).unwrap();
    assert_eq!(said.proven_identity(), None, "an issuer cannot vouch for another server's pipeline");
}

#[test]
fn jenkins_is_its_own_issuer() {
    let found = detect(&environment(&[
        ("JENKINS_URL", "https://ci.example/"),
        ("JOB_URL", "https://ci.example/job/app/"),
        ("BUILD_NUMBER", "9"),
        ("GIT_COMMIT", COMMIT),
    ]))
    .unwrap();
    assert_eq!((found.system.as_str(), found.claims["commit"].as_str()), ("jenkins", COMMIT));
    let claims = |build: u64| json!({"sub": "https://ci.example/job/app/", "build_number": build});
    let good = confirmed(&found, &token("https://ci.example/oidc", claims(9)), None).unwrap();
    assert_eq!(good.proven_identity().unwrap().0, "https://ci.example/job/app/");
    assert!(confirmed(&found, &token("https://ci.example/oidc", claims(8)), None).is_err());
}
