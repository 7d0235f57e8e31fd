//! axe-core's rules over every page: what a screen reader meets is named, ordered and told, in light on a wide screen
//! and in dark on a small one.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::{driver::Browser, pages, signed_in};
use crate::support::Server;

/// Rules that stay out, each with its reason; all others run, also those that axe leaves out by itself because they
/// are experiments, of best practice, or stricter than WCAG's level AA.
const LEFT_OUT: [(&str, &str); 1] = [
    // The pages promise level AA (4.5 : 1), which `color-contrast` checks.
    (
        "color-contrast-enhanced",
        "level AAA asks for 7 : 1, and states in colour could not be told apart then",
    ),
];

/// Axe's own report, shortened to what somebody who mends it must know.
const RUN: &str = "
const [out, done] = arguments;
const rules = Object.fromEntries(axe.getRules().map(({ ruleId }) => [ruleId, { enabled: !out.includes(ruleId) }]));
axe.run(document, { resultTypes: ['violations'], rules }).then(
  (report) => done(report.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.html.slice(0, 160)}: ${node.any.concat(node.all, node.none).map((c) => c.message).join('; ')}`))),
  (error) => done([`axe failed: ${error}`]));
";

fn axe() -> String {
    let folder = std::env::var_os("PROOFHOUSE_TEST_VERIFIERS").map(PathBuf::from);
    let folder = folder.expect("PROOFHOUSE_TEST_VERIFIERS is set by `cargo xtask test`");
    fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap()
}

/// What axe finds on the page that is shown.
async fn violations(browser: &Browser, axe: &str) -> Vec<String> {
    // Through the driver: the page's own policy lets no script of others in.
    browser.client.execute(axe, vec![]).await.unwrap();
    let out = LEFT_OUT.map(|(rule, _)| rule);
    let found = browser.client.execute_async(RUN, vec![json!(out)]).await.unwrap();
    found.as_array().unwrap().iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_on_any_page_in_light_and_dark() {
    let axe = axe();
    let server = Server::over(crate::organisation::everything).await;
    server.write_log(testkit::run_id(3), "compile", b"[1/40] cc -O2 -c src/main.c\n");
    let browser = signed_in(&server).await;
    let mut all = pages(&server).await;
    all.extend([
        ("people", "/people".into()),
        ("access", "/people/access".into()),
        ("account", "/account".into()),
    ]);
    let mut found: Vec<Value> = vec![];
    for (scheme, width) in [("light", 1360), ("dark", 390)] {
        browser.scheme(scheme).await;
        browser.size(width, 1000).await;
        for (_, path) in &all {
            browser.client.goto(&server.url(path)).await.unwrap();
            browser.until("document.readyState === 'complete'").await;
            let said = violations(&browser, &axe).await;
            found.extend(said.into_iter().map(|said| json!([scheme, path, said])));
        }
    }
    let told: Vec<String> = found.iter().map(Value::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_at_the_door() {
    let axe = axe();
    let server = Server::over(crate::organisation::everything).await;
    let browser = Browser::start().await;
    let tokens = server::AccountFile::in_folder(&server.folder.path().join("server"));
    let (_, invitation) = tokens.invite("ann", crate::support::now()).unwrap();
    for scheme in ["light", "dark"] {
        browser.scheme(scheme).await;
        for path in ["/login", &format!("/invitation?code={invitation}"), "/invitation?code=ph_wrong"] {
            browser.client.goto(&server.url(path)).await.unwrap();
            browser.until("document.readyState === 'complete'").await;
            assert_eq!(violations(&browser, &axe).await, Vec::<String>::new(), "{scheme} {path}");
        }
    }
    browser.client.clone().close().await.unwrap();
}
