//! The pages in a real browser: they load without an error, can be used by keyboard, can be read in
//! light and dark and on a small screen, and check a proof.

mod axe;
mod keyboard;
mod stored;

use std::{fs, path::PathBuf};

use serde_json::Value;
use testkit::browser::{Browser, InputSource as _, Key, KeyAction, KeyActions};

use crate::support::Server;

/// Every kind of page, with a name for its picture.
async fn pages(server: &Server) -> Vec<(&'static str, String)> {
    let findings = server.json("/api/v1/findings?severity=critical&status=existing&limit=1").await;
    let finding = findings["items"][0]["id"].as_str().unwrap().to_owned();
    let decisions = server.json("/api/v1/decisions").await;
    let decision = decisions["items"][0]["index"].to_string();
    let sboms = server.json("/api/v1/sboms").await;
    let reviews = server.json("/api/v1/ledger?kind=release-review").await;
    let review = server.store.reviews(None, &store::views::PageRequest::first(1)).await.unwrap().items;
    vec![
        ("overview", "/".into()),
        ("portfolio", "/portfolio".into()),
        ("portfolio-security", "/portfolio?view=security&days=14".into()),
        ("portfolio-auditor", "/portfolio?view=auditor".into()),
        ("coverage", "/coverage".into()),
        ("scanners", "/scanners".into()),
        ("exceptions", "/exceptions?state=all".into()),
        ("decisions", "/decisions".into()),
        ("controls", "/controls?catalogue=samm".into()),
        ("control", "/controls/samm/I-SB-2-A".into()),
        ("project", "/projects/shop".into()),
        ("runs", "/runs".into()),
        ("run", format!("/runs/{}", testkit::run_id(3))),
        ("run-live", format!("/runs/{}", testkit::run_id(9))),
        ("findings", "/findings?status=new,existing,reopened".into()),
        ("finding", format!("/projects/shop/findings/{finding}")),
        ("guidance", "/guidance".into()),
        ("guidance-class", "/guidance/89?language=python".into()),
        ("digest", "/digest?days=90".into()),
        ("result", "/projects/shop/results/new".into()),
        ("reviews", "/reviews/releases".into()),
        ("review", format!("/reviews/releases/{}", reviews["items"][0]["index"])),
        ("deployments", "/deployments".into()),
        ("deployment", format!("/deployments/{}", testkit::deployment_id(6))),
        ("decision", format!("/decisions/{decision}")),
        ("technologies", "/technologies".into()),
        ("technology", "/technologies/Waitress".into()),
        ("requirements", "/projects/shop/requirements".into()),
        ("reviews", "/reviews".into()),
        ("review", format!("/reviews/{}", review[0].index)),
        ("ledger", "/ledger".into()),
        ("entry", "/ledger/5".into()),
        ("sboms", "/sboms".into()),
        ("sbom", format!("/sboms/{}", sboms["items"][0]["index"])),
        ("artifact", format!("/artifacts/{}", model::Sha256::of("shop 3"))),
        ("missing", "/ledger/99999".into()),
    ]
}

/// A browser that followed the sign-in link.
async fn signed_in(server: &Server) -> Browser {
    let browser = Browser::start().await;
    browser.client.goto(&server.bound.login).await.unwrap();
    browser.until("location.pathname === '/' && document.readyState === 'complete'").await;
    browser.errors().await;
    browser
}

/// Where pictures go: `PROOFHOUSE_SCREENSHOTS`, or nowhere.
async fn picture(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("PROOFHOUSE_SCREENSHOTS").map(PathBuf::from) else { return };
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.png")), browser.client.screenshot().await.unwrap()).unwrap();
}

