//! Text from outside stays text: a ledger in which every free text is markup shows none of it as such.

use model::{Place, Timestamp};
use serde_json::Value;

use crate::{
    reviewed,
    support::{Ledger, Server},
};

const EVIL: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;{{7*7}}";

/// Makes every string evil but those that have a form to keep (digests, moments, ids, known words).
fn poison(value: &mut Value, key: &str) {
    let formal = [
        "phase",
        "result",
        "outcome",
        "kind",
        "technique",
        "bomFormat",
        "_type",
        "sha256",
        "gitTree",
        "hash",
        "stream",
        "severity",
        "name/property",
        "verificationResult",
        "role",
        "roles",
        "verdict",
        "how",
    ];
    match value {
        Value::String(text) => {
            let fixed = formal.contains(&key)
                || text.parse::<Timestamp>().is_ok()
                || text.parse::<model::Sha256>().is_ok()
                || text.parse::<model::RunId>().is_ok()
                || text.starts_with("proofhouse:");
            if !fixed {
                text.push_str(EVIL);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, key)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| {
            // Names that link rows to each other keep their form.
            if !["project", "environment", "name", "needs", "step"].contains(&key.as_str()) {
                poison(value, key);
            }
        }),
        _ => {}
    }
}

fn hostile(ledger: &mut Ledger) {
    reviewed::demo(ledger, EVIL);
    testkit::reviews(ledger);
    let mut findings = vec![testkit::finding(EVIL, EVIL, "code"), testkit::finding("B2", "x", "other")];
    findings[0].title = EVIL.into();
    findings[0].message = EVIL.into();
    findings[0].scanner = EVIL.into();
    findings[0].fix = Some(EVIL.into());
    findings[0].help = Some(format!("https://x.example/{EVIL}"));
    findings[0].aliases = vec![EVIL.into()];
    findings[1].help = Some("javascript:alert(3)".into());
    findings[1].place = Place::Package { purl: EVIL.into(), manifest: Some(EVIL.into()) };
    ledger.scan(findings, true);
    for logged in &mut ledger.statements {
        logged.statement.subject.iter_mut().for_each(|subject| subject.name.push_str(EVIL));
        poison(&mut logged.statement.predicate, "");
    }
    // Names of projects, steps and environments too, the same everywhere.
    for logged in &mut ledger.statements {
        let text = logged.statement.predicate.to_string();
        let evil = serde_json::to_string(EVIL).unwrap();
        let evil = &evil[1..evil.len() - 1];
        let text = text
            .replace("\"shop\"", &format!("\"shop{evil}\""))
            .replace("\"staging\"", &format!("\"staging{evil}\""));
        logged.statement.predicate = serde_json::from_str(&text).unwrap();
    }
    ledger.reseal();
}

/// All addresses that a page links to inside the server.
fn links(html: &str) -> Vec<String> {
    let addresses = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    addresses
        .filter(|address| address.starts_with('/'))
        .map(|address| address.replace("&#38;", "&").replace("&amp;", "&"))
        .collect()
}

#[tokio::test]
async fn no_page_shows_text_as_markup() {
    let server = Server::over(hostile).await;
    server.write_log(testkit::run_id(3), "compile", EVIL.as_bytes());
    let undecoded =
        server.store.statements(&Default::default(), &store::views::PageRequest::first(500)).await.unwrap();
    let errors: Vec<_> = undecoded.items.iter().filter_map(|entry| entry.error.clone()).collect();
    assert!(errors.is_empty(), "the poison must not keep rows away: {errors:?}");
    let mut waiting = vec![
        "/".to_owned(),
        "/controls".into(),
        "/technologies".into(),
        "/reviews".into(),
        "/runs".into(),
        "/findings".into(),
        "/deployments".into(),
        "/sboms".into(),
        "/digest?days=366".into(),
        "/guidance".into(),
        "/reviews/releases".into(),
    ];
    let mut seen = std::collections::BTreeSet::new();
    let mut kinds_seen = std::collections::BTreeMap::new();
    let mut poisoned = 0;
    while let Some(path) = waiting.pop() {
        let path = path.split('#').next().unwrap().to_owned();
        if path.is_empty()
            || path.starts_with("/assets")
            || path.starts_with("/api")
            || path.contains("/export/")
            || path.starts_with("/technologies.")
            || !seen.insert(path.clone())
        {
            continue;
        }
        let kind = path.split(['/', '?']).nth(1).unwrap_or_default().to_owned();
        let asked: &mut u32 = kinds_seen.entry(kind).or_default();
        *asked += 1;
        if *asked > 60 {
            continue;
        }
        let answer = server.get(&path).await;
        let status = answer.status();
        let html = answer.text().await.unwrap();
        assert!(status.is_success(), "{path} {status}");
        assert!(!html.contains("<script>") && !html.contains("<img"), "{path}");
        assert!(!html.contains("href=\"javascript:"), "{path}");
        assert!(!html.contains(" style=") && !html.contains("<style"), "{path}");
        // An attribute that the text could have broken out of.
        assert!(!html.contains("\"'>"), "{path}");
        poisoned += usize::from(html.contains("&lt;script") || html.contains("&#60;script"));
        waiting.extend(links(&html));
    }
    assert!(poisoned > 30, "{poisoned} of {}", seen.len());
    let kinds = [
        "/projects/",
        "/findings/",
        "/runs/",
        "/deployments/",
        "/decisions/",
        "/ledger/",
        "/sboms/",
        "/artifacts/",
        "/reviews/releases/",
        "/results/new",
        "/guidance/",
        "/digest",
        "/controls/",
        "/technologies/",
        "/reviews/",
    ];
    for kind in kinds {
        assert!(seen.iter().any(|path| path.contains(kind)), "{kind} was not reached");
    }
}
