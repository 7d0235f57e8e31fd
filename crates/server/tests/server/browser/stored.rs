//! Every form of every page is sent with markup in every field, by a real browser. Whatever becomes of it (recorded, or
//! shown again with what is wrong), no page then has an element or runs a script that came from it.

use std::collections::BTreeSet;

use model::Role;

use testkit::browser::Browser;

use super::{pages, signed_in};
use crate::{organisation::everything, people::apply, support::Server};

/// Leaves an attribute, a text area, a title, a comment and a script, and then is an element that runs a script.
const EVIL: &str =
    "\"'--></textarea></title></script><img id=evil src=x onerror=evil=1><script>evil=1</script>";

/// An organisation whose every free text is evil; names of people, teams and projects have a form to keep.
fn organisation() -> String {
    let evil = serde_json::to_string(EVIL).unwrap();
    let role = |role: Role| format!("  - {{ role: {role}, scope: organisation, people: [olive] }}\n");
    let roles: String = Role::ALL.map(role).concat();
    let provider = format!("name: company, title: {evil}, issuer: 'https://id.example', client: {evil}");
    format!("version: 1\nname: {evil}\nroles:\n{roles}sign-in:\n  providers:\n    - {{ {provider} }}\n")
}

/// Fills the form with this number and sends it, as if nothing in the page checked it first. `false`: there is none.
const SEND: &str = "
const [number, evil] = arguments;
const forms = [...document.querySelectorAll('form[method=post]')].filter((form) => !form.action.endsWith('/logout'));
const form = forms[number];
if (!form) return '';
for (const field of form.querySelectorAll('input, textarea, select')) {
  field.removeAttribute('maxlength');
  if (field.tagName === 'SELECT') field.selectedIndex = field.options.length - 1;
  else if (field.type === 'date') field.value = field.max || '2026-03-20';
  else if (field.type === 'number') field.value = field.min || '1';
  else if (field.type === 'file') {
    const chosen = new DataTransfer();
    chosen.items.add(new File([evil], evil));
    field.files = chosen.files;
  } else if (field.type !== 'hidden') field.value = evil;
}
document.documentElement.dataset.left = 'yes';
form.noValidate = true;
form.requestSubmit(form.querySelector('button'));
return form.getAttribute('action');
";

async fn settled(browser: &Browser) {
    browser.until("!document.documentElement.dataset.left && document.readyState === 'complete'").await;
}

/// Fails when something of the text came alive.
async fn harmless(browser: &Browser, place: &str) {
    let alive = browser
        .js("return [typeof window.evil !== 'undefined', document.getElementById('evil') !== null, \
             document.querySelectorAll('img, script:not([src]), iframe').length]")
        .await;
    assert_eq!(alive, serde_json::json!([false, false, 0]), "{place}");
    let refused = |error: &String| !error.contains("422") && !error.contains("404");
    let errors: Vec<String> = browser.errors().await.into_iter().filter(refused).collect();
    assert!(errors.is_empty(), "{place}: {errors:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_type_never_becomes_a_part_of_a_page() {
    let server = Server::over(everything).await;
    let browser = signed_in(&server).await;
    let mut all: Vec<String> = pages(&server).await.into_iter().map(|(_, path)| path).collect();
    all.extend(["/people".into(), "/people/access".into(), "/account".into()]);
    let mut sent = BTreeSet::new();
    for path in &all {
        for number in 0.. {
            browser.client.goto(&server.url(path)).await.unwrap();
            let action = browser.client.execute(SEND, vec![number.into(), EVIL.into()]).await.unwrap();
            match action.as_str().unwrap_or_default() {
                "" => break,
                action => sent.insert(
                    action
                        .split(|c: char| c == '/' || c.is_ascii_digit())
                        .next_back()
                        .unwrap_or_default()
                        .to_owned(),
                ),
            };
            settled(&browser).await;
            harmless(&browser, &format!("{path}, form {number}")).await;
        }
    }
    for action in
        ["triage", "assign", "comment", "exception", "sign", "reject", "assess", "accounts", "organisation"]
    {
        assert!(sent.contains(action), "no form for {action}: {sent:?}");
    }
    apply(&server, &organisation()).await;
    // It is stored, not refused everywhere.
    let findings = server.json("/api/v1/ledger?kind=triage&project=shop").await;
    assert!(findings["items"].as_array().unwrap().len() >= 3, "{findings}");
    all.push("/exceptions?state=all&project=shop".into());
    all.push("/login".into());
    for path in &all {
        browser.client.goto(&server.url(path)).await.unwrap();
        settled(&browser).await;
        harmless(&browser, path).await;
    }
    browser.client.clone().close().await.unwrap();
}
