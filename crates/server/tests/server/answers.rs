//! What the API and the pages answer.

use std::collections::BTreeSet;

use model::Sha256;
use reqwest::{StatusCode, header};

use crate::support::{Server, code};

/// Values for the parameters of paths.
fn fill(server: &Server, path: &str) -> String {
    let decision =
        server.ledger.statements.iter().find(|s| s.statement.predicate_type.contains("verification_summary"));
    let sbom = server.ledger.statements.iter().find(|s| s.statement.predicate_type.contains("cyclonedx"));
    let scan = server.ledger.statements.iter().find(|s| s.statement.predicate_type.contains("scan"));
    let index = match path {
        _ if path.contains("decisions") => decision.unwrap().index,
        _ if path.contains("sboms") => sbom.unwrap().index,
        _ if path.contains("scans") => scan.unwrap().index,
        _ => 1,
    };
    path.replace("{project}", "shop")
        .replace("{run}", &testkit::run_id(1).to_string())
        .replace("{step}", "compile")
        .replace("{index}", &index.to_string())
        .replace("{deployment}", &testkit::deployment_id(2).to_string())
        .replace("{digest}", &Sha256::of("shop 1").hex())
}

async fn any_finding(server: &Server) -> String {
    let findings = server.json("/api/v1/findings?limit=1").await;
    findings["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_described_address_answers_and_every_parameter_is_described() {
    let server = Server::over(testkit::demo).await;
    server.write_log(testkit::run_id(1), "compile", b"cc -o shop\n");
    let document = server.json("/api/v1/openapi.json").await;
    assert_eq!(document["info"]["title"], "Proofhouse");
    let id = any_finding(&server).await;
    let paths: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert!(paths.len() >= 28, "{paths:?}");
    for path in &paths {
        let address = fill(&server, path).replace("{id}", &id);
        assert!(!address.contains('{'), "{address}");
        let answer = server.get(&address).await;
        let none = path == "/api/v1/organisation";
        assert_eq!(answer.status() == StatusCode::NOT_FOUND, none, "{address}");
        assert!(none || answer.status() == StatusCode::OK, "{address} {}", answer.status());
        let named = path.matches('{').count();
        let parameters = document["paths"][path]["get"]["parameters"].as_array().cloned().unwrap_or_default();
        assert_eq!(parameters.iter().filter(|p| p["in"] == "path").count(), named, "{path}");
    }
    // References inside the document lead somewhere.
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn the_api_says_what_the_store_says() {
    let server = Server::over(testkit::demo).await;
    let projects = server.json("/api/v1/projects").await;
    assert_eq!(projects, serde_json::to_value(server.store.projects().await.unwrap()).unwrap());
    let findings =
        server.json("/api/v1/findings?status=new,existing,reopened&severity=critical&project=shop").await;
    assert_eq!(findings["items"].as_array().unwrap().len(), 1);
    assert_eq!(findings["items"][0]["placeLabel"], "shop/views/search.py:42");
    let detail = server.json(&format!("/api/v1/projects/shop/findings/{}", any_finding(&server).await)).await;
    assert!(detail["history"].as_array().unwrap().iter().any(|event| event["kind"] == "moved"));
    let run = server.json(&format!("/api/v1/runs/{}", testkit::run_id(3))).await;
    assert_eq!(run["decisions"][1]["outcome"], "deny");
    assert_eq!(server.json("/api/v1/environments").await[1]["current"]["environment"], "staging");
}

#[tokio::test]
async fn pages_follow_their_marker() {
    let server = Server::over(testkit::demo).await;
    let total = server.ledger.statements.len();
    let (mut seen, mut path) = (0, "/api/v1/ledger?limit=7".to_owned());
    loop {
        let page = server.json(&path).await;
        seen += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/ledger?limit=7&after={next}");
    }
    assert_eq!(seen, total);
    let html = server.get("/ledger?kind=scan&project=shop").await.text().await.unwrap();
    assert_eq!(html.matches("class=\"entry\"").count(), 12);
}

#[tokio::test]
async fn what_never_changes_is_not_sent_twice() {
    let server = Server::over(testkit::demo).await;
    let first = server.get("/api/v1/ledger/3/envelope").await;
    let tag = first.headers()[header::ETAG].clone();
    assert!(first.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    let bytes = first.bytes().await.unwrap();
    assert_eq!(Sha256::of(&bytes), server.ledger.statements[3].envelope);
    let request =
        server.program().get(server.url("/api/v1/ledger/3/envelope")).header(header::IF_NONE_MATCH, tag);
    let again = request.send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn mistakes_are_told_with_a_code() {
    let server = Server::over(testkit::demo).await;
    for (path, expected) in [
        ("/api/v1/runs/not-a-uuid", (404, "not-found")),
        ("/api/v1/runs/00000000-0000-7000-8000-000000000000", (404, "not-found")),
        ("/api/v1/projects/nobody", (404, "not-found")),
        ("/api/v1/ledger/99999999", (404, "not-found")),
        ("/api/v1/ledger/-1", (404, "not-found")),
        ("/api/v1/ledger/99999999/proof", (404, "not-found")),
        ("/api/v1/artifacts/abc", (404, "not-found")),
        ("/api/v1/findings?severity=awful", (400, "query-invalid")),
        ("/api/v1/findings?colour=red", (400, "query-invalid")),
        ("/api/v1/findings?limit=lots", (400, "query-invalid")),
        ("/api/v1/findings?after=nonsense", (400, "page-marker")),
        ("/api/v1/findings?technique=sast,sca", (400, "query-invalid")),
        ("/api/v1/findings?text=a%00b", (400, "query-invalid")),
        ("/api/v1/projects/a%00b", (404, "not-found")),
        ("/api/v1/sboms/99999999/components", (404, "not-found")),
        ("/api/v1/no/such/thing", (404, "not-found")),
    ] {
        let (status, problem) = code(server.get(path).await).await;
        assert_eq!((status, problem.as_str()), expected, "{path}");
    }
    let page = server
        .person()
        .await
        .get(server.url("/runs/nothing"))
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert!(page.text().await.unwrap().contains("<h1>Not Found</h1>"));
}

#[tokio::test]
async fn an_empty_installation_has_pages_that_say_what_to_do() {
    let server = Server::over(|_| {}).await;
    for (page, hint) in [
        ("/", "proofhouse init"),
        ("/runs", "No run matches"),
        ("/findings", "No finding matches"),
        ("/deployments", "proofhouse deploy"),
        ("/ledger", "No entry matches"),
        ("/sboms", "No bill of materials"),
    ] {
        let text = server.get(page).await.text().await.unwrap();
        assert!(text.contains(hint), "{page}");
    }
}

/// Changing these is changing what protects every reader: look twice.
#[tokio::test]
async fn security_headers_are_these_on_every_answer() {
    let server = Server::over(testkit::demo).await;
    let mut all = BTreeSet::new();
    for path in
        ["/", "/login", "/assets/style.css", "/assets/none.css", "/api/v1/projects", "/healthz", "/nothing"]
    {
        let answer = server.get(path).await;
        let names = [
            "content-security-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
            "referrer-policy",
            "x-content-type-options",
            "x-frame-options",
        ];
        let headers = answer.headers();
        assert!(headers.get("server").is_none() && headers.get("x-powered-by").is_none());
        let lines = names.map(|name| format!("{name}: {}", headers[name].to_str().unwrap()));
        all.insert(lines.join("\n"));
    }
    assert_eq!(all.len(), 1);
    insta::assert_snapshot!(all.first().unwrap(), @r"
    content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    permissions-policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-frame-options: DENY
    ");
}
