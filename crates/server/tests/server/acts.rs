//! What people do on the pages: it is recorded with their name and roles, or the page says what is wrong and keeps
//! what they typed; and nobody is offered what they may not do.

use model::Role;
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use server::{TokenFile, TokenScope};

use crate::{
    reviewed,
    support::{Server, now},
};

const EVIL: &str = "\"'><script>alert(1)</script>";

/// Somebody with one role.
struct Somebody<'a> {
    server: &'a Server,
    token: String,
}

fn somebody<'a>(server: &'a Server, name: &str, role: Role, projects: &[&str]) -> Somebody<'a> {
    let projects = projects.iter().map(|project| (*project).to_owned()).collect();
    let scope = TokenScope { roles: vec![role], projects, owner: None };
    let tokens = TokenFile::in_folder(&server.folder.path().join("server"));
    Somebody { server, token: tokens.create(name, Some(scope), None, now()).unwrap().1 }
}

impl Somebody<'_> {
    async fn sees(&self, path: &str) -> String {
        let request = self.server.stranger().get(self.server.url(path)).bearer_auth(&self.token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.server.stranger().post(self.server.url(path)).bearer_auth(&self.token);
        let kind = "application/x-www-form-urlencoded";
        request.header(header::CONTENT_TYPE, kind).body(body).send().await.unwrap()
    }

    /// The form is taken; where it leads.
    async fn does(&self, path: &str, form: &[(&str, &str)]) -> String {
        let answer = self.post(path, form).await;
        let status = answer.status();
        let to = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let text = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {text}");
        to.unwrap()
    }

    /// The form is shown again with one sentence.
    async fn fails(&self, path: &str, form: &[(&str, &str)], why: &str) -> String {
        let answer = self.post(path, form).await;
        let status = answer.status();
        let page = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {page}");
        let told = page.split("role=\"alert\">").nth(1).unwrap_or_else(|| panic!("{page}"));
        assert!(told.starts_with(why), "{}", told.chars().take(200).collect::<String>());
        assert!(!page.contains("<script>"), "{path}");
        page
    }
}

async fn a_finding(server: &Server) -> (String, Value) {
    let found = server.json("/api/v1/findings?project=shop&status=existing,new&limit=2").await;
    let id = found["items"][0]["id"].as_str().unwrap();
    (format!("/projects/shop/findings/{id}"), found)
}

#[tokio::test]
async fn people_judge_assign_and_comment_and_their_words_stay_text() {
    let server = Server::over(reviewed::shop).await;
    let (path, found) = a_finding(&server).await;
    let sam = somebody(&server, "sam", Role::Security, &["shop"]);
    let triage = format!("{path}/triage");
    sam.fails(&triage, &[("state", ""), ("reason", "looked at the code")], "Choose a judgement.").await;
    let short = [("state", "confirmed"), ("reason", "<b>ja</b>")];
    let page = sam.fails(&triage, &short, "The reason must have at least 10 characters.").await;
    assert!(
        page.contains("<option value=\"confirmed\" selected>") && page.contains("&#60;b&#62;ja"),
        "{page}"
    );
    let other = found["items"][1]["id"].as_str().unwrap();
    let repeats = |of| [("state", "duplicate-of"), ("of", of), ("reason", "the very same line")];
    sam.fails(&triage, &repeats("abc"), "Give at least 8 digits").await;
    let itself = path.rsplit('/').next().unwrap();
    sam.fails(&triage, &repeats(itself), "A finding is not a duplicate of itself.").await;
    let to = sam.does(&triage, &repeats(&other[..16])).await;
    assert!(to.starts_with(&format!("{path}?stream=")), "{to}");
    let reason = format!("the query is built from a parameter {EVIL}\r\nline two");
    sam.does(&triage, &[("state", "confirmed"), ("reason", &reason)]).await;
    sam.does(&format!("{path}/assign"), &[("assignee", EVIL)]).await;
    sam.fails(&format!("{path}/assign"), &[("assignee", EVIL)], "It is with them already.").await;
    sam.does(&format!("{path}/assign"), &[("assignee", "")]).await;
    sam.fails(&format!("{path}/comment"), &[("comment", " \r\n ")], "The comment is empty.").await;
    sam.does(&format!("{path}/comment"), &[("comment", EVIL)]).await;
    let page = sam.sees(&to).await;
    assert!(!page.contains("<script>") && page.contains("no longer assigned"), "{page}");
    assert!(page.contains("by sam@token (security)") && page.contains("line two"), "{page}");
    let said = server.json(&format!("/api/v1{path}")).await;
    assert_eq!(said["finding"]["triage"], "confirmed");
    assert_eq!(said["triage"][0]["duplicateOf"], *other);
    assert_eq!(said["triage"].as_array().unwrap().len(), 5);

    // Nobody is offered what they may not do.
    let dev = somebody(&server, "dev", Role::Developer, &["shop"]).sees(&path).await;
    assert!(dev.contains("/comment\"") && dev.contains("/assign\""));
    assert!(!dev.contains("/triage\"") && !dev.contains("/exception\""));
    let admin = somebody(&server, "admin", Role::Admin, &["shop"]).sees(&path).await;
    assert!(!admin.contains("method=\"post\" action=\"/projects"), "{admin}");
}

