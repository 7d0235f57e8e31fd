//! People: every address for every role, accounts from invitation to sign-in, tokens, providers, and what is
//! recorded about them.

use aws_lc_rs::hmac;
use govern::organisation::Rights;
use model::{By, Role, Statement, Subject, Via, predicate::Organisation};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use server::{AccountFile, TokenFile, TokenScope};

use crate::support::{Server, code, now};

pub const FILE: &str = "\
version: 1
name: Example
teams:
  payments: { members: [bob], projects: [shop] }
roles:
  - { role: admin, scope: organisation, people: [ann] }
  - { role: developer, scope: 'team:payments', teams: [payments] }
  - { role: security, scope: organisation, groups: [security@company] }
sign-in:
  providers:
    - { name: company, title: Example ID, issuer: 'https://id.example', client: proofhouse }
";

/// Puts an organisation's file in force, as `proofhouse organisation apply` does.
pub async fn apply(server: &Server, text: &str) {
    let by = By { name: "olive".into(), roles: vec![], via: Via::Local };
    let changes = vec![];
    let predicate = Organisation { name: "Example".into(), text: text.into(), changes, by, at: now() };
    let subject = Subject::named("organisation.yaml", "sha256", "0".repeat(64));
    let index = server.store.next_index().await.unwrap();
    let statement = Statement::new(vec![subject], &predicate).unwrap();
    let envelope = model::Sha256::of(index.to_string());
    let logged = model::ports::LoggedStatement { index, envelope, logged_at: now(), statement };
    server.store.project(&logged, &server.ledger.blobs).await.unwrap();
}

pub fn tokens(server: &Server) -> TokenFile {
    TokenFile::in_folder(&server.folder.path().join("server"))
}

pub fn accounts(server: &Server) -> AccountFile {
    AccountFile::in_folder(&server.folder.path().join("server"))
}

pub fn scoped(server: &Server, name: &str, role: Role, projects: &[&str]) -> String {
    let projects = projects.iter().map(|project| (*project).to_owned()).collect();
    let scope = TokenScope { roles: vec![role], projects, owner: None };
    tokens(server).create(name, Some(scope), None, now()).unwrap().1
}

/// An address with real things of the demo's ledger in it.
pub async fn filled(server: &Server, path: &str) -> String {
    let findings = server.json("/api/v1/findings?project=shop&limit=1").await;
    let sboms = server.json("/api/v1/sboms?project=shop").await;
    let entries = server.json("/api/v1/ledger?project=shop&kind=decision").await;
    let scans = server.json("/api/v1/scans?project=shop").await;
    let reviews = server.json("/api/v1/ledger?project=shop&kind=release-review").await;
    let periodic = server.store.reviews(None, &store::views::PageRequest::first(1)).await.unwrap().items;
    let periodic = serde_json::json!(periodic.first().map_or(0, |review| review.index));
    let index = match path {
        _ if path.contains("sboms") => &sboms["items"][0]["index"],
        _ if path.contains("reviews/releases") => &reviews["items"][0]["index"],
        _ if path.contains("reviews") => &periodic,
        _ if path.contains("scans") => &scans["items"][0]["index"],
        _ => &entries["items"][0]["index"],
    };
    path.replace("{project}", "shop")
        .replace("{id}", findings["items"][0]["id"].as_str().unwrap())
        .replace("{run}", &testkit::run_id(3).to_string())
        .replace("{deployment}", &testkit::deployment_id(6).to_string())
        .replace("{digest}", &model::Sha256::of("shop 3").to_string())
        .replace("{index}", &index.to_string())
        .replace("{step}", "build")
        .replace("{cwe}", "89")
        .replace("{account}", "ann")
        .replace("{token}", "abc")
        .replace("{name}", "Waitress")
        .replace("{form}", "csv")
        .replace("{catalogue}", "ssdf")
        .replace("{control}", "PO.3.2")
}

