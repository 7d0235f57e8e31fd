//! The one way to a key service: HTTPS with a bounded answer in bounded time.
//!
//! `ureq` because it needs neither a runtime nor OpenSSL or `ring`: six small crates on the TLS that is
//! here anyway, with aws-lc-rs. No redirects (credentials go to the named host only), no proxy, no
//! compression. Plain HTTP is for this machine alone: an agent, a tunnel, a test.

use std::{fs, path::Path, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use ureq::{
    Agent,
    http::{Request, Uri},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{PlaceError, error::repeated};
use crate::{json, keys::KeyError};

/// Largest answer that is read: a transit key of some thousand versions.
const MAX_ANSWER: usize = 1 << 20;
/// Largest file of authority certificates.
const MAX_CA: u64 = 1 << 20;
/// Seconds for a whole request when the place does not say.
const SECONDS: u16 = 10;

/// A service: where keys live, or one that signing needs.
pub struct Service {
    agent: Agent,
    uri: Uri,
    name: String,
}

/// What a service answered.
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// At most 1 MiB.
    pub body: Vec<u8>,
}

impl Service {
    /// Checks the address and prepares TLS; nothing is sent. `ca`: file with the authorities that its TLS
    /// certificate must come from, the system's when absent. `seconds`: for a whole request, 10 when absent.
    ///
    /// # Errors
    /// The address is not `https` (or this machine's), or `ca` holds no certificate.
    pub fn new(url: &str, ca: Option<&Path>, seconds: Option<u16>) -> Result<Self, KeyError> {
        let uri = address(url).map_err(PlaceError::Invalid)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = ca.map_or(Ok(RootCerts::PlatformVerifier), authorities)?;
        let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots).build();
        let time = Duration::from_secs(seconds.unwrap_or(SECONDS).max(1).into());
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("proofhouse/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(time));
        let name = uri.authority().map(ToString::to_string).unwrap_or_default();
        Ok(Self { agent: config.build().new_agent(), uri, name })
    }

    /// Host and port as the `Host` header has them.
    pub fn authority(&self) -> &str {
        &self.name
    }

    /// Whether the address has a path.
    pub fn has_path(&self) -> bool {
        self.uri.path() != "/"
    }

    /// Sends one request to `path` below the address.
    ///
    /// # Errors
    /// No answer, or one of more than 1 MiB.
    pub fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, PlaceError> {
        let base = self.uri.path().trim_end_matches('/');
        let scheme = self.uri.scheme_str().unwrap_or("https");
        let uri = format!("{scheme}://{}{base}{path}", self.name);
        let request =
            headers.iter().fold(Request::builder().method(method).uri(uri), |r, (k, v)| r.header(*k, *v));
        let bad = |_| PlaceError::Invalid("a name or secret has characters that no request can carry".into());
        let sent = match body.is_empty() {
            true => request.body(()).map_err(bad).map(|request| self.agent.run(request))?,
            false => request.body(body).map_err(bad).map(|request| self.agent.run(request))?,
        };
        let mut answer = sent.map_err(|error| self.unreachable(&error))?;
        let body = answer.body_mut().with_config().limit(MAX_ANSWER as u64).read_to_vec();
        let body = body.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => nonsense(&self.name, "it is larger than 1 MiB"),
            error => self.unreachable(&error),
        })?;
        Ok(Answer { status: answer.status().as_u16(), body })
    }

    fn unreachable(&self, error: &ureq::Error) -> PlaceError {
        PlaceError::Unreachable { service: self.name.clone(), why: repeated(&error.to_string()) }
    }

    /// The service is not ready to work (sealed, overloaded).
    pub fn not_ready(&self, why: &str) -> PlaceError {
        PlaceError::Unreachable { service: self.name.clone(), why: repeated(why) }
    }

    /// The service refused.
    pub fn denied(&self, why: &str) -> PlaceError {
        PlaceError::Denied { service: self.name.clone(), why: repeated(why) }
    }
}

/// The JSON of an answer.
pub(super) fn parsed<T: DeserializeOwned>(service: &str, answer: &[u8]) -> Result<T, PlaceError> {
    json::parse(answer, MAX_ANSWER).map_err(|problem| nonsense(service, &problem.to_string()))
}

/// An answer that is not what the protocol says.
pub(super) fn nonsense(service: &str, why: &str) -> PlaceError {
    PlaceError::Answer { service: service.to_owned(), why: repeated(why) }
}

/// `https://host[:port][/path]`, or `http` on this machine; nothing else in it.
fn address(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| format!("{} is not a web address", repeated(url)))?;
    let host = uri.host().unwrap_or_default();
    let here = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    let fits = match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => here,
        _ => false,
    };
    // Without user, query and fragment.
    let plain = !url.contains(['@', '?', '#']);
    match fits && plain {
        true => Ok(uri),
        false => Err(format!("{} is not https://HOST[:PORT][/PATH]", repeated(url))),
    }
}

fn authorities(path: &Path) -> Result<RootCerts, KeyError> {
    let io = |error| KeyError::Io(path.to_owned(), error);
    let size = fs::metadata(path).map_err(io)?.len();
    let pem = if size > MAX_CA { Vec::new() } else { fs::read(path).map_err(io)? };
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let found: Vec<_> = parse_pem(&pem).filter_map(certificate).collect();
    match found.is_empty() {
        true => Err(PlaceError::Invalid(format!("{} holds no certificate in PEM", path.display())).into()),
        false => Ok(RootCerts::Specific(Arc::new(found))),
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn credentials_travel_encrypted_or_not_at_all() {
        for good in
            ["https://bao.example.com", "https://h:8200/base/", "http://127.0.0.1:1", "http://[::1]:2"]
        {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://bao.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "https://user:word@example.com",
            "https://h/?x=1",
            "https://",
            "example.com",
            "file:///etc/passwd",
            "",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
