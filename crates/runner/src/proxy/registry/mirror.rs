//! Registries inside: a mirror on a private address is reached because this machine is configured for it.

use super::Endpoint;
use crate::proxy::{Resolve, is_public};

/// The private addresses behind the hosts of a registry, when *all* its hosts lead to such: then it is a
/// mirror that whoever set this machine up has chosen. A registry with a public host may name any other
/// host in its answers; for its sake nothing inside is opened.
pub(crate) fn inner_addresses(endpoints: &[Endpoint], resolve: &dyn Resolve) -> Vec<Endpoint> {
    let mut inner = Vec::new();
    for endpoint in endpoints {
        // A host without an address opens nothing, and the step is told so when it asks for it.
        let Ok(addresses) = resolve.resolve(&endpoint.host, endpoint.port) else { continue };
        if addresses.iter().any(|address| is_public(address.ip())) {
            return Vec::new();
        }
        let private =
            |address: &std::net::SocketAddr| Endpoint { host: address.ip().to_string(), port: endpoint.port };
        inner.extend(addresses.iter().map(private));
    }
    inner.sort();
    inner.dedup();
    inner
}

#[cfg(test)]
mod tests {
    use std::{io, net::SocketAddr};

    use super::*;

    struct Names;

    impl Resolve for Names {
        fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
            let address = match host {
                "mirror.example" => "10.0.0.5",
                "files.example" => "10.0.0.6",
                "public.example" => "8.8.8.8",
                _ => return Err(io::ErrorKind::NotFound.into()),
            };
            Ok(vec![SocketAddr::new(address.parse().unwrap(), port)])
        }
    }

    fn inner(hosts: &[&str]) -> Vec<String> {
        let endpoints: Vec<_> =
            hosts.iter().map(|host| Endpoint { host: (*host).to_owned(), port: 443 }).collect();
        inner_addresses(&endpoints, &Names).into_iter().map(|e| format!("{}:{}", e.host, e.port)).collect()
    }

    #[test]
    fn a_mirror_inside_is_opened_and_a_public_registry_opens_nothing_inside() {
        assert_eq!(inner(&["mirror.example", "files.example"]), ["10.0.0.5:443", "10.0.0.6:443"]);
        assert_eq!(inner(&["mirror.example", "gone.example"]), ["10.0.0.5:443"]);
        assert_eq!(inner(&["public.example"]), [] as [String; 0]);
        assert_eq!(inner(&["mirror.example", "public.example"]), [] as [String; 0]);
    }
}