pub fn ask(server: &Server, method: &Method, path: &str, token: &str) -> RequestBuilder {
    let request = server.stranger().request(method.clone(), server.url(path)).bearer_auth(token);
    match *method {
        Method::POST => request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(""),
        _ => request,
    }
}

#[tokio::test]
async fn every_address_is_open_to_exactly_the_roles_that_may() {
    let server = Server::over(crate::organisation::everything).await;
    let all = Role::ALL.map(|role| (role, scoped(&server, role.name(), role, &[])));
    let near = Role::ALL.map(|role| (role, scoped(&server, &format!("near {role}"), role, &["shop"])));
    let far = Role::ALL.map(|role| (role, scoped(&server, &format!("far {role}"), role, &["elsewhere"])));
    let mut asked = 0;
    for address in server::addresses() {
        let server::Address { method, path, permission, organisation, anywhere } = address;
        // An endless answer; the one beside it has the same rule.
        if path.ends_with("/stream") {
            continue;
        }
        let address = filled(&server, path).await;
        let within =
            if anywhere && path != "/" { format!("{address}?project=shop") } else { address.clone() };
        for (role, token) in &all {
            let may = Rights::given(&[*role], &[]).may(permission, None);
            let status = ask(&server, &method, &address, token).send().await.unwrap().status();
            assert_eq!(status != StatusCode::FORBIDDEN, may, "{method} {address} as {role}: {status}");
            assert_ne!(status, StatusCode::UNAUTHORIZED);
            asked += 1;
        }
        for (role, token) in &near {
            let may = !organisation && Rights::given(&[*role], &[]).may(permission, None);
            let status = ask(&server, &method, &within, token).send().await.unwrap().status();
            assert_eq!(status != StatusCode::FORBIDDEN, may, "{method} {within} as {role} of shop: {status}");
        }
        for (role, token) in &far {
            let answer = ask(&server, &method, &within, token).send().await.unwrap();
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            let told = status.is_success() && (text.contains("\"shop\"") || text.contains(">shop<"));
            assert!(!told, "{method} {within} tells of shop to {role} of elsewhere");
            // What is known of a weakness is of no project.
            let general = anywhere || path == "/guidance/{cwe}";
            assert!(general || status == StatusCode::FORBIDDEN, "{method} {within}: {status}");
        }
    }
    assert!(asked > 300, "{asked}");
}

#[tokio::test]
async fn an_address_without_a_rule_is_closed_and_a_list_leads_to_the_own_project() {
    let server = Server::over(testkit::demo).await;
    let token = scoped(&server, "near", Role::Developer, &["shop"]);
    let post = ask(&server, &Method::POST, "/runs", &token).send().await.unwrap();
    assert_eq!(post.headers()[header::ALLOW], "GET, HEAD");
    assert_eq!(code(post).await, (405, "method-not-allowed".into()));
    let list = ask(&server, &Method::GET, "/runs", &token).send().await.unwrap();
    assert_eq!(list.headers()[header::LOCATION], "/runs?project=shop");
    let api = ask(&server, &Method::GET, "/api/v1/runs", &token).send().await.unwrap();
    assert_eq!(code(api).await, (403, "forbidden".into()));
    for query in ["project=", "project=shop&project=other", "project=shop&project="] {
        let sly = ask(&server, &Method::GET, &format!("/api/v1/runs?{query}"), &token).send().await.unwrap();
        assert!(sly.status().is_client_error(), "{query}");
    }
    let overview = ask(&server, &Method::GET, "/", &token).send().await.unwrap().text().await.unwrap();
    assert!(overview.contains("/projects/shop") && !overview.contains("/projects/api"), "{overview}");
}

