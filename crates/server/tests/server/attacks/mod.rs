//! Attacks on the door and on what is behind it, by request: each was tried as somebody with fewer rights would.

mod guessing;
mod reach;
mod sessions;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use model::{Clock, Timestamp};
use reqwest::{Client, Response, StatusCode, header};

use crate::{
    people,
    support::{Server, now},
};

/// A clock that is set: to any number of seconds after the moment of all tests, or before it.
#[derive(Clone, Default)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(now().as_second() + self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// The demo under a clock, with the organisation's file of the tests of people in force.
async fn server(clock: &Hands) -> Server {
    let clock = Arc::new(clock.clone());
    let server = Server::start(testkit::demo, |config| config.clock = clock).await;
    people::apply(&server, people::FILE).await;
    server
}

/// The cookie that an answer sets, as `name=value`: the session's, or that of a sign-in with a provider.
fn set_cookie(answer: &Response, provider: bool) -> Option<String> {
    let all = answer.headers().get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    let pairs = all.map(|value| value.split(';').next().unwrap());
    pairs.filter(|pair| pair.starts_with("proofhouse-provider=") == provider).map(str::to_owned).next()
}

/// A page as a browser with these cookies is answered.
async fn page(server: &Server, cookies: &str, path: &str) -> StatusCode {
    let request = server.stranger().get(server.url(path)).header(header::COOKIE, cookies);
    request.send().await.unwrap().status()
}

async fn form(server: &Server, cookies: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    let client: Client = server.stranger();
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = client.post(server.url(path)).header(header::COOKIE, cookies);
    let kind = "application/x-www-form-urlencoded";
    request.header(header::CONTENT_TYPE, kind).body(body).send().await.unwrap()
}

/// Signs an account in; the session's cookie.
async fn session(server: &Server, name: &str, secret: &str, step: i64) -> String {
    let answer = people::sign_in(server, name, people::PASSWORD, &people::one_time(secret, step)).await;
    assert_eq!(answer.status(), StatusCode::OK, "{name}");
    set_cookie(&answer, false).unwrap()
}
