//! A provider that lies: what it answers to a code is chosen by the test, and so is where it says that things are.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use super::{FILE, organisation};
use crate::{
    others::kit::Running,
    support::{Site, free_port},
};

/// Answers on loopback until the test ends.
struct Liar {
    issuer: String,
    key: Arc<Ed25519KeyPair>,
    /// Changes of the configuration that it tells of itself, by issuer.
    asked: Arc<Mutex<Vec<String>>>,
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A token as some key would sign it.
fn token(key: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
    let signed = [header, claims].map(|part| B64.encode(part.to_string())).join(".");
    let signature = match header["alg"].as_str().unwrap() {
        "EdDSA" => key.sign(signed.as_bytes()).as_ref().to_vec(),
        // What is public, taken for a secret that is shared.
        "HS256" => {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public_key().as_ref());
            hmac::sign(&secret, signed.as_bytes()).as_ref().to_vec()
        }
        _ => vec![],
    };
    format!("{signed}.{}", B64.encode(signature))
}

impl Liar {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let key = Arc::new(Ed25519KeyPair::generate().unwrap());
        let liar = Self { issuer: issuer.clone(), key: Arc::clone(&key), asked: Arc::default() };
        let asked = Arc::clone(&liar.asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &issuer, &key, &asked);
            }
        });
        liar
    }

    fn claims(&self, change: &Value) -> Value {
        let mut claims = json!({
            "iss": format!("{}/good", self.issuer), "aud": "proofhouse", "sub": "carol", "groups": ["security"],
            "iat": now(), "exp": now() + 300, "nonce": "",
        });
        for (name, value) in change.as_object().unwrap() {
            // Times are relative.
            let time = matches!(name.as_str(), "iat" | "exp" | "nbf");
            claims[name] = if time { json!(now() + value.as_i64().unwrap()) } else { value.clone() };
        }
        claims
    }
}

/// One request: what is at an address, for each issuer below this one.
fn answer(
    mut stream: TcpStream,
    base: &str,
    key: &Ed25519KeyPair,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? < 3 {
            break;
        }
        let line = line.to_lowercase();
        length = line.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().unwrap());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(path.clone());
    let (name, what) = path[1..].split_once('/').unwrap_or_default();
    let issuer = format!("{base}/{name}");
    let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": B64.encode(key.public_key().as_ref()) }] });
    let (status, told) = match what {
        ".well-known/openid-configuration" => ("200 OK", configuration(name, &issuer)),
        "keys" => ("200 OK", keys),
        "token" => ("200 OK", code(&body, key)),
        // Somewhere inside that we are led to.
        _ => ("302 Found\r\nLocation: http://169.254.169.254/latest/meta-data", json!({})),
    };
    let told = told.to_string();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{told}", told.len())
}

fn configuration(name: &str, issuer: &str) -> Value {
    let mut told = json!({
        "issuer": issuer, "jwks_uri": format!("{issuer}/keys"), "token_endpoint": format!("{issuer}/token"),
        "authorization_endpoint": format!("{issuer}/authorize"), "userinfo_endpoint": format!("{issuer}/me"),
    });
    let inside = match name {
        "metadata" => "http://169.254.169.254/latest",
        "mapped" => "http://[::ffff:169.254.169.254]/latest",
        "private" => "http://10.0.0.1/keys",
        "decimal" => "http://2852039166/latest",
        "unspecified" => "http://0.0.0.0:1/keys",
        "file" => "file:///etc/passwd",
        "user" => "http://127.0.0.1:80@10.0.0.1/keys",
        "redirect" => &format!("{issuer}/elsewhere"),
        _ => return told,
    };
    told["token_endpoint"] = inside.into();
    told
}

/// The code says which token it is for: a header and claims, as JSON in base64.
fn code(body: &[u8], key: &Ed25519KeyPair) -> Value {
    let form: std::collections::HashMap<_, _> = url::form_urlencoded::parse(body).into_owned().collect();
    let asked: Value = serde_json::from_slice(&B64.decode(&form["code"]).unwrap()).unwrap();
    json!({ "id_token": token(key, &asked["header"], &asked["claims"]), "token_type": "Bearer" })
}

/// The application, and one browser after another.
struct House {
    liar: Liar,
    home: String,
    client: reqwest::Client,
    _server: Running,
    _site: Site,
}

impl House {
    fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (site, liar, port) = (Site::bookshelf(), Liar::start(), free_port());
        site.proofhouse(&["run"]).expect(0);
        let names =
            ["good", "metadata", "mapped", "private", "decimal", "unspecified", "file", "user", "redirect"];
        let provider = |name: &&str| {
            let issuer = format!("{}/{name}", liar.issuer);
            format!("    - {{ name: {name}, issuer: '{issuer}', client: proofhouse, groups: groups }}\n")
        };
        let text = format!(
            "{}sign-in:\n  network: loopback\n  providers:\n{}  workloads:\n    - {{ name: builds, issuer: '{}/good', \
             audience: 'urn:builds', claims: {{ sub: carol }} }}\n",
            FILE.replace("security@company", "security@good"),
            names.iter().map(provider).collect::<String>(),
            liar.issuer
        );
        let path = organisation(&site, &text);
        site.proofhouse(&["organisation", "apply", path.to_str().unwrap()]).expect(0);
        let server = Running::start(site.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]), port);
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let (home, client) = (format!("http://127.0.0.1:{port}"), client.build().unwrap());
        Self { liar, home, client, _server: server, _site: site }
    }

    /// Goes to the provider and comes back with a code for this token; the claim `nonce` is that of the sign-in when
    /// it is not another. Status, and what the page says.
    async fn sign_in(&self, provider: &str, header: Value, change: Value) -> (StatusCode, String) {
        let out = self.client.get(format!("{}/login/with/{provider}", self.home)).send().await.unwrap();
        let cookie =
            out.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let place: url::Url = out.headers()[header::LOCATION].to_str().unwrap().parse().unwrap();
        let query: std::collections::HashMap<_, _> = place.query_pairs().into_owned().collect();
        let mut claims = self.liar.claims(&change);
        if claims["nonce"] == "" {
            claims["nonce"] = query["nonce"].as_str().into();
        }
        let code = B64.encode(json!({ "header": header, "claims": claims }).to_string());
        let back = format!("{}/login/callback?code={code}&state={}", self.home, query["state"]);
        let answer = self.client.get(back).header(header::COOKIE, cookie).send().await.unwrap();
        let session = |value: &header::HeaderValue| value.to_str().unwrap().contains("=ph_");
        assert_eq!(
            answer.headers().get_all(header::SET_COOKIE).iter().any(session),
            answer.status().is_success()
        );
        (answer.status(), answer.text().await.unwrap())
    }
}