#[tokio::test]
async fn a_risk_is_accepted_until_a_day_with_a_reason() {
    let server = Server::over(reviewed::shop).await;
    let (path, _) = a_finding(&server).await;
    let exception = format!("{path}/exception");
    let mia = somebody(&server, "mia", Role::Manager, &["shop"]);
    let typed =
        |reason, until, environment| [("reason", reason), ("until", until), ("environment", environment)];
    let good = "nobody outside reaches it until spring";
    for (form, why) in [
        (typed("because", "2026-03-20", ""), "The reason must have at least 10 characters."),
        (typed(good, "", ""), "Say until which day"),
        (typed(good, "2026-03-03", ""), "The day is not in the future."),
        (typed(good, "2027-03-20", ""), "The day is more than a year away."),
        (typed(good, "2026-03-20", "stagging"), "This project has no such environment."),
    ] {
        mia.fails(&exception, &form, why).await;
    }
    let before = server.json("/api/v1/exceptions?project=shop").await.as_array().unwrap().len();
    mia.does(&exception, &typed(good, "2026-03-20", "production")).await;
    let all = server.json("/api/v1/exceptions?project=shop").await;
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), before + 1);
    let made = all.iter().find(|one| one["by"] == "mia@token").unwrap();
    assert_eq!(made["environment"], "production");
    assert_eq!(made["expires"], "2026-03-20T23:59:59Z");
    assert!(mia.sees(&path).await.contains("nobody outside reaches it"));
}

#[tokio::test]
async fn two_roles_sign_a_release_review_and_somebody_rejects_it() {
    let server = Server::over(|ledger| reviewed::demo(ledger, "")).await;
    let list = server.json("/api/v1/ledger?project=shop&kind=release-review").await;
    let path = format!("/reviews/releases/{}", list["items"][0]["index"]);
    let (sign, reject) = (format!("{path}/sign"), format!("{path}/reject"));
    let mia = somebody(&server, "mia", Role::Manager, &["shop"]);
    let sam = somebody(&server, "sam", Role::Security, &["shop"]);
    let list = mia.sees("/reviews/releases").await;
    assert!(list.contains("You can sign as manager.") && list.contains("ends soon"), "{list}");
    let page = mia.sees(&path).await;
    assert!(
        page.contains("Nobody has signed as security.") && page.contains("<svg class=\"bars\""),
        "{page}"
    );
    assert!(page.contains("<option>manager</option>") && !page.contains("<option>security</option>"));
    assert!(page.contains("not known: no step says so"), "{page}");
    mia.does(&sign, &[("role", "manager"), ("text", "")]).await;
    let page = sam.sees(&path).await;
    assert!(
        page.contains("mia@token as manager: sign") && page.contains("It waits for signatures"),
        "{page}"
    );
    let refused = [("role", "security"), ("text", "the engine refuses")];
    let page = sam.fails(&reject, &refused, "It needs a text &#60;b&#62;.").await;
    assert!(page.contains(">the engine refuses</textarea>"), "{page}");
    sam.does(&sign, &[("role", "security"), ("text", EVIL)]).await;
    let page = sam.sees(&path).await;
    assert!(page.contains("Everybody who was asked has signed") && !page.contains("<script>"), "{page}");
    assert!(!mia.sees("/reviews/releases").await.contains("You can sign"));
    sam.does(&reject, &[("role", "security"), ("text", "a secret was found meanwhile")]).await;
    assert!(mia.sees(&path).await.contains("It was rejected"));
    sam.does(&format!("{path}/comment"), &[("text", "please look again"), ("role", "security")]).await;

    // Who has none of the roles that are asked can comment only; who sees other projects nothing.
    let dev = somebody(&server, "dev", Role::Developer, &["shop"]).sees(&path).await;
    assert!(dev.contains("/comment\"") && !dev.contains("/sign\"") && !dev.contains("/reject\""));
    let far = somebody(&server, "far", Role::Manager, &["mailer"]).sees("/reviews/releases").await;
    assert!(far.contains("None was made yet"), "{far}");
    let paper = server.get(&format!("{path}/pdf")).await;
    assert_eq!(paper.headers()[header::CONTENT_TYPE], "application/pdf");
    for unknown in ["/reviews/releases/0", "/reviews/releases/99999", "/reviews/releases/x"] {
        assert_eq!(server.get(unknown).await.status(), StatusCode::NOT_FOUND, "{unknown}");
    }
}

