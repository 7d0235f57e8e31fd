//! People through the binary: the organisation's file, accounts, and a real OpenID Connect provider.

mod browser;
mod hostile;

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use browser::Browser;
use serde_json::Value;

use crate::{
    others::kit::Running,
    support::{Site, free_port},
};

const FILE: &str = "\
version: 1
name: Example
roles:
  - { role: admin, scope: organisation, people: [ann] }
  - { role: security, scope: organisation, groups: [security@company] }
  - { role: developer, scope: 'project:bookshelf', workloads: [builds] }
";

fn organisation(site: &Site, text: &str) -> PathBuf {
    let path = site.path().join("organisation.yaml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_organisation_is_applied_from_a_file_and_every_change_of_a_right_is_told() {
    let site = Site::bookshelf();
    let path = organisation(&site, FILE.replace("role: admin", "role: boss").as_str());
    let file = path.to_str().unwrap();
    let wrong = site.proofhouse(&["organisation", "check", file]).expect(2);
    assert!(wrong.err.contains("organisation.yaml:4:13: `boss` is no role"), "{}", wrong.err);
    assert!(site.proofhouse(&["organisation", "show"]).expect(2).err.contains("organisation-none"));

    organisation(&site, FILE.replace(", workloads: [builds]", ", people: [bob]").as_str());
    let checked = site.proofhouse(&["organisation", "check", file]).expect(0);
    assert!(
        checked.out.contains("it would change:") && checked.out.contains("given: admin to ann, everywhere")
    );
    site.proofhouse(&["organisation", "apply", file]).expect(0);
    let same = site.proofhouse(&["organisation", "apply", file]).expect(2);
    assert!(same.err.contains("organisation-same"), "{}", same.err);
    organisation(&site, FILE.replace(", workloads: [builds]", ", people: [carol]").as_str());
    let told = site.proofhouse(&["organisation", "apply", file, "--format", "json"]).expect(0).json();
    let expected = ["given: developer to carol, in bookshelf", "taken: developer to bob, in bookshelf"];
    assert_eq!(told["changes"], serde_json::json!(expected));
    let roles = site.proofhouse(&["organisation", "show", "--roles"]).expect(0).out;
    assert!(roles.contains("admin to ann, everywhere\n") && !roles.contains("bob"), "{roles}");

    site.proofhouse(&["account", "invite", "Ann"]).expect(2);
    let invited = site.proofhouse(&["account", "invite", "ann"]).expect(0);
    assert!(invited.out.starts_with("/invitation?code=ph_"), "{}", invited.out);
    assert!(site.proofhouse(&["account", "list"]).expect(0).out.contains("ann invited"));
    site.proofhouse(&["account", "disable", "ann"]).expect(0);
    site.proofhouse(&["account", "disable", "nobody"]).expect(2);
    let token =
        site.proofhouse(&["token", "create", "ci", "--role", "devops", "--project", "bookshelf"]).expect(0);
    assert!(token.out.starts_with("ph_"));
    assert!(site.proofhouse(&["token", "list"]).expect(0).out.contains("devops in bookshelf"));
    // All of it is in the ledger, and the tables are those that follow from it.
    let entries = site.proofhouse(&["ledger", "show", "--format", "json"]).expect(0).out;
    assert_eq!(entries.matches("predicate:access:v1").count(), 3, "{entries}");
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

/// The package oidc-provider; it ends with its standard input.
struct Provider {
    child: Child,
    issuer: String,
    /// It says more on its output later, and must be able to.
    _said: BufReader<ChildStdout>,
}

impl Provider {
    fn start(callback: &str) -> Self {
        let folder = std::env::var_os("PROOFHOUSE_TEST_VERIFIERS").map(PathBuf::from);
        let folder = folder.expect("PROOFHOUSE_TEST_VERIFIERS is set by `cargo xtask test`");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/provider.mjs");
        let mut command = Command::new(folder.join("python/bin/node"));
        command.arg(script).arg(&folder).arg(callback).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        Self { child, issuer: line.trim().to_owned(), _said: said }
    }

    /// A signed access token for a job, as a build system gives it.
    async fn job(&self) -> String {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = client.post(format!("{}/token", self.issuer)).basic_auth("ci", Some("another%20secret"));
        let form = "grant_type=client_credentials&scope=build&resource=urn%3Aproofhouse";
        let answer =
            asked.header("content-type", "application/x-www-form-urlencoded").body(form).send().await;
        let answer: Value = answer.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn with_provider(issuer: &str, secret: &Path) -> String {
    format!(
        "{FILE}sign-in:\n  network: loopback\n  providers:\n    - {{ name: company, title: Example ID, issuer: \
         '{issuer}', client: proofhouse, secret-file: '{}', person: preferred_username, groups: groups }}\n  \
         workloads:\n    - {{ name: builds, issuer: '{issuer}', audience: 'urn:proofhouse', claims: {{ client_id: ci \
         }} }}\n",
        secret.display()
    )
}

/// Signs in at the provider's own page as somebody.
async fn sign_in(browser: &mut Browser, home: &str, person: &str) -> browser::Page {
    let mut page = browser.get(&format!("{home}/login/with/company")).await;
    for form in
        [vec![("prompt", "login"), ("login", person), ("password", "any")], vec![("prompt", "consent")]]
    {
        assert!(page.text.contains("<form"), "{} {}", page.url, page.text);
        page = browser.post(page.url.as_str(), &form).await;
    }
    page
}

#[tokio::test]
async fn people_of_a_real_provider_and_jobs_of_a_build_system_do_what_their_roles_may() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let port = free_port();
    let home = format!("http://127.0.0.1:{port}");
    let provider = Provider::start(&format!("{home}/login/callback"));
    let secret = site.path().join("secret");
    std::fs::write(&secret, "a secret of the test\n").unwrap();
    let path = organisation(&site, &with_provider(&provider.issuer, &secret));
    site.proofhouse(&["organisation", "apply", path.to_str().unwrap()]).expect(0);
    let _server = Running::start(site.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]), port);

    let mut carol = Browser::new();
    let page = sign_in(&mut carol, &home, "carol.security").await;
    assert!(page.text.contains("Signed in"), "{} {}", page.url, page.text);
    let me: Value = serde_json::from_str(&carol.get(&format!("{home}/api/v1/me")).await.text).unwrap();
    assert_eq!((&me["name"], &me["roles"]), (&"carol@company".into(), &serde_json::json!(["security"])));
    assert_eq!(me["via"]["issuer"], provider.issuer);
    let events = carol.get(&format!("{home}/people/access")).await;
    assert!(events.text.contains("carol@company") && events.text.contains("signed-in"), "{}", events.text);

    let mut dave = Browser::new();
    let page = sign_in(&mut dave, &home, "dave.sales").await;
    assert!(page.status == 403 && page.text.contains("you have no role here"), "{}", page.text);

    // A job sees its project and nothing else; its token counts only where it was made for.
    let job = provider.job().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |path: &str, token: &str| {
        let answer = client.get(format!("{home}{path}")).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ask("/api/v1/runs?project=bookshelf", &job).await.0, 200);
    assert_eq!(ask("/api/v1/runs", &job).await.0, 403);
    let me: Value = serde_json::from_str(&ask("/api/v1/me", &job).await.1).unwrap();
    assert_eq!((&me["name"], &me["via"]["subject"]), (&"builds@workload".into(), &"ci".into()));
    let (head, signature) = job.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}{}", if signature.starts_with('A') { "B" } else { "A" }, &signature[1..]);
    let (status, text) = ask("/api/v1/runs?project=bookshelf", &forged).await;
    assert!(status == 401 && text.contains("token-signature"), "{status} {text}");

    // The provider goes away, or is at an address that may not be asked.
    drop(provider);
    let page = Browser::new().get(&format!("{home}/login/with/company")).await;
    assert!(page.status == 503 && page.text.contains("cannot be asked"), "{} {}", page.status, page.text);
    let text = std::fs::read_to_string(&path).unwrap().replace("network: loopback", "network: private");
    let path = organisation(&site, &text);
    site.proofhouse(&["organisation", "apply", path.to_str().unwrap()]).expect(0);
    let page = Browser::new().get(&format!("{home}/login/with/company")).await;
    assert!(!page.status.is_success() && page.text.contains("is not asked"), "{}", page.text);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}