fn good() -> Value {
    json!({ "alg": "EdDSA", "kid": "a" })
}

#[tokio::test]
async fn a_token_that_is_not_for_us_of_this_sign_in_and_of_now_signs_nobody_in() {
    let house = House::new();
    // Clocks may differ by a minute.
    for fine in
        [json!({}), json!({"exp": -30}), json!({"iat": 30}), json!({"nbf": 30}), json!({"iat": -86400})]
    {
        let (status, page) = house.sign_in("good", good(), fine.clone()).await;
        assert_eq!(status, StatusCode::OK, "{fine} {page}");
    }
    let other = format!("{}/metadata", house.liar.issuer);
    for (header, change) in [
        (good(), json!({"exp": -90})),
        (good(), json!({"iat": 120})),
        (good(), json!({"nbf": 120})),
        (good(), json!({"nonce": "of another sign-in"})),
        (good(), json!({"nonce": null})),
        (good(), json!({"nonce": ["x"]})),
        (good(), json!({"aud": "another"})),
        (good(), json!({"aud": ["proofhouse", "another"]})),
        (good(), json!({"aud": null})),
        (good(), json!({"iss": other})),
        (good(), json!({"iss": "http://evil.example"})),
        (good(), json!({"sub": ""})),
        (good(), json!({"sub": "a\u{0}b"})),
        (json!({"alg": "none"}), json!({})),
        (json!({"alg": "None", "kid": "a"}), json!({})),
        (json!({"alg": "HS256", "kid": "a"}), json!({})),
        (json!({"alg": "RS256", "kid": "a"}), json!({})),
        (json!({"alg": "EdDSA", "kid": "b"}), json!({})),
        (json!({"alg": "EdDSA", "kid": "a", "crit": ["x"]}), json!({})),
    ] {
        let (status, page) = house.sign_in("good", header.clone(), change.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{header} {change} {page}");
    }
}

#[tokio::test]
async fn a_jobs_token_holds_for_its_time_its_audience_and_as_a_credential_only() {
    let house = House::new();
    let job = async |header: Value, change: Value| {
        let mut claims = house.liar.claims(&json!({"aud": "urn:builds"}));
        for (name, value) in house.liar.claims(&change).as_object().unwrap() {
            if change.get(name).is_some() {
                claims[name] = value.clone();
            }
        }
        let bearer = token(&house.liar.key, &header, &claims);
        let asked = house.client.get(format!("{}/api/v1/me", house.home)).bearer_auth(bearer);
        asked.send().await.unwrap().status()
    };
    for fine in [json!({}), json!({"exp": -30}), json!({"iat": 30}), json!({"nbf": 30})] {
        assert_eq!(job(good(), fine.clone()).await, StatusCode::OK, "{fine}");
    }
    for (n, (header, change)) in [
        (good(), json!({"exp": -90})),
        (good(), json!({"iat": 120})),
        (good(), json!({"nbf": 120})),
        // The token of a person is not one of a job.
        (good(), json!({"aud": "proofhouse"})),
        (good(), json!({"sub": "mallory"})),
        (json!({"alg": "none"}), json!({})),
        (json!({"alg": "HS256", "kid": "a"}), json!({})),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(job(header, change.clone()).await, StatusCode::UNAUTHORIZED, "{n} {change}");
    }
    // Nor is a job's token one to sign in a browser with.
    let form = format!(
        "token={}",
        token(&house.liar.key, &good(), &house.liar.claims(&json!({"aud": "urn:builds"})))
    );
    let kind = "application/x-www-form-urlencoded";
    let login =
        house.client.post(format!("{}/login", house.home)).header(header::CONTENT_TYPE, kind).body(form);
    assert!(!login.send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn a_provider_leads_us_nowhere_inside() {
    let house = House::new();
    for name in ["metadata", "mapped", "private", "decimal", "unspecified", "file", "user", "redirect"] {
        let (status, page) = house.sign_in(name, good(), json!({})).await;
        assert!(!status.is_success(), "{name}");
        let why = ["may not be asked", "is not asked", "leads elsewhere"];
        assert!(why.iter().any(|why| page.contains(why)), "{name} {page}");
    }
    let asked = house.liar.asked.lock().unwrap().join(" ");
    assert!(asked.contains("/redirect/elsewhere") && !asked.contains("meta-data"), "{asked}");
}
