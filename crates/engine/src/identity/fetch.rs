//! One bounded request to an address that is allowed.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use model::{Exit, Problem};
use reqwest::redirect::Policy;
use runner::proxy::is_public;
use url::{Host, Url};

/// Time for one request, with everything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Addresses that issuers may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Of the public internet only.
    Public,
    /// Also of private networks, for a forge of one's own; neither loopback nor link-local.
    Private,
    /// Of this machine only, also without https; for trying things out.
    Loopback,
}

impl Reach {
    fn allows(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Public, _) => is_public(address),
            (Self::Loopback, _) => address.is_loopback(),
            (Self::Private, IpAddr::V4(v4)) => is_public(address) || v4.is_private(),
            // One of them is where a cloud tells its machines their credentials (fd00:ec2::254).
            (Self::Private, IpAddr::V6(v6)) => {
                is_public(address) || v6.is_unique_local() && v6.segments()[..2] != [0xfd00, 0xec2]
            }
        }
    }
}

/// What to ask for.
pub struct Ask {
    /// Where.
    pub url: Url,
    /// Credential for the `Authorization` header.
    pub bearer: Option<String>,
    /// Name and secret for the `Authorization` header.
    pub basic: Option<(String, String)>,
    /// A form to send; nothing: it is only asked for.
    pub form: Option<Vec<(&'static str, String)>>,
    /// Most bytes of an answer.
    pub limit: usize,
}

impl Ask {
    /// Asks for what is there, without credential.
    pub fn get(url: Url, limit: usize) -> Self {
        Self { url, bearer: None, basic: None, form: None, limit }
    }
}

/// An address that may be asked: https (or this machine), without a user in it.
pub fn address(text: &str, reach: Reach) -> Result<Url, Problem> {
    let refused = |why: &str| {
        Problem::new("issuer-address", Exit::Input, format!("`{}` is not asked: {why}", shown(text)))
            .with_hint("an issuer is an https address, as in https://forge.example")
    };
    let url = Url::parse(text).map_err(|e| refused(&e.to_string()))?;
    if url.scheme() != "https" && !(reach == Reach::Loopback && url.scheme() == "http") {
        return Err(refused("it is not https"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
        return Err(refused("it has a user or no host"));
    }
    Ok(url)
}

/// The body of a good answer.
pub async fn ask(asked: &Ask, reach: Reach) -> Result<Vec<u8>, Problem> {
    let place = shown(asked.url.as_str());
    let addresses = resolve(&asked.url, reach).await?;
    let failed = |e: reqwest::Error| unreachable(&place, &causes(&e));
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .https_only(reach != Reach::Loopback)
        .resolve_to_addrs(asked.url.host_str().unwrap_or_default(), &addresses)
        .build()
        .map_err(failed)?;
    let mut request = match &asked.form {
        Some(form) => {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            let kind = "application/x-www-form-urlencoded";
            client.post(asked.url.clone()).header("Content-Type", kind).body(body)
        }
        None => client.get(asked.url.clone()),
    };
    request = request.header("Accept", "application/json");
    if let Some(bearer) = &asked.bearer {
        request = request.bearer_auth(bearer);
    }
    if let Some((name, secret)) = &asked.basic {
        request = request.basic_auth(name, Some(secret));
    }
    let mut answer = request.send().await.map_err(failed)?;
    match answer.status() {
        status if status.is_redirection() => {
            return Err(wrong(&place, "it leads elsewhere, and is not followed"));
        }
        status if !status.is_success() => return Err(unreachable(&place, &format!("it answered {status}"))),
        _ => {}
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > asked.limit {
            return Err(wrong(&place, &format!("it answers more than {} bytes", asked.limit)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// All addresses of a name; each must be allowed, and only these are connected to.
async fn resolve(url: &Url, reach: Reach) -> Result<Vec<SocketAddr>, Problem> {
    let place = shown(url.as_str());
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(v4)) => vec![(v4, port).into()],
        Some(Host::Ipv6(v6)) => vec![(v6, port).into()],
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, port)).await;
            found.map_err(|e| unreachable(&place, &e.to_string()))?.collect()
        }
        None => vec![],
    };
    match addresses.iter().find(|address| !reach.allows(address.ip())) {
        Some(address) => {
            let message = format!("{place} is at {}, which may not be asked", address.ip());
            Err(Problem::new("issuer-address", Exit::Input, message)
                .with_hint("`--issuer-network private` allows the addresses of a network of your own"))
        }
        None if addresses.is_empty() => Err(unreachable(&place, "its name has no address")),
        None => Ok(addresses),
    }
}

/// Without what follows the path: it may hold a credential.
fn shown(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().chars().take(300).collect()
}

fn causes(error: &reqwest::Error) -> String {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    let mut all = Vec::new();
    while let Some(cause) = source {
        // The first names the whole address.
        if !all.is_empty() || std::error::Error::source(error).is_none() {
            all.push(cause.to_string());
        } else {
            all.push("the request failed".to_owned());
        }
        source = cause.source();
    }
    all.join(": ")
}

fn unreachable(place: &str, why: &str) -> Problem {
    Problem::new("issuer-unreachable", Exit::Environment, format!("{place} cannot be asked: {why}"))
        .with_hint("give the issuer's key set with --jwks to work without network")
}

/// An answer that cannot be used.
pub fn wrong(place: &str, why: &str) -> Problem {
    Problem::new("issuer-answer", Exit::Verdict, format!("the answer of {} is refused: {why}", shown(place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_were_allowed_are_asked() {
        let table = [
            ("8.8.8.8", [true, true, false]),
            ("10.1.2.3", [false, true, false]),
            ("192.168.0.1", [false, true, false]),
            ("169.254.169.254", [false, false, false]),
            ("127.0.0.1", [false, false, true]),
            ("::1", [false, false, true]),
            ("fd00::1", [false, true, false]),
            ("fe80::1", [false, false, false]),
            ("::ffff:127.0.0.1", [false, false, false]),
            ("0.0.0.0", [false, false, false]),
        ];
        for (address, expected) in table {
            let address: IpAddr = address.parse().unwrap();
            let found = [Reach::Public, Reach::Private, Reach::Loopback].map(|reach| reach.allows(address));
            assert_eq!(found, expected, "{address}");
        }
    }

    #[test]
    fn no_spelling_of_an_address_leads_inside() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let refused = |host: &str, reach| {
            let asked = address(&format!("https://{host}/"), reach).map(|url| Ask::get(url, 10));
            let answer = asked.and_then(|asked| runtime.block_on(ask(&asked, reach)));
            assert_eq!(answer.unwrap_err().code, "issuer-address", "{host} {reach:?}");
        };
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0x7f.1",
            "0.0.0.0",
            "0",
            "localhost",
            "LOCALHOST",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "[::ffff:169.254.169.254]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "100.100.100.200",
            "255.255.255.255",
            "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
        ] {
            refused(host, Reach::Public);
            // Only networks of one's own are added, not this machine and what a cloud tells it.
            refused(host, Reach::Private);
        }
        for host in ["10.0.0.1", "167772161", "192.168.1.1", "172.16.0.1", "[fd00::1]"] {
            refused(host, Reach::Public);
            refused(host, Reach::Loopback);
        }
    }

    #[test]
    fn an_issuer_is_an_https_address_and_its_query_is_never_shown() {
        assert!(address("https://forge.example/a?b=c", Reach::Public).is_ok());
        assert!(address("http://127.0.0.1:80/", Reach::Loopback).is_ok());
        for bad in ["http://forge.example/?token=abc", "file:///etc/passwd", "https://u:p@h/", "x"] {
            let problem = address(bad, Reach::Private).unwrap_err();
            assert_eq!(problem.code, "issuer-address");
            assert!(!problem.message.contains("abc"), "{}", problem.message);
        }
    }
}