/// Mistakes that can be found by looking at the document: names, structure, contrast.
const MISTAKES: &str = r#"
const found = [];
const say = (what, element) => found.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
const all = (selector) => [...document.querySelectorAll(selector)];
if (all("h1").length !== 1) found.push(`${all("h1").length} h1`);
if (!document.documentElement.lang || !document.title) found.push("no language or title");
all("input:not([type=hidden]), select, textarea").filter((e) => !e.labels.length).forEach((e) => say("no label", e));
all("table").filter((e) => !e.caption).forEach((e) => say("no caption", e));
all("th").filter((e) => !e.scope).forEach((e) => say("no scope", e));
all("a, button").filter((e) => !(e.textContent.trim() || e.getAttribute("aria-label"))).forEach((e) => say("no name", e));
all("[id]").filter((e) => all(`[id="${e.id}"]`).length > 1).forEach((e) => say("id twice", e));
all("[aria-labelledby]").filter((e) => !e.getAttribute("aria-labelledby").split(" ").every((id) => document.getElementById(id))).forEach((e) => say("label missing", e));
all("[style], script:not([src]), style").forEach((e) => say("inline", e));

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgba = (color) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = (color) => {
  const [r, g, b] = color.map((part) => part / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const color = rgba(getComputedStyle(e).backgroundColor);
    if (color[3] === 255) return color;
  }
  return [255, 255, 255, 255];
};
for (const element of all("body *")) {
  const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!text || !element.checkVisibility() || element.closest("svg, .unseen, .skip")) continue;
  const [a, b] = [light(rgba(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < 4.5) say(`contrast ${contrast.toFixed(2)}`, element);
}
return found;
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_loads_without_an_error_and_can_be_read_in_light_and_dark() {
    let server = Server::over(crate::organisation::everything).await;
    let log: String = (0..40).map(|n| format!("[{n}/40] cc -O2 -c src/module_{n}.c\n")).collect();
    server.write_log(testkit::run_id(3), "compile", log.as_bytes());
    server.write_log(testkit::run_id(9), "compile", b"[1/40] cc -O2 -c src/main.c\n");
    let browser = signed_in(&server).await;
    for scheme in ["light", "dark"] {
        browser.scheme(scheme).await;
        for (name, path) in pages(&server).await {
            browser.size(1360, 1000).await;
            browser.client.goto(&server.url(&path)).await.unwrap();
            browser.until("document.readyState === 'complete'").await;
            if name == "entry" {
                browser.js("document.querySelector('[data-proof] button').click()").await;
                browser.until("document.querySelector('.verdict.good')").await;
            }
            let mistakes = browser.js(MISTAKES).await;
            assert_eq!(mistakes, Value::Array(vec![]), "{scheme} {path}");
            let errors = browser.errors().await;
            let expected = if name == "missing" { 1 } else { 0 };
            assert_eq!(errors.len(), expected, "{path}: {errors:?}");
            let height = browser.js("return document.documentElement.scrollHeight").await.as_u64().unwrap();
            browser.size(1360, height.clamp(400, 3000) as u32).await;
            picture(&browser, &format!("{name}-{scheme}")).await;
            browser.size(390, 844).await;
            let wide = browser.js("return document.documentElement.scrollWidth").await.as_u64().unwrap();
            assert!(wide <= 390, "{path} is {wide} wide on a small screen");
            if scheme == "dark" {
                picture(&browser, &format!("{name}-small")).await;
            }
        }
    }
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_reached_by_keyboard_and_is_seen_to_be() {
    let server = Server::over(crate::organisation::everything).await;
    let browser = signed_in(&server).await;
    let press = async |key: Key| {
        // Of the keyboard, not of an element: what is sent to a field for files is the name of one.
        let value = char::from(key);
        let keys = KeyActions::new("keyboard".to_owned());
        let keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        browser.client.perform_actions(keys).await.unwrap();
    };
    for (_, path) in pages(&server).await {
        browser.client.goto(&server.url(&path)).await.unwrap();
        press(Key::Tab).await;
        let skip = browser.js("const r = document.activeElement.getBoundingClientRect(); return [document.activeElement.className, r.top >= 0]").await;
        assert_eq!(skip, serde_json::json!(["skip", true]), "{path}");
        let reachable = "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')].filter((e) => e.checkVisibility() && !e.hidden).length";
        let wanted = browser.js(&format!("return {reachable}")).await.as_u64().unwrap();
        let mut seen = 1;
        for _ in 0..wanted.min(60) {
            press(Key::Tab).await;
            let focus = browser
                .js("const e = document.activeElement; if (e === document.body) return null; const s = getComputedStyle(e.closest('svg') ? e.querySelector('.box') : e); return s.outlineStyle !== 'none' || s.strokeWidth === '3px'")
                .await;
            match focus {
                Value::Null => break,
                shown => assert_eq!(shown, true, "{path}: focus is not seen after {seen} steps"),
            }
            seen += 1;
        }
        assert!(seen >= wanted.min(60), "{path}: {seen} of {wanted}");
    }
    // The skip link moves the focus into the content.
    browser.client.goto(&server.url("/runs")).await.unwrap();
    press(Key::Tab).await;
    press(Key::Enter).await;
    assert_eq!(browser.js("return document.activeElement.id").await, "content");
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_checks_inclusion_and_notices_what_was_changed() {
    let server = Server::over(|ledger| {
        testkit::demo(ledger);
        // The ledger of the backend says something else than what was projected and logged.
        ledger.statements[7].statement.predicate["project"] = "swapped".into();
    })
    .await;
    let browser = signed_in(&server).await;
    let last = server.ledger.statements.len() as u64 - 1;
    for index in [0, 1, 6, 31, 32, last] {
        browser.client.goto(&server.url(&format!("/ledger/{index}"))).await.unwrap();
        browser.js("document.querySelector('[data-proof] button').click()").await;
        browser.until("document.querySelector('[role=status].verdict')").await;
        let said = browser.js("return document.querySelector('[role=status]').textContent").await;
        assert!(said.as_str().unwrap().starts_with("Included"), "{index}: {said}");
    }
    browser.client.goto(&server.url("/ledger/7")).await.unwrap();
    browser.js("document.querySelector('[data-proof] button').click()").await;
    browser.until("document.querySelector('[role=status].verdict.bad')").await;
    let steps = browser
        .js("return [...document.querySelectorAll('[data-proof] ol li')].map((e) => e.textContent)")
        .await;
    assert!(steps[0].as_str().unwrap().starts_with("failed The envelope"), "{steps}");
    assert_eq!(browser.errors().await, Vec::<String>::new());
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_log_grows_in_the_page_as_text() {
    let server = Server::over(crate::organisation::everything).await;
    let run = testkit::run_id(9);
    server.write_log(run, "compile", b"begun\n");
    let browser = signed_in(&server).await;
    browser.client.goto(&server.url(&format!("/runs/{run}"))).await.unwrap();
    browser.until("document.querySelector('[data-stream-state]').textContent === 'Following the log.'").await;
    server.write_log(run, "compile", b"<b id=evil>more</b>\n");
    browser.until("document.querySelector('pre.log').textContent === 'begun\\n<b id=evil>more</b>\\n'").await;
    assert_eq!(browser.js("return document.getElementById('evil')").await, Value::Null);
    assert_eq!(browser.errors().await, Vec::<String>::new());
    browser.client.clone().close().await.unwrap();
}