/// RFC 6238, as an authenticator app does it.
pub fn one_time(secret: &str, step_from_now: i64) -> String {
    let bits: String = secret
        .bytes()
        .map(|c| if c.is_ascii_uppercase() { c - b'A' } else { c - b'2' + 26 })
        .map(|value| format!("{value:05b}"))
        .collect();
    let key: Vec<u8> =
        (0..bits.len() / 8).map(|n| u8::from_str_radix(&bits[n * 8..n * 8 + 8], 2).unwrap()).collect();
    let step = now().as_second() / 30 + step_from_now;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

pub async fn post(client: &Client, url: String, form: &[(&str, &str)]) -> Response {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let kind = "application/x-www-form-urlencoded";
    client.post(url).header(header::CONTENT_TYPE, kind).body(body).send().await.unwrap()
}

pub const PASSWORD: &str = "correct horse battery";

/// Accepts an invitation; the app's secret and the recovery codes.
pub async fn join(server: &Server, name: &str) -> (String, Vec<String>) {
    let (_, invitation) = accounts(server).invite(name, now()).unwrap();
    let address = server.url(&format!("/invitation?code={invitation}"));
    let page = server.stranger().get(address).send().await.unwrap().text().await.unwrap();
    let secret = page.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(page.contains("<svg class=\"qr\""));
    let code = one_time(&secret, -1);
    let url = server.url("/invitation");
    let wrong = [("password", "short"), ("again", "short"), ("invitation", &invitation), ("code", &code)];
    assert_eq!(
        post(&server.stranger(), url.clone(), &wrong).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let weak = [("password", PASSWORD), ("again", PASSWORD), ("invitation", &invitation), ("code", "")];
    assert_eq!(post(&server.stranger(), url.clone(), &weak).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let good = [("password", PASSWORD), ("again", PASSWORD), ("invitation", &invitation), ("code", &code)];
    let done = post(&server.stranger(), url.clone(), &good).await;
    assert_eq!(done.status(), StatusCode::OK);
    let text = done.text().await.unwrap();
    let recovery =
        text.split("<li><code>").skip(1).map(|part| part.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(post(&server.stranger(), url, &good).await.status(), StatusCode::GONE, "it works once");
    (secret, recovery)
}

pub async fn sign_in(server: &Server, name: &str, password: &str, code: &str) -> Response {
    let form = [("name", name), ("password", password), ("code", code)];
    post(&server.stranger(), server.url("/login"), &form).await
}

pub fn signed_in(answer: &Response) -> Client {
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    let headers = header::HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())]);
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .default_headers(headers)
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_invited_person_sets_a_password_signs_in_with_a_code_and_does_what_their_role_may() {
    let server = Server::over(testkit::demo).await;
    apply(&server, FILE).await;
    let (secret, recovery) = join(&server, "ann").await;
    assert_eq!(recovery.len(), 8);
    let code = one_time(&secret, 0);
    for (name, password, code) in [
        ("ann", PASSWORD, "000000"),
        ("ann", PASSWORD, ""),
        ("ann", "another password", code.as_str()),
        ("nobody", PASSWORD, code.as_str()),
    ] {
        assert_eq!(sign_in(&server, name, password, code).await.status(), StatusCode::UNAUTHORIZED);
    }
    let answer = sign_in(&server, "ann", PASSWORD, &code).await;
    let ann = signed_in(&answer);
    assert_eq!(
        sign_in(&server, "ann", PASSWORD, &code).await.status(),
        StatusCode::UNAUTHORIZED,
        "no replay"
    );
    let page = ann.get(server.url("/people")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("with second factor") && page.contains(">People</a>"), "{page}");
    let me: serde_json::Value =
        serde_json::from_str(&ann.get(server.url("/api/v1/me")).send().await.unwrap().text().await.unwrap())
            .unwrap();
    assert_eq!((me["name"].as_str(), me["via"]["how"].as_str()), (Some("ann"), Some("password-and-code")));
    // A recovery code signs in once.
    assert_eq!(sign_in(&server, "ann", PASSWORD, &recovery[0]).await.status(), StatusCode::OK);
    assert_eq!(sign_in(&server, "ann", PASSWORD, &recovery[0]).await.status(), StatusCode::UNAUTHORIZED);
    // Everything about it is in the ledger.
    let events =
        server.store.access_events(Some("ann"), &store::views::PageRequest::first(50)).await.unwrap().items;
    let words: Vec<_> = events.iter().map(|event| event.action.name()).collect();
    assert_eq!(words, ["locked-out", "signed-in", "signed-in", "password-set"]);
}

#[tokio::test]
async fn taking_a_right_away_works_at_once_and_a_disabled_account_is_out() {
    let server = Server::over(testkit::demo).await;
    apply(&server, FILE).await;
    let (secret, _) = join(&server, "bob").await;
    let bob = signed_in(&sign_in(&server, "bob", PASSWORD, &one_time(&secret, 0)).await);
    let status =
        async |client: &Client, path: &str| client.get(server.url(path)).send().await.unwrap().status();
    assert_eq!(status(&bob, "/projects/shop").await, StatusCode::OK);
    assert_eq!(status(&bob, "/people").await, StatusCode::FORBIDDEN);
    // A token of one's own can do less, and nothing that oneself cannot.
    let form = [("name", "laptop"), ("role", "security"), ("project", ""), ("days", "30")];
    let made = post(&bob, server.url("/account/tokens"), &form).await.text().await.unwrap();
    let token = made.split("<code>ph_").nth(1).unwrap().split('<').next().unwrap();
    let asked = ask(&server, &Method::GET, "/projects/shop", &format!("ph_{token}")).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::FORBIDDEN, "bob is no security engineer");
    let form = [("name", "reader"), ("role", "developer"), ("project", "shop"), ("days", "30")];
    let made = post(&bob, server.url("/account/tokens"), &form).await.text().await.unwrap();
    let token = format!("ph_{}", made.split("<code>ph_").nth(1).unwrap().split('<').next().unwrap());
    let asked = async || ask(&server, &Method::GET, "/projects/shop", &token).send().await.unwrap().status();
    assert_eq!(asked().await, StatusCode::OK);
    apply(&server, &FILE.replace("members: [bob]", "members: [carol]")).await;
    assert_eq!(status(&bob, "/projects/shop").await, StatusCode::FORBIDDEN);
    assert_eq!(asked().await, StatusCode::FORBIDDEN);
    apply(&server, FILE).await;
    assert_eq!(asked().await, StatusCode::OK);
    let later = jiff::Timestamp::from_second(now().as_second() + 1).unwrap();
    accounts(&server).set_disabled("bob", true, later).unwrap();
    assert_eq!(status(&bob, "/projects/shop").await, StatusCode::SEE_OTHER, "led to the sign-in page");
    assert_eq!(asked().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_door_is_the_same_for_names_that_nobody_has_and_closes_for_a_while() {
    let server = Server::over(|_| {}).await;
    apply(&server, FILE).await;
    join(&server, "ann").await;
    let mut told = vec![];
    for name in ["ann", "nobody"] {
        let mut statuses = vec![];
        for _ in 0..6 {
            let answer = sign_in(&server, name, "not the password", "").await;
            let status = answer.status().as_u16();
            statuses.push((status, answer.text().await.unwrap().contains("Name, password or code is wrong")));
        }
        told.push(statuses);
    }
    let ann = &told[0];
    assert_eq!(ann.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [401, 401, 401, 401, 401, 429]);
    assert_eq!(told[0][..4], told[1][..4]);
    let events = server.store.access_events(None, &store::views::PageRequest::first(50)).await.unwrap().items;
    let locked = events.iter().filter(|event| event.action.name() == "locked-out").count();
    assert_eq!(locked, 1, "one entry for the account that there is");
}

#[tokio::test]
async fn a_provider_signs_in_only_the_browser_that_asked_and_only_people_with_a_role() {
    let server = Server::over(testkit::demo).await;
    apply(&server, FILE).await;
    let stranger = server.stranger();
    let page = stranger.get(server.url("/login")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Sign in with Example ID"));
    let begin = async || {
        let out = stranger.get(server.url("/login/with/company")).send().await.unwrap();
        assert_eq!(out.status(), StatusCode::SEE_OTHER);
        let set = out.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(set.contains("SameSite=Lax") && set.contains("HttpOnly"));
        let place = out.headers()[header::LOCATION].to_str().unwrap().to_owned();
        assert!(place.contains(&format!("redirect_uri={}/login/callback", server.bound.url)), "{place}");
        let state = place.split("&state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        (set.split(';').next().unwrap().to_owned(), state)
    };
    let back = async |cookie: &str, query: String| {
        let request = stranger.get(server.url(&format!("/login/callback?{query}")));
        request.header(header::COOKIE, cookie).send().await.unwrap()
    };
    let (cookie, state) = begin().await;
    let answer = back(&cookie, format!("code=carol.security&state={state}")).await;
    let carol = signed_in(&answer);
    assert_eq!(carol.get(server.url("/people/access")).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(carol.get(server.url("/people")).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let again = back(&cookie, format!("code=carol.security&state={state}")).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED, "an answer counts once");
    for (query, status) in [
        ("code=carol.security&state=other", 401),
        ("error=access_denied&state=STATE", 401),
        ("code=carol.security&state=STATE&iss=https://evil.example", 401),
        ("code=refused&state=STATE", 401),
        ("code=dave.sales&state=STATE", 403),
    ] {
        let (cookie, state) = begin().await;
        let answer = back(&cookie, query.replace("STATE", &state)).await;
        assert_eq!(answer.status().as_u16(), status, "{query}");
        let own = |cookie: &header::HeaderValue| cookie.to_str().unwrap().starts_with("proofhouse-1");
        assert!(!answer.headers().get_all(header::SET_COOKIE).iter().any(own), "{query}");
    }
    let (_, state) = begin().await;
    assert_eq!(
        back("x=y", format!("code=carol.security&state={state}")).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let unknown = stranger.get(server.url("/login/with/other")).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    // Without the provider in the file its people are out.
    apply(&server, &FILE.replace("https://id.example", "https://id2.example")).await;
    assert_eq!(carol.get(server.url("/people/access")).send().await.unwrap().status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_starts_the_server_holds_everything_until_somebody_decided_otherwise() {
    let server = Server::over(testkit::demo).await;
    let olive = server.person().await;
    let page = async |path: &str| olive.get(server.url(path)).send().await.unwrap();
    let text = page("/people").await.text().await.unwrap();
    assert!(text.contains("There is no account yet"));
    let wrong =
        [("base", "0"), ("text", "version: 1\nname: x\nroles: [{ role: boss, scope: organisation }]\n")];
    let refused = post(&olive, server.url("/people/organisation"), &wrong).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let told = refused.text().await.unwrap();
    assert!(told.contains("Line 3, column 17: `boss` is no role") && told.contains("role: boss"), "{told}");
    let file = FILE.replace('\n', "\r\n");
    let done = post(&olive, server.url("/people/organisation"), &[("base", "0"), ("text", &file)]).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let stale = post(&olive, server.url("/people/organisation"), &[("base", "0"), ("text", &file)]).await;
    assert!(stale.text().await.unwrap().contains("Somebody else changed the file"));
    let me: serde_json::Value =
        serde_json::from_str(&page("/api/v1/me").await.text().await.unwrap()).unwrap();
    assert_eq!(me["roles"], serde_json::json!(["admin"]), "only to repair who decides");
    let applied = server.store.organisation().await.unwrap().unwrap();
    assert_eq!(
        (applied.text.as_str(), applied.by.name.as_str(), &applied.by.via),
        (FILE, "olive", &Via::Link)
    );
    assert!(applied.changes.contains(&"given: admin to ann, everywhere".to_owned()));
}
