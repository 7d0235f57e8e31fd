//! Who may ask: sign-in, tokens, sessions, other host names, other sites.

use reqwest::{StatusCode, header};
use server::{ServerError, TokenFile};

use crate::support::{Server, TestBackend, code, config, now};

const PAGES: [&str; 8] =
    ["/", "/runs", "/findings", "/deployments", "/ledger", "/ledger/0", "/sboms", "/projects/shop"];

#[tokio::test]
async fn nothing_is_told_to_a_stranger() {
    let server = Server::over(testkit::demo).await;
    let stranger = server.stranger();
    for page in PAGES {
        let answer = stranger.get(server.url(page)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{page}");
        assert_eq!(answer.headers()[header::LOCATION], "/login");
    }
    for path in ["/api/v1/projects", "/api/v1/openapi.json", "/api/v1/nothing", "/api/v1/ledger/0/envelope"] {
        let answer = stranger.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(code(answer).await, (401, "token-missing".into()), "{path}");
    }
    let health = stranger.get(server.url("/healthz")).send().await.unwrap();
    assert_eq!(health.text().await.unwrap(), "ok\n");
}

#[tokio::test]
async fn the_log_is_for_everybody_only_where_it_is_switched_on() {
    let closed = Server::over(testkit::demo).await;
    let answer = closed.stranger().get(closed.url("/log/checkpoint")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);

    let server = Server::start(testkit::demo, |config| config.public_log = true).await;
    let stranger = server.stranger();
    for (path, kind, caching) in [
        ("checkpoint", "text/plain; charset=utf-8", "no-cache"),
        ("tile/0/000", "application/octet-stream", "public, max-age=31536000, immutable"),
        ("tile/0/001.p/3", "application/octet-stream", "public, max-age=86400, immutable"),
    ] {
        let answer = stranger.get(server.url(&format!("/log/{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], kind);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], caching);
    }
    for path in ["tile/0/002", "journal/0.seg", "..%2f..%2fkeys", "tile/../../trust", ""] {
        let answer = stranger.get(server.url(&format!("/log/{path}"))).send().await.unwrap();
        assert_ne!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{path}");
    }
    let post = stranger.post(server.url("/log/checkpoint")).send().await.unwrap();
    assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
    let page = stranger.get(server.url("/runs")).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::SEE_OTHER, "nothing else is open");
}

#[tokio::test]
async fn the_sign_in_link_works_once_and_signing_out_ends_the_session() {
    let server = Server::over(testkit::demo).await;
    let person = server.person().await;
    for page in PAGES {
        assert_eq!(person.get(server.url(page)).send().await.unwrap().status(), StatusCode::OK, "{page}");
    }
    let again = server.stranger().get(&server.bound.login).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    assert!(again.headers().get(header::SET_COOKIE).is_none());
    let out = person.post(server.url("/logout")).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert_eq!(person.get(server.url("/")).send().await.unwrap().status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_session_cookie_is_strict_and_out_of_reach_for_scripts() {
    let server = Server::over(|_| {}).await;
    let answer = server.stranger().get(&server.bound.login).send().await.unwrap();
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
}

#[tokio::test]
async fn a_token_signs_a_browser_in_and_a_wrong_one_does_not() {
    let server = Server::over(|_| {}).await;
    let post = |token: &str| {
        let form = format!("token={token}");
        let request = server.stranger().post(server.url("/login")).body(form);
        request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").send()
    };
    let good = post(server.token()).await.unwrap();
    assert_eq!((good.status(), good.headers().contains_key(header::SET_COOKIE)), (StatusCode::OK, true));
    let bad = post("ph_wrong").await.unwrap();
    assert_eq!(
        (bad.status(), bad.headers().contains_key(header::SET_COOKIE)),
        (StatusCode::UNAUTHORIZED, false)
    );
}

#[tokio::test]
async fn a_revoked_or_ended_token_is_refused_at_once() {
    let server = Server::over(|_| {}).await;
    let tokens = TokenFile::in_folder(&server.folder.path().join("server"));
    let (_, ended) = tokens.create("ended", None, Some(now()), now()).unwrap();
    let ask = |token: String| server.stranger().get(server.url("/api/v1/projects")).bearer_auth(token).send();
    assert_eq!(ask(server.token().to_owned()).await.unwrap().status(), StatusCode::OK);
    assert_eq!(code(ask(ended).await.unwrap()).await, (401, "token-invalid".into()));
    tokens.revoke("test").unwrap();
    assert_eq!(code(ask(server.token().to_owned()).await.unwrap()).await, (401, "token-invalid".into()));
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let server = Server::over(|_| {}).await;
    let guess = || server.stranger().get(server.url("/api/v1/projects")).bearer_auth("ph_guess").send();
    for _ in 0..10 {
        assert_eq!(code(guess().await.unwrap()).await.0, 401);
    }
    let answer = guess().await.unwrap();
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(code(answer).await, (429, "too-many-attempts".into()));
    // Who has a valid token or the link, or is signed in already, is not disturbed: all may come through one proxy.
    assert_eq!(server.get("/api/v1/projects").await.status(), StatusCode::OK);
    let person = server.person().await;
    assert_eq!(person.get(server.url("/")).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_name_that_is_not_ours_gets_no_answer() {
    let server = Server::over(|_| {}).await;
    let port = server.bound.address.port();
    for host in [
        "rebound.example",
        &format!("rebound.example:{port}"),
        "127.0.0.1",
        &format!("127.0.0.1:{}", port ^ 1),
    ] {
        let request = server.program().get(server.url("/api/v1/projects")).header(header::HOST, host);
        assert_eq!(code(request.send().await.unwrap()).await, (421, "host-unknown".into()), "{host}");
    }
    let local = server
        .program()
        .get(server.url("/api/v1/projects"))
        .header(header::HOST, format!("localhost:{port}"));
    assert_eq!(local.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn other_sites_can_neither_act_nor_read() {
    let server = Server::over(|_| {}).await;
    let person = server.person().await;
    let port = server.bound.address.port();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", &format!("http://localhost:{port}")),
    ] {
        let answer = person.post(server.url("/logout")).header(name, value).send().await.unwrap();
        assert_eq!(code(answer).await, (403, "cross-site".into()), "{name} {value}");
    }
    let foreign = |mode: &'static str, dest: &'static str| {
        let request = person.get(server.url("/")).header("sec-fetch-site", "cross-site");
        request
            .header("sec-fetch-mode", mode)
            .header("sec-fetch-dest", dest)
            .header("accept", "application/json")
            .send()
    };
    assert_eq!(code(foreign("no-cors", "image").await.unwrap()).await, (403, "cross-site".into()));
    let image = server.stranger().get(server.url("/login?token=x")).header("sec-fetch-site", "cross-site");
    assert_eq!(code(image.send().await.unwrap()).await, (403, "cross-site".into()));
    assert_eq!(code(foreign("navigate", "iframe").await.unwrap()).await, (403, "cross-site".into()));
    assert_eq!(foreign("navigate", "document").await.unwrap().status(), StatusCode::OK);
    let own =
        person.post(server.url("/logout")).header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(own.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn it_does_not_listen_to_the_world_without_protection() {
    let folder = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let mut config = config(folder.path());
        config.listen = listen.parse().unwrap();
        let store = store::Store::temporary().await.unwrap();
        let backend = std::sync::Arc::new(TestBackend::empty(store.clone(), folder.path()));
        let result = server::serve(config, store, backend, |_| panic!("it listens"), async {}).await;
        let error = result.unwrap_err();
        assert!(matches!(error, ServerError::InsecureListen { .. }), "{error}");
        assert_eq!(model::UserError::code(&error), "server-insecure-listen");
    }
}
