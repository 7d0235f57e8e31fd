//! The portfolio: every figure of the page is the length of the list it leads to, in every view.

use model::{By, Role, Via, predicate::*};
use reqwest::StatusCode;
use server::{TokenFile, TokenScope};
use store::views::{FindingFilter, PageRequest};

use crate::support::{Ledger, Server, code, now};

/// The demonstration, and what somebody said about one finding.
fn judged(ledger: &mut Ledger) {
    testkit::demo(ledger);
    let mut findings = [testkit::finding("B900", "judged.py", "judged()")];
    model::identity::assign_all(&mut findings);
    let id = findings[0].id;
    ledger.scan(findings.to_vec(), false);
    let act = Triage {
        project: "demo".into(),
        finding: id,
        state: Some(TriageState::FalsePositive),
        duplicate_of: None,
        reason: Some("the value never comes from outside".into()),
        seen: None,
        assignee: Some("bob".into()),
        comment: None,
        by: By { name: "ann".into(), roles: vec![Role::Security], via: Via::Password },
        at: ledger.now(),
    };
    ledger.push(vec![model::Subject::sha256("finding", id.0)], &act);
}

/// Text of every link to an address that begins like this.
fn links<'a>(html: &'a str, start: &str) -> Vec<(String, &'a str)> {
    let open = format!("<a href=\"{start}");
    let link = |rest: &'a str| {
        let (address, rest) = rest.split_once('"')?;
        let text = rest.strip_prefix('>')?.split('<').next()?;
        Some((format!("{start}{}", address.replace("&#38;", "&").replace("&amp;", "&")), text))
    };
    html.split(open.as_str()).skip(1).filter_map(link).collect()
}

#[tokio::test]
async fn every_number_is_the_length_of_its_list() {
    let server = Server::over(judged).await;
    let mut compared = 0;
    for view in ["manager", "security", "auditor"] {
        let html = server.get(&format!("/portfolio?view={view}&days=400")).await.text().await.unwrap();
        for list in ["/findings?", "/decisions?", "/deployments?", "/coverage?", "/exceptions?", "/scanners?"]
        {
            for (address, text) in links(&html, list) {
                let Ok(number) = text.trim().parse::<usize>() else { continue };
                let answer = server.get(&address).await;
                assert_eq!(answer.status(), StatusCode::OK, "{address}");
                let page = answer.text().await.unwrap();
                // A list may have a table before it: rows of the last one are counted.
                let body = page.rsplit("<tbody>").next().unwrap();
                let rows = body.matches("<th scope=\"row\"").count();
                assert_eq!(rows, number, "{view}: {address}");
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "{compared}");
}

#[tokio::test]
async fn the_api_says_what_the_store_says_and_refuses_what_it_does_not_know() {
    let server = Server::over(judged).await;
    let all = server.json("/api/v1/portfolio").await;
    let open = server.store.finding_counts(&FindingFilter::open()).await.unwrap();
    let last = all["trend"].as_array().unwrap().last().unwrap();
    assert_eq!(last["open"], serde_json::to_value(open.severity).unwrap());
    assert_eq!(all["projects"], 3);
    assert_eq!(all["gates"][0]["environment"], "production");
    assert_eq!(all["quality"][0]["falsePositive"], 1);
    let gaps = server.json("/api/v1/coverage?state=missing&technique=sca").await;
    assert!(gaps["items"].as_array().unwrap().iter().any(|one| one["project"] == "mailer"), "{gaps}");
    for path in [
        "/portfolio?view=nobody",
        "/portfolio?colour=red",
        "/api/v1/portfolio?days=-1",
        "/api/v1/coverage?state=good",
        "/coverage?after=nonsense",
        "/exceptions?state=over",
        "/decisions?outcome=maybe",
        "/deployments?result=exploded",
        "/findings?before=yesterday",
        "/findings?before=2026-02-30",
        "/findings?triage=perhaps",
    ] {
        let client = server.program().get(server.url(path)).header("accept", "application/json");
        let (status, _) = code(client.send().await.unwrap()).await;
        assert_eq!(status, 400, "{path}");
    }
}

#[tokio::test]
async fn somebody_of_one_project_gets_the_figures_of_that_one() {
    let server = Server::over(judged).await;
    let tokens = TokenFile::in_folder(&server.folder.path().join("server"));
    let scope = TokenScope { roles: vec![Role::Developer], projects: vec!["demo".into()], owner: None };
    let (_, token) = tokens.create("near", Some(scope), None, now()).unwrap();
    let ask = async |path: &str| {
        let answer = server.stranger().get(server.url(path)).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    };
    let all: serde_json::Value = serde_json::from_str(&ask("/api/v1/portfolio").await).unwrap();
    assert_eq!((&all["projects"], &all["gates"]), (&serde_json::json!(1), &serde_json::json!([])));
    for path in ["/api/v1/portfolio?project=shop", "/api/v1/findings?project=shop", "/decisions?project=shop"]
    {
        let answer = server.stranger().get(server.url(path)).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    for path in [
        "/portfolio",
        "/portfolio?view=auditor",
        "/coverage",
        "/scanners",
        "/exceptions?state=all",
        "/decisions",
        "/deployments",
        "/findings",
        "/findings?project=&text=",
        "/api/v1/coverage",
        "/api/v1/decisions",
        "/api/v1/deployments",
        "/api/v1/findings",
        "/api/v1/findings/counts",
    ] {
        let text = ask(path).await;
        assert!(!text.contains("\"shop\""), "{path}");
        assert!(!text.contains(">shop<") && !text.contains("mailer"), "{path}");
    }
    let list: serde_json::Value = serde_json::from_str(&ask("/api/v1/findings").await).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn triage_is_told_beside_the_finding() {
    let server = Server::over(judged).await;
    let wanted = FindingFilter { project: Some("demo".into()), ..FindingFilter::default() };
    let finding = server.store.findings(&wanted, &PageRequest::default()).await.unwrap().items.remove(0);
    let page = server.get(&format!("/projects/demo/findings/{}", finding.id)).await.text().await.unwrap();
    for words in ["false positive", "assigned to bob", "ann (security)", "the value never comes from outside"]
    {
        assert!(page.contains(words), "{words}");
    }
    let list = server.get("/findings?triage=false-positive&assignee=bob").await.text().await.unwrap();
    assert_eq!(list.matches("<th scope=\"row\"").count(), 1);
}

#[tokio::test]
async fn an_empty_installation_says_what_to_do() {
    let server = Server::over(|_| {}).await;
    for view in ["manager", "security", "auditor"] {
        let page = server.get(&format!("/portfolio?view={view}")).await.text().await.unwrap();
        assert!(page.contains("proofhouse import") && !page.contains("<svg class=\"bars\""), "{view}");
    }
    for path in ["/coverage", "/exceptions", "/decisions"] {
        assert_eq!(server.get(path).await.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(server.json("/api/v1/portfolio").await["projects"], 0);
}
