//! Who runs: claims of a CI, and the tokens that confirm them, from real issuers over real sockets.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::commands::{ledger, of_type, plain};
use crate::support::{Answer, Site};

/// Python with the OpenID provider, where `cargo xtask test` puts it.
fn python() -> PathBuf {
    let given = std::env::var_os("PROOFHOUSE_TEST_SCANNERS").map(PathBuf::from);
    let cache = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/proofhouse/scanners/bin");
    let command = given.unwrap_or_else(cache).join("oidc-provider-mock");
    let command = fs::canonicalize(&command)
        .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask test` installs it", command.display()));
    command.parent().unwrap().join("python")
}

/// Issuers on loopback; they end with this.
struct Issuers {
    child: Child,
    told: Value,
}

impl Issuers {
    fn start(job: &Job) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/attesting/issuer.py");
        let mut command = Command::new(python());
        command
            .arg(script)
            .arg(job.claims.to_string())
            .arg(job.certificate())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told = serde_json::from_str(&line).expect("the issuers started");
        Self { child, told }
    }

    fn text(&self, pointer: &str) -> &str {
        self.told.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}"))
    }

    fn at(&self, place: &str) -> String {
        format!("{}/{place}", self.text("/base"))
    }
}

impl Drop for Issuers {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const WORKFLOW: &str = "octo/app/.github/workflows/release.yml@refs/heads/main";

/// A job of GitHub Actions in a checkout.
struct Job {
    site: Site,
    claims: Value,
}

impl Job {
    fn new() -> Self {
        let site = plain();
        let head =
            Command::new("git").current_dir(site.project()).args(["rev-parse", "HEAD"]).output().unwrap();
        let head = String::from_utf8(head.stdout).unwrap().trim().to_owned();
        let claims = json!({"sub": "repo:octo/app:ref:refs/heads/main", "repository": "octo/app", "sha": head,
            "ref": "refs/heads/main", "workflow_ref": WORKFLOW, "job_workflow_ref": WORKFLOW, "run_id": "42",
            "run_attempt": "1", "actor": "ada", "event_name": "push", "runner_environment": "github-hosted"});
        Self { site, claims }
    }

    /// Of the issuer that speaks https; outside of the project.
    fn certificate(&self) -> PathBuf {
        self.site.path().join("certificate.pem")
    }

    /// `proofhouse attest OPTIONS -- true` in the job, with the token in the variable.
    fn attest(&self, token: &str, options: &[&str]) -> Answer {
        self.in_job(&[("PROOFHOUSE_IDENTITY_TOKEN", token)], options)
    }

    fn in_job(&self, more: &[(&str, &str)], options: &[&str]) -> Answer {
        let arguments = ["attest", "--output", "made", "--format", "json"];
        let made = ["--", "sh", "-c", "date +%N > made"];
        let mut command = self.site.command(&[arguments.as_slice(), options, &made].concat());
        let claim = |name: &str| self.claims[name].as_str().unwrap();
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", claim("repository"));
        command.env("GITHUB_SHA", claim("sha")).env("GITHUB_REF", claim("ref"));
        command.env("GITHUB_WORKFLOW_REF", WORKFLOW).env("GITHUB_RUN_ID", "42").env("GITHUB_JOB", "release");
        command.envs(more.iter().copied());
        Answer::of(command.output().unwrap())
    }
}

#[test]
fn without_a_token_a_ci_is_only_claimed() {
    let job = Job::new();
    let ci = &job.in_job(&[], &[]).expect(0).json()["ci"];
    assert_eq!((&ci["system"], &ci["verified"]), (&"github-actions".into(), &false.into()));
    assert_eq!((&ci["workflow"], &ci["job"]), (&WORKFLOW.into(), &"release".into()));
    let all = ledger(&job.site);
    let [provenance] = of_type(&all, "provenance")[..] else { panic!("one") };
    assert_eq!(provenance["predicate"]["buildDefinition"]["internalParameters"]["ci"], *ci);
    let missing = job.in_job(&[], &["--require-identity"]).expect(2);
    assert!(missing.err.contains("token-missing"), "{}", missing.err);
    let plain = job.site.proofhouse(&["attest", "--format", "json", "--", "true"]).expect(0).json();
    assert_eq!(plain["ci"], Value::Null);
}

#[test]
fn tokens_of_real_issuers_say_who_runs() {
    let job = Job::new();
    let issuers = Issuers::start(&job);
    let provider = issuers.text("/provider/issuer");
    let loopback = ["--issuer-network", "loopback", "--issuer"];
    let on = |issuer| [loopback.as_slice(), &[issuer]].concat();
    // An OpenID provider with its own discovery, keys and code flow.
    let told = job.attest(issuers.text("/provider/token"), &on(provider)).expect(0).json();
    let token = &told["ci"]["token"];
    assert_eq!(told["ci"]["verified"], true);
    assert_eq!((&token["issuer"], &token["subject"]), (&provider.into(), &job.claims["sub"]));
    assert_eq!(token["identity"], format!("{provider}/{WORKFLOW}"));
    let proven = token["claims"].as_array().unwrap();
    assert!(proven.contains(&"commit".into()) && !proven.contains(&"job".into()), "{proven:?}");
    // The other algorithms, the token as a file, the service of the job, and the keys as a file.
    let own = issuers.at("own");
    for name in ["rs", "es", "ed"] {
        let told = job.attest(issuers.text(&format!("/tokens/{name}")), &on(&own)).expect(0).json();
        assert_eq!(told["ci"]["verified"], true, "{name}");
    }
    job.site.write("token", format!("{}\n", issuers.text("/tokens/es")));
    job.in_job(&[], &[&on(&own)[..], &["--identity-token", "token"]].concat()).expect(0);
    let service = issuers.at("service?api-version=2");
    let request = |credential| {
        [("ACTIONS_ID_TOKEN_REQUEST_URL", service.as_str()), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", credential)]
    };
    let told = job.in_job(&request("of-this-job"), &on(&own)).expect(0).json();
    assert_eq!(told["ci"]["verified"], true);
    let refused = job.in_job(&request("of-another"), &on(&own)).expect(3);
    assert!(
        refused.err.contains("issuer-unreachable") && !refused.err.contains("of-another"),
        "{}",
        refused.err
    );
    job.site.write("keys.json", issuers.told["keys"].to_string());
    let offline = ["--issuer", &own, "--jwks", "keys.json"];
    job.attest(issuers.text("/tokens/ed"), &offline).expect(0);

    // By https, which is what issuers outside of tests speak; a certificate of nobody is refused.
    let (issuer, token) = (issuers.text("/secure/issuer"), issuers.text("/secure/token"));
    let certificate = job.certificate().to_string_lossy().into_owned();
    let job_token = [("PROOFHOUSE_IDENTITY_TOKEN", token), ("SSL_CERT_FILE", &certificate)];
    let told = job.in_job(&job_token, &on(issuer)).expect(0).json();
    assert_eq!(told["ci"]["token"]["issuer"], issuer);
    assert!(job.attest(token, &on(issuer)).expect(3).err.contains("issuer-unreachable"));

    // The ledger names who ran, and holds no token.
    let all = ledger(&job.site);
    let ran = of_type(&all, "predicate:run:");
    assert_eq!(ran[0]["predicate"]["actor"], format!("{provider}/{WORKFLOW}"));
    let text = Value::from(all.clone()).to_string();
    assert!(!text.contains("eyJ"), "the token is a credential");
}

#[test]
fn every_attack_on_a_token_is_refused_before_anything_runs() {
    let job = Job::new();
    let issuers = Issuers::start(&job);
    let own = issuers.at("own");
    job.site.write("keys.json", issuers.told["keys"].to_string());
    let before = ledger(&job.site).len();
    let table = [
        ("none", "token-algorithm"),
        ("none-cased", "token-algorithm"),
        ("public-key-as-secret", "token-algorithm"),
        ("pss", "token-algorithm"),
        ("expired", "token-expired"),
        ("endless", "token-malformed"),
        ("not-yet", "token-not-yet-valid"),
        ("from-the-future", "token-not-yet-valid"),
        ("other-audience", "token-audience"),
        ("two-audiences", "token-audience"),
        ("other-issuer", "token-issuer"),
        ("key-of-another", "token-algorithm"),
        ("unknown-key", "token-key-unknown"),
        ("no-key", "token-key-unknown"),
        ("encryption-key", "token-key-unknown"),
        ("weak-key", "token-signature"),
        ("own-key", "token-algorithm"),
        ("changed", "token-signature"),
        ("critical", "token-malformed"),
        ("twice", "token-malformed"),
        ("deep", "token-malformed"),
        ("huge", "token-malformed"),
        ("cut", "token-malformed"),
        ("other-commit", "ci-claim-differs"),
        ("other-repository", "ci-claim-differs"),
        ("no-subject", "token-subject-missing"),
    ];
    let known = issuers.told["tokens"].as_object().unwrap().len();
    assert_eq!(known, table.len() + 3, "every token that the script makes is judged");
    for (name, code) in table {
        let token = issuers.text(&format!("/tokens/{name}"));
        let refused = job.attest(token, &["--issuer", &own, "--jwks", "keys.json"]);
        assert!(refused.err.contains(&format!("\"{code}\"")), "{name}: {}", refused.text());
        assert!(refused.code == 1 || refused.code == 2, "{name}: {}", refused.code);
    }
    for (place, code) in [
        ("redirecting", "issuer-answer"),
        ("keys-redirecting", "issuer-answer"),
        ("keys-by-file", "issuer-address"),
        ("keys-elsewhere", "issuer-address"),
        ("lying", "issuer-answer"),
        ("many", "token-keys-malformed"),
        ("same-names", "token-keys-malformed"),
        ("endless", "issuer-answer"),
    ] {
        let token = issuers.text(&format!("/bad/{place}"));
        let issuer = issuers.at(place);
        let refused = job.attest(token, &["--issuer-network", "loopback", "--issuer", &issuer]);
        assert!(refused.err.contains(&format!("\"{code}\"")), "{place}: {}", refused.text());
    }
    // Not even an address of this machine is asked unless that is allowed.
    for network in ["public", "private"] {
        let refused =
            job.attest(issuers.text("/tokens/rs"), &["--issuer", &own, "--issuer-network", network]);
        assert!(refused.expect(2).err.contains("issuer-address"), "{network}");
    }
    // A token in a shell that is no job, and one for a commit that the folder is not at.
    let mut command = job.site.command(&["attest", "--issuer", &own, "--jwks", "keys.json", "--", "true"]);
    let alone =
        Answer::of(command.env("PROOFHOUSE_IDENTITY_TOKEN", issuers.text("/tokens/rs")).output().unwrap());
    assert!(alone.expect(2).err.contains("ci-unknown"));
    job.site.write("later", "");
    job.site.commit("Later");
    let refused =
        job.attest(issuers.text("/tokens/rs"), &["--issuer", &own, "--jwks", "keys.json"]).expect(1);
    assert!(refused.err.contains("ci-commit-differs"), "{}", refused.err);
    assert!(!job.site.project().join("made").exists(), "nothing ran");
    assert_eq!(ledger(&job.site).len(), before, "nothing was recorded");
}
