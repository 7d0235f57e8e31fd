//! The organisation's side: controls, requirements, technologies, reviews; what each page says and to whom.

use model::Role;
use reqwest::{StatusCode, header};
use server::TokenScope;

use crate::support::{Server, now};

/// What somebody with a role, in some projects or everywhere, is answered.
pub async fn asked(server: &Server, role: Role, projects: &[&str], path: &str) -> (StatusCode, String) {
    let projects = projects.iter().map(|project| (*project).to_owned()).collect();
    let scope = TokenScope { roles: vec![role], projects, owner: None };
    let tokens = server::TokenFile::in_folder(&server.folder.path().join("server"));
    let token = tokens.create(&format!("{role} {path}"), Some(scope), None, now()).unwrap().1;
    let answer = server.stranger().get(server.url(path)).bearer_auth(token).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn page(server: &Server, path: &str) -> String {
    let answer = server.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn controls_show_status_coverage_gaps_and_evidence_and_can_be_taken_along() {
    let server = Server::over(testkit::demo).await;
    let html = page(&server, "/controls?catalogue=samm").await;
    assert!(html.contains("I-SB-2-A") && html.contains("<meter ") && html.contains("missing."), "{html}");
    let control = page(&server, "/controls/samm/I-SB-2-A").await;
    assert!(
        control.contains("href=\"/ledger/") && control.contains("Closed by: <code>proofhouse"),
        "{control}"
    );
    for (form, kind) in [
        ("oscal", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
        ("markdown", "text/markdown; charset=utf-8"),
        ("pdf", "application/pdf"),
    ] {
        let answer = server.get(&format!("/controls/export/{form}?catalogue=samm")).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], kind);
        let name = answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(name.starts_with("attachment; filename=\"controls-2026-03-04."), "{name}");
        assert!(!answer.bytes().await.unwrap().is_empty());
    }
    let whole = server.json("/api/v1/controls").await;
    assert!(whole["projects"].as_array().unwrap().len() > 1);
    // Nobody sees more by asking for everything than their projects have.
    let (status, shop) = asked(&server, Role::Developer, &["shop"], "/api/v1/controls").await;
    let shop: serde_json::Value = serde_json::from_str(&shop).unwrap();
    assert_eq!((status, &shop["projects"]), (StatusCode::OK, &serde_json::json!(["shop"])));
    let before = server.json("/api/v1/controls?as-of=2020-01-01").await;
    assert_eq!((&before["statements"], &before["projects"]), (&serde_json::json!(0), &serde_json::json!([])));
    for bad in ["/controls?as-of=tomorrow", "/controls?as-of=2999-01-01", "/api/v1/controls?as_of=2026-01-01"]
    {
        assert_eq!(server.get(bad).await.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
    for none in ["/controls?catalogue=x", "/controls/samm/x", "/controls/export/docx"] {
        assert_eq!(server.get(none).await.status(), StatusCode::NOT_FOUND, "{none}");
    }
}

/// The demo, and reviews.
pub fn everything(ledger: &mut crate::support::Ledger) {
    crate::reviewed::shop(ledger);
    testkit::reviews(ledger);
}

#[tokio::test]
async fn a_review_is_shown_with_its_points_and_only_to_people_of_the_whole_organisation() {
    let server = Server::over(everything).await;
    let list = page(&server, "/reviews").await;
    assert!(list.contains("access rights") && list.contains("Make a review of"), "{list}");
    let view = server.store.reviews(None, &store::views::PageRequest::first(5)).await.unwrap().items;
    let address = format!("/reviews/{}", view[0].index);
    assert!(list.contains(&format!("href=\"{address}\"")), "{list}");
    let review = page(&server, &address).await;
    assert!(review.contains("9 of 10 were wrong") && review.contains("href=\"/ledger/6\""), "{review}");
    assert!(review.contains("Sign the review"));
    // Without a role of this kind they may say something, and decide nothing.
    let (status, html) = asked(&server, Role::Developer, &[], &address).await;
    assert!(status == StatusCode::OK && html.contains("only a comment") && !html.contains("Sign the review"));
    assert_eq!(asked(&server, Role::Security, &["shop"], &address).await.0, StatusCode::FORBIDDEN);
    // What was typed is still there when it is refused, with the reason.
    let form = "point=noisy-rule%3Abandit%2FB101&verdict=decline&text=%3Cb%3Enot+now";
    let answer = server
        .program()
        .post(server.url(&address))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let html = answer.text().await.unwrap();
    assert!(html.contains("The test has no engine. See") && html.contains("role=\"alert\""), "{html}");
    assert!(
        html.contains("&#60;b&#62;not now</textarea>") && html.contains("\"decline\" selected"),
        "{html}"
    );
}

#[tokio::test]
async fn technologies_show_who_uses_what_against_the_catalogue_to_those_who_may_see_it() {
    let server = Server::over(everything).await;
    let html = page(&server, "/technologies").await;
    assert!(html.contains("<svg ") && html.contains("href=\"/technologies/Waitress\""), "{html}");
    assert!(html.contains("href=\"/projects/shop\"") && html.contains("id=\"objectives\""), "{html}");
    let narrowed = page(&server, "/technologies?ring=adopt&quadrant=tools").await;
    assert!(!narrowed.contains("<th scope=\"row\"><a href=\"/technologies/Waitress\">"), "{narrowed}");
    let (status, elsewhere) = asked(&server, Role::Developer, &["elsewhere"], "/technologies").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!elsewhere.contains("/projects/shop") && !elsewhere.contains("id=\"objectives\""), "{elsewhere}");
    let entry = page(&server, "/technologies/Waitress").await;
    assert!(
        entry.contains("unknown") && entry.contains("Side by side") && entry.contains("it has no evidence")
    );
    assert!(entry.contains("Sign the entry") && entry.contains("name=\"ring\""));
    let (_, manager) = asked(&server, Role::Manager, &[], "/technologies/Waitress").await;
    assert!(!manager.contains("Sign the entry") && !manager.contains("name=\"ring\""), "{manager}");
    assert_eq!(server.get("/technologies/Cobol").await.status(), StatusCode::NOT_FOUND);
    for (ending, kind) in [("json", "application/json"), ("svg", "image/svg+xml")] {
        let answer = server.get(&format!("/technologies.{ending}")).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], kind);
        assert!(answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    }
}

#[tokio::test]
async fn requirements_lead_from_their_tests_to_the_run_and_the_commit() {
    let server = Server::over(everything).await;
    let html = page(&server, "/projects/shop/requirements").await;
    assert!(html.contains("OWN-1") && html.contains(&format!("/runs/{}", testkit::run_id(3))), "{html}");
    assert!(!html.contains("1 failing") && html.contains("1 pending") && html.contains("/ledger/3"));
    let passing = page(&server, "/projects/shop/requirements?state=passing").await;
    assert!(passing.contains("OWN-2") && !passing.contains("OWN-1"), "{passing}");
    assert!(page(&server, "/projects/shop").await.contains("href=\"/projects/shop/requirements\""));
}

#[tokio::test]
async fn nothing_recorded_yet_is_said_and_not_an_error() {
    let server = Server::over(|_| {}).await;
    assert!(page(&server, "/controls").await.contains("no data"));
    assert!(page(&server, "/reviews").await.contains("None yet"));
}
