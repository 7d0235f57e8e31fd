//! The only place that sends requests: to the target and nowhere else, within the budget.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use reqwest::{
    Method,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use url::{Host, Url};

use crate::{Budget, DastError, Target};

/// One request to make.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(HeaderName, String)>,
    /// Content type and bytes.
    pub body: Option<(&'static str, Vec<u8>)>,
}

impl Ask {
    /// A GET without anything else.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: vec![], body: None }
    }

    /// Adds a header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((HeaderName::from_static(name), value.to_owned()));
        self
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The first bytes of the body, as text (what is not UTF-8 is replaced).
    pub body: String,
    /// The peer's certificate (DER), on https.
    pub certificate: Option<Vec<u8>>,
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the body is for a browser to show.
    pub fn is_html(&self) -> bool {
        match self.header("content-type") {
            Some(kind) => kind.contains("html"),
            None => self.body.trim_start().starts_with('<'),
        }
    }

    /// Whether it sends the visitor elsewhere.
    pub fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status) && self.headers.contains_key("location")
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The budget is used up: requests or time.
    Budget(&'static str),
    /// Another scheme, host or port than the target's.
    OffTarget,
    /// A method that changes data, which the target does not allow.
    UnsafeMethod,
    /// The network's reason.
    Failed(String),
}

/// A bounded client for one target.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    budget: Budget,
    unsafe_methods: bool,
    asked: AtomicU32,
    started: Instant,
    /// Why the certificate is not trusted, if it is not.
    pub untrusted: Option<String>,
}

/// Answers for the target's own name only, always with the same addresses.
struct Pinned {
    name: String,
    addresses: Vec<SocketAddr>,
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = if name.as_str().eq_ignore_ascii_case(&self.name) {
            Ok(Box::new(self.addresses.clone().into_iter()) as Addrs)
        } else {
            Err("not the target's host".into())
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Client {
    /// Resolves the target's name once, and makes sure that it answers.
    ///
    /// A certificate that is not trusted is remembered in `untrusted`; the scan goes on without trust.
    pub async fn connect(target: &Target) -> Result<(Self, Answer), DastError> {
        let addresses = resolve(target).await?;
        let mut client = Self::new(target, &addresses, false)?;
        let first = client.send(&Ask::get(target.base.clone())).await;
        let answer = match first {
            Err(NoAnswer::Failed(why)) if target.base.scheme() == "https" => {
                client = Self::new(target, &addresses, true)?;
                client.untrusted = Some(why);
                client.send(&Ask::get(target.base.clone())).await
            }
            other => other,
        };
        let unreachable = |why: NoAnswer| {
            let why = match why {
                NoAnswer::Failed(why) => why,
                NoAnswer::Budget(which) => format!("the budget allows no request ({which})"),
                NoAnswer::OffTarget | NoAnswer::UnsafeMethod => "the request is not allowed".into(),
            };
            DastError::Unreachable { address: target.base.to_string(), why }
        };
        answer.map_err(unreachable).map(|answer| (client, answer))
    }

    fn new(target: &Target, addresses: &[SocketAddr], without_trust: bool) -> Result<Self, DastError> {
        let name = target.base.host_str().unwrap_or_default().to_owned();
        let mut headers = HeaderMap::new();
        for (name, value) in &target.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("proofhouse-dast/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(target.budget.request_timeout)
            .dns_resolver(Arc::new(Pinned { name, addresses: addresses.to_vec() }))
            .tls_danger_accept_invalid_certs(without_trust)
            .tls_info(true)
            .build()
            .map_err(|error| DastError::Client { why: reason(&error) })?;
        let (base, budget) = (target.base.clone(), target.budget);
        Ok(Self {
            http,
            base,
            budget,
            unsafe_methods: target.unsafe_methods,
            asked: AtomicU32::new(0),
            started: Instant::now(),
            untrusted: None,
        })
    }

    /// Whether `url` is at the target: same scheme, host and port.
    pub fn is_target(&self, url: &Url) -> bool {
        same_origin(&self.base, url)
    }

    /// How many requests were made.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Sends one request and reads the answer up to the body's bound.
    pub async fn send(&self, ask: &Ask) -> Result<Answer, NoAnswer> {
        if !self.is_target(&ask.url) {
            return Err(NoAnswer::OffTarget);
        }
        // The last guard, whatever a check does: nothing but the option lets these through.
        let harmless = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::POST];
        if !self.unsafe_methods && !harmless.contains(&ask.method) {
            return Err(NoAnswer::UnsafeMethod);
        }
        let left = self.budget.max_time.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            return Err(NoAnswer::Budget("time"));
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) >= self.budget.max_requests {
            return Err(NoAnswer::Budget("requests"));
        }
        let mut request = self.http.request(ask.method.clone(), ask.url.clone());
        request = request.timeout(left.min(self.budget.request_timeout));
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        if let Some((kind, bytes)) = &ask.body {
            request = request.header("content-type", *kind).body(bytes.clone());
        }
        let response = request.send().await.map_err(|error| NoAnswer::Failed(reason(&error)))?;
        self.read(response).await
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Answer, NoAnswer> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let tls = response.extensions().get::<reqwest::tls::TlsInfo>();
        let certificate = tls.and_then(|tls| tls.peer_certificate()).map(<[u8]>::to_vec);
        let mut body = vec![];
        // A body that breaks off is still an answer.
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk[..chunk.len().min(self.budget.max_body - body.len())]);
            if body.len() >= self.budget.max_body {
                break;
            }
        }
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned(), certificate })
    }
}

/// Same scheme, host and port (RFC 6454).
pub fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

/// Whether the target is on this machine, where plain HTTP is no risk.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, DastError> {
    let host = target.base.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = target.base.port_or_known_default().unwrap_or(80);
    let found = tokio::net::lookup_host((host, port)).await;
    let unreachable = |why: String| DastError::Unreachable { address: target.base.to_string(), why };
    let addresses: Vec<_> = found.map_err(|error| unreachable(error.to_string()))?.collect();
    if addresses.is_empty() { Err(unreachable("the name has no address".into())) } else { Ok(addresses) }
}

/// The innermost cause: the outer ones only repeat the address.
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
