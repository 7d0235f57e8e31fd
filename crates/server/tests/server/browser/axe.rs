//! axe-core's rules over every page: what a screen reader meets is named, ordered and told, in light on a wide screen
//! and in dark on a small one.

use serde_json::{Value, json};
use testkit::browser::{Axe, Browser};

use super::{pages, signed_in};
use crate::support::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_on_any_page_in_light_and_dark() {
    let axe = Axe::installed();
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
            let said = axe.violations(&browser).await;
            found.extend(said.into_iter().map(|said| json!([scheme, path, said])));
        }
    }
    let told: Vec<String> = found.iter().map(Value::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_at_the_door() {
    let axe = Axe::installed();
    let server = Server::over(crate::organisation::everything).await;
    let browser = Browser::start().await;
    let tokens = server::AccountFile::in_folder(&server.folder.path().join("server"));
    let (_, invitation) = tokens.invite("ann", crate::support::now()).unwrap();
    for scheme in ["light", "dark"] {
        browser.scheme(scheme).await;
        for path in ["/login", &format!("/invitation?code={invitation}"), "/invitation?code=ph_wrong"] {
            browser.client.goto(&server.url(path)).await.unwrap();
            browser.until("document.readyState === 'complete'").await;
            assert_eq!(axe.violations(&browser).await, Vec::<String>::new(), "{scheme} {path}");
        }
    }
    browser.client.clone().close().await.unwrap();
}
