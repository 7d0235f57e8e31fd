//! The host a request is for. A web page elsewhere can make its own name point at this address (DNS
//! rebinding); its requests then carry that name, and are refused.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header::HOST, uri::Authority},
    middleware::Next,
    response::Response,
};

use crate::{problem::Refusal, state::App};

/// The names under which this server answers, in lower case, with the port where it is needed.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    /// Loopback names for a loopback address, the address itself, and the configured names.
    pub(crate) fn new(address: SocketAddr, names: &[String], tls: bool) -> Self {
        let mut hosts = vec![match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        }];
        if address.ip().is_loopback() {
            hosts.push("localhost".to_owned());
        }
        hosts.extend(names.iter().map(|name| name.to_ascii_lowercase()));
        let port = address.port();
        let mut allowed: Vec<String> = hosts.iter().map(|host| format!("{host}:{port}")).collect();
        if port == if tls { 443 } else { 80 } {
            allowed.extend(hosts);
        }
        Self(allowed)
    }

    fn allow(&self, authority: &str) -> bool {
        self.0.iter().any(|host| authority.eq_ignore_ascii_case(host))
    }
}

/// Refuses requests for other hosts, with none, or with two.
pub(crate) async fn check_host(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let mut named = request.headers().get_all(HOST).iter();
    let header = named.next().and_then(|value| value.to_str().ok());
    let target = request.uri().authority().map(Authority::as_str);
    let one = named.next().is_none();
    // The request target goes before the header (RFC 9112 section 3.2.2); here both must be right.
    let right =
        header.is_some_and(|host| app.hosts.allow(host)) && target.is_none_or(|host| app.hosts.allow(host));
    if one && right {
        return Ok(next.run(request).await);
    }
    Err(Refusal::new(
        StatusCode::MISDIRECTED_REQUEST,
        "host-unknown",
        "this server does not answer under that name",
    )
    .with_hint("use the address that `proofhouse serve` printed, or configure the name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_names_with_the_own_port_are_allowed() {
        let hosts = Hosts::new("127.0.0.1:8080".parse().unwrap(), &["Build.example".into()], false);
        for good in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "build.example:8080"] {
            assert!(hosts.allow(good), "{good}");
        }
        for bad in ["", "localhost", "127.0.0.1", "evil.example:8080", "127.0.0.1:8081", "a@127.0.0.1:8080"] {
            assert!(!hosts.allow(bad), "{bad}");
        }
        let hosts = Hosts::new("[::1]:443".parse().unwrap(), &[], true);
        assert!(hosts.allow("[::1]") && hosts.allow("localhost") && !hosts.allow("127.0.0.1"));
    }
}