#[tokio::test]
async fn a_result_of_people_goes_to_the_engine_as_they_typed_it() {
    let server = Server::over(reviewed::shop).await;
    let carl = somebody(&server, "carl", Role::Compliance, &["shop"]);
    let page = carl.sees("/projects/shop/results/new").await;
    assert!(page.contains("value=\"carl@token\"") && page.contains("value=\"2026-03-04\""), "{page}");
    let path = "/projects/shop/results";
    let test = [("tester", "Red Team"), ("date", "2026-03-01")];
    let form = |more: &[(&'static str, &'static str)]| [&test[..], more].concat();
    carl.fails(path, &form(&[("severity", "high")]), "The finding needs a title.").await;
    let page = carl.fails(path, &form(&[("title", EVIL)]), "Say how bad it is.").await;
    assert!(page.contains("&#60;script&#62;") && page.contains("Red Team"), "{page}");
    let cwe = form(&[("title", "IDOR"), ("severity", "high"), ("cwe", "many")]);
    carl.fails(path, &cwe, "The weakness is a number as CWE-89.").await;
    let day = [("title", "IDOR"), ("severity", "high"), ("tester", "x"), ("date", "1 May")];
    carl.fails(path, &day, "Say on which day it was tested").await;
    let good =
        form(&[("title", "IDOR"), ("severity", "high"), ("cwe", "CWE-639, 862"), ("url", "/orders/1")]);
    let page = carl.fails(path, &good, "[Compliance] ").await;
    assert!(
        page.contains("&#34;cwe&#34;:[639,862]") && page.contains("&#34;url&#34;:&#34;/orders/1&#34;"),
        "{page}"
    );
    let report = form(&[("report", "title;severity\r\nIDOR;high\r\n"), ("form", "manual-csv")]);
    carl.fails("/projects/shop/results/report", &report, "[Compliance] title;severity").await;
    carl.fails("/projects/shop/results/report", &form(&[]), "There is no report.").await;
    let all = somebody(&server, "all", Role::Security, &[]);
    let misspelt = all.post("/projects/shoop/results", &good).await;
    assert_eq!(misspelt.status(), StatusCode::NOT_FOUND);
    assert!(carl.sees("/projects/shop").await.contains("/results/new"));
    let dev = somebody(&server, "dev", Role::Developer, &["shop"]);
    assert!(!dev.sees("/projects/shop").await.contains("/results/new"));
}

#[tokio::test]
async fn guidance_and_digest_show_what_one_may_see() {
    let server = Server::over(reviewed::shop).await;
    let dev = somebody(&server, "dev", Role::Developer, &["shop"]);
    let far = somebody(&server, "far", Role::Developer, &["mailer"]);
    let page = dev.sees("/guidance/89?language=python").await;
    assert!(page.find("In Python").unwrap() < page.find("In Java").unwrap(), "{page}");
    assert!(page.contains("<code>x' OR '1'='1</code>"), "{page}");
    assert!(dev.sees("/guidance/564").await.contains("nearest class to CWE-564"));
    assert!(dev.sees("/guidance/89?language=cobol").await.contains("there is no example in cobol"));
    assert_eq!(server.get("/guidance/999999").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(server.get("/guidance/99999999999").await.status(), StatusCode::NOT_FOUND);
    assert!(dev.sees("/guidance").await.contains("/findings?project=shop"));
    assert!(!far.sees("/guidance").await.contains("shop"));
    let digest = dev.sees("/digest?days=90").await;
    assert!(
        digest.contains("Digest of your projects") && digest.contains("/projects/shop/findings/"),
        "{digest}"
    );
    assert!(!far.sees("/digest?days=90").await.contains("shop"));
    assert!(server.get("/digest").await.text().await.unwrap().contains("Digest of all projects"));
    let both = server.get("/digest?team=a&project=shop").await;
    assert_eq!(both.status(), StatusCode::BAD_REQUEST);
    assert_eq!(server.get("/digest?team=unknown").await.status(), StatusCode::NOT_FOUND);
}
