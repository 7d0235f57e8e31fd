//! TLS: what is needed before listening to the world, and that it then works.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use model::UserError as _;
use server::{ServerError, TlsFiles, TokenFile};

use crate::support::{Server, config, now};

fn certificate(folder: &Path) -> (TlsFiles, String) {
    let made =
        rcgen::generate_simple_self_signed(vec!["build.example".to_owned(), "localhost".into()]).unwrap();
    let files = TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    fs::write(&files.certificate, made.cert.pem()).unwrap();
    fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
    (files, made.cert.pem())
}

#[tokio::test]
async fn with_a_certificate_it_answers_over_tls_only() {
    let keys = tempfile::tempdir().unwrap();
    let (files, pem) = certificate(keys.path());
    let server = Server::start(testkit::demo, |config| config.tls = Some(files)).await;
    assert!(server.bound.url.starts_with("https://127.0.0.1:"));
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()])
        .build()
        .unwrap();
    let url = format!(
        "https://localhost:{}/login?{}",
        server.bound.address.port(),
        server.bound.login.split('?').nth(1).unwrap()
    );
    let answer = trusting.get(url).send().await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-proofhouse=") && cookie.ends_with("; Secure"), "{cookie}");
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(plain.get(format!("http://{}/login", server.bound.address)).send().await.is_err());
}

#[tokio::test]
async fn over_tls_only_cookies_that_no_other_host_can_plant_are_looked_at() {
    let keys = tempfile::tempdir().unwrap();
    let (files, pem) = certificate(keys.path());
    let server = Server::start(testkit::demo, |config| config.tls = Some(files)).await;
    crate::people::apply(&server, crate::people::FILE).await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()])
        .build()
        .unwrap();
    let port = server.bound.address.port();
    let get = async |path: &str, cookies: &str| {
        let request = client.get(format!("https://localhost:{port}{path}")).header("cookie", cookies);
        let answer = request.send().await.unwrap();
        let set = answer.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), set.unwrap_or_default(), answer.headers().get("location").cloned())
    };
    let secret = |cookie: &str| cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    let begin = async || {
        let (_, cookie, place) = get("/login/with/company", "").await;
        assert!(
            cookie.starts_with("__Host-proofhouse-provider=ph_") && cookie.ends_with("; Secure"),
            "{cookie}"
        );
        let state = place.unwrap().to_str().unwrap().split("&state=").nth(1).unwrap().to_owned();
        (secret(&cookie), format!("/login/callback?code=carol.security&state={state}"))
    };
    let (planted, back) = begin().await;
    assert_eq!(get(&back, &format!("proofhouse-provider={planted}")).await.0, 401);
    let (own, back) = begin().await;
    let (status, cookie, _) =
        get(&back, &format!("__Host-proofhouse-provider={own}; proofhouse-provider=x")).await;
    assert_eq!(status, 200);
    let session = secret(&cookie);
    assert_eq!(get("/people/access", &format!("proofhouse-{port}={session}; __Host-x=1")).await.0, 303);
    assert_eq!(get("/people/access", &format!("__Host-proofhouse={session}")).await.0, 200);
}

#[tokio::test]
async fn every_missing_protection_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = certificate(folder.path());
    let mut wanted = config(folder.path());
    wanted.listen = "0.0.0.0:0".parse().unwrap();
    let attempt = async |config: server::Config| {
        let store = store::Store::temporary().await.unwrap();
        let backend = std::sync::Arc::new(crate::support::TestBackend::empty(store.clone(), folder.path()));
        server::serve(config, store, backend, |_| {}, async {}).await
    };
    let missing = async |config: &server::Config| match attempt(config.clone()).await {
        Err(ServerError::InsecureListen { missing, .. }) => missing,
        other => panic!("{other:?}"),
    };
    assert!(missing(&wanted).await.contains("certificate"));
    wanted.tls = Some(files.clone());
    assert!(missing(&wanted).await.contains("host name"));
    wanted.names = vec!["build.example".into()];
    assert!(missing(&wanted).await.contains("access token"));
    let tokens = TokenFile::in_folder(&wanted.folder);
    tokens.create("ended", None, Some(now()), now()).unwrap();
    assert!(missing(&wanted).await.contains("access token"));
    tokens.create("good", None, None, now()).unwrap();
    attempt(wanted.clone()).await.unwrap();
    // A key that everybody can read, and files that are not what they should be.
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(attempt(wanted.clone()).await.unwrap_err().code(), "server-tls");
    wanted.tls = Some(TlsFiles { certificate: files.key.clone(), key: files.certificate.clone() });
    assert_eq!(attempt(wanted).await.unwrap_err().code(), "server-tls");
}
