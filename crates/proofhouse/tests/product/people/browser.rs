//! As much of a browser as signing in takes: it keeps cookies, follows redirects and sends forms.

use std::collections::BTreeMap;

use reqwest::{Client, Method, StatusCode, Url, header};

/// A page that was reached.
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    pub text: String,
}

pub struct Browser {
    client: Client,
    /// By origin and name: two servers of one host do not get each other's.
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    pub fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { client: client.build().unwrap(), cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, url: &str) -> Page {
        self.go(Method::GET, url.parse().unwrap(), vec![]).await
    }

    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.go(Method::POST, url.parse().unwrap(), form).await
    }

    async fn go(&mut self, mut method: Method, mut url: Url, mut form: Vec<(String, String)>) -> Page {
        for _ in 0..20 {
            let origin = url.origin().ascii_serialization();
            let own = self.cookies.iter().filter(|((of, _), _)| *of == origin);
            let cookies: Vec<String> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
            let mut request = self.client.request(method.clone(), url.clone());
            request = request.header(header::COOKIE, cookies.join("; "));
            if method == Method::POST {
                let pairs: Vec<String> = form.iter().map(|(n, v)| format!("{n}={}", percent(v))).collect();
                let kind = "application/x-www-form-urlencoded";
                request = request.header(header::CONTENT_TYPE, kind).body(pairs.join("&"));
            }
            let answer = request.send().await.unwrap();
            for set in answer.headers().get_all(header::SET_COOKIE) {
                let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert((origin.clone(), name.to_owned()), value.to_owned());
            }
            let Some(place) = answer.headers().get(header::LOCATION) else {
                return Page { url, status: answer.status(), text: answer.text().await.unwrap() };
            };
            url = url.join(place.to_str().unwrap()).unwrap();
            (method, form) = (Method::GET, vec![]);
        }
        panic!("it leads in circles: {url}");
    }
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
