//! Somebody without a mouse: signs in with password and one-time code, finds a finding, judges it, finds the release
//! review and signs it. Only Tab, Enter and what is typed.

use testkit::browser::{Browser, Key};

use crate::{
    people::{PASSWORD, apply, join, one_time},
    reviewed,
    support::Server,
};

const FILE: &str = "\
version: 1
name: Example
roles:
  - { role: security, scope: organisation, people: [ann] }
";

/// Presses a key, or types text, where the focus is.
async fn press(browser: &Browser, keys: &str) {
    browser.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
}

async fn key(browser: &Browser, key: Key) {
    press(browser, &String::from(char::from(key))).await;
}

/// Tabs on until the focus is on what the selector means.
async fn to(browser: &Browser, selector: &str) {
    let there = format!("return document.activeElement.matches({})", serde_json::json!(selector));
    for _ in 0..200 {
        key(browser, Key::Tab).await;
        if browser.js(&there).await == true {
            return;
        }
    }
    panic!(
        "the keyboard does not lead to {selector}: {}",
        browser.js("return document.body.innerText").await
    );
}

/// Enter, and the page that it leads to.
async fn enter(browser: &Browser) {
    // The page that is left carries a mark; the next one does not.
    browser.js("document.documentElement.dataset.left = 'yes'").await;
    key(browser, Key::Enter).await;
    browser.until("!document.documentElement.dataset.left && document.readyState === 'complete'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_judges_a_finding_and_signs_a_release_without_a_mouse() {
    let server = Server::over(reviewed::shop).await;
    apply(&server, FILE).await;
    let (secret, _) = join(&server, "ann").await;
    let browser = Browser::start().await;
    browser.client.goto(&server.url("/")).await.unwrap();
    for (field, text) in [("name", "ann"), ("password", PASSWORD), ("code", &one_time(&secret, 0))] {
        to(&browser, &format!("input[name={field}]")).await;
        press(&browser, text).await;
    }
    enter(&browser).await;
    browser.until("location.pathname === '/' && document.readyState === 'complete'").await;

    to(&browser, "nav.main a[href='/findings']").await;
    enter(&browser).await;
    to(&browser, "main a[href*='/projects/shop/findings/']").await;
    enter(&browser).await;
    to(&browser, "form[action$='/triage'] select[name=state]").await;
    // Typing the beginning of its words chooses it.
    press(&browser, "false").await;
    to(&browser, "form[action$='/triage'] textarea[name=reason]").await;
    press(&browser, "the value never comes from outside").await;
    to(&browser, "form[action$='/triage'] button").await;
    enter(&browser).await;
    let said = browser.js("return document.querySelector('[aria-labelledby=triage] li').innerText").await;
    let said = said.as_str().unwrap().to_lowercase();
    assert!(said.contains("false positive") && said.contains("by ann (security)"), "{said}");
    assert!(said.contains("the value never comes from outside"), "{said}");

    to(&browser, "nav.main summary").await;
    key(&browser, Key::Enter).await;
    to(&browser, "nav.main a[href='/reviews/releases']").await;
    enter(&browser).await;
    to(&browser, "main a[href^='/reviews/releases/']").await;
    enter(&browser).await;
    to(&browser, "form[action$='/sign'] select[name=role]").await;
    to(&browser, "form[action$='/sign'] textarea").await;
    press(&browser, "looked at what is open").await;
    to(&browser, "form[action$='/sign'] button").await;
    enter(&browser).await;
    let voices = browser.js("return document.querySelector('[aria-labelledby=voices] ol').innerText").await;
    assert!(voices.as_str().unwrap().contains("ann as security: sign"), "{voices}");
    assert_eq!(browser.errors().await, Vec::<String>::new());
    browser.client.clone().close().await.unwrap();
}
