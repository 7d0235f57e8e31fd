//! The allow-list: what a rule can say, and what it decides.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use model::{Exit, UserError};
use serde::{Deserialize, Serialize};

use super::{Ecosystem, Endpoint, is_public};

/// How something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A tunnel.
    Connect,
    /// A plain HTTP request.
    Http,
}

impl Method {
    /// The port a rule without a port allows.
    fn usual_port(self) -> u16 {
        match self {
            Self::Connect => 443,
            Self::Http => 80,
        }
    }
}

/// One line of a step's network allow-list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// `host` or `host:port`.
    Host(String, Option<u16>),
    /// `*.suffix` or `*.suffix:port`: every name below, not the name itself.
    Below(String, Option<u16>),
    /// An address, `10.0.0.5`, `10.0.0.5:8080`, `[::1]:8080`. Also lets names that resolve to this
    /// address through, when another rule allows the name.
    Address(IpAddr, Option<u16>),
    /// `registry:NAME`: the hosts this machine's own client of an ecosystem is configured to use.
    Registry(Ecosystem),
}

/// A rule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{rule}` is not a network rule: {why}")]
pub struct BadRule {
    /// As written.
    pub rule: String,
    /// What is wrong.
    pub why: &'static str,
}

impl UserError for BadRule {
    fn code(&self) -> &'static str {
        "network-rule-bad"
    }

    fn hint(&self) -> Option<String> {
        Some("write `host`, `host:port`, `*.suffix`, an address, or `registry:pypi` (npm, cargo, go, maven, rubygems, deb)".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

impl FromStr for Rule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Self, BadRule> {
        let bad = |why| BadRule { rule: text.to_owned(), why };
        if let Some(name) = text.strip_prefix("registry:") {
            return name.parse().map(Self::Registry).map_err(|_| bad("this registry is not known"));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Address(address, None));
        }
        if let Ok(socket) = text.parse::<SocketAddr>() {
            return Ok(Self::Address(socket.ip(), Some(socket.port())));
        }
        let (host, port) = match text.rsplit_once(':') {
            // A colon inside brackets belongs to an IPv6 address.
            Some((host, port)) if !port.ends_with(']') => {
                let port: u16 = port.parse().map_err(|_| bad("the port is not a number up to 65535"))?;
                (host, Some(port).filter(|port| *port != 0).ok_or_else(|| bad("the port is 0"))?.into())
            }
            _ => (text, None),
        };
        let (host, below) = host.strip_prefix("*.").map_or((host, false), |suffix| (suffix, true));
        let host = canonical_host(host).ok_or_else(|| bad("the host name is not valid"))?;
        if let Ok(address) = host.parse::<IpAddr>() {
            return if below {
                Err(bad("an address has no names below it"))
            } else {
                Ok(Self::Address(address, port))
            };
        }
        if below && !host.contains('.') {
            return Err(bad("a whole top-level domain is too wide"));
        }
        Ok(if below { Self::Below(host, port) } else { Self::Host(host, port) })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = |f: &mut fmt::Formatter<'_>, port: &Option<u16>| match port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        };
        match self {
            Self::Host(host, p) => f.write_str(host).and_then(|()| port(f, p)),
            Self::Below(suffix, p) => write!(f, "*.{suffix}").and_then(|()| port(f, p)),
            Self::Address(address, Some(p)) => SocketAddr::new(*address, *p).fmt(f),
            Self::Address(address, None) => address.fmt(f),
            Self::Registry(ecosystem) => write!(f, "registry:{}", ecosystem.name()),
        }
    }
}

/// A host name in lower case without the final dot, or an address without brackets; `None` when it
/// is neither.
pub(crate) fn canonical_host(host: &str) -> Option<String> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().ok().map(|address| address.to_string());
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
    };
    (host.len() <= 253 && host.split('.').all(label)).then_some(host)
}

/// Why something is not let out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No rule names the host.
    Host,
    /// The host is allowed, not at this port.
    Port,
    /// The name leads to an inner address that no rule names.
    Inner(IpAddr),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("no network rule of this step allows this host"),
            Self::Port => f.write_str("the rule for this host does not allow this port"),
            Self::Inner(address) => {
                write!(f, "the name leads to the private address {address}, which no rule names")
            }
        }
    }
}

/// Decides what is let out.
pub trait Decide: Send + Sync {
    /// May this host and port be asked for? `host` is canonical.
    ///
    /// # Errors
    /// Why not.
    fn host(&self, host: &str, port: u16, method: Method) -> Result<(), Refusal>;

    /// May this address, which the host resolved to, be connected to?
    ///
    /// # Errors
    /// Why not.
    fn address(&self, address: IpAddr, port: u16) -> Result<(), Refusal>;
}

/// The rules of a step with registries replaced by their hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

impl RuleSet {
    /// Makes the set; `ask` tells the endpoints of a registry.
    ///
    /// # Errors
    /// The first error of `ask`.
    pub fn new<E>(
        rules: &[Rule],
        mut ask: impl FnMut(Ecosystem) -> Result<Vec<Endpoint>, E>,
    ) -> Result<Self, E> {
        let mut set = Self::default();
        for rule in rules {
            match rule {
                Rule::Registry(ecosystem) => {
                    let endpoints = ask(*ecosystem)?.into_iter();
                    set.rules.extend(endpoints.map(|endpoint| match endpoint.host.parse() {
                        Ok(address) => Rule::Address(address, Some(endpoint.port)),
                        Err(_) => Rule::Host(endpoint.host, Some(endpoint.port)),
                    }));
                }
                other => set.rules.push(other.clone()),
            }
        }
        Ok(set)
    }

    /// The rules, without `registry:`.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl Decide for RuleSet {
    fn host(&self, host: &str, port: u16, method: Method) -> Result<(), Refusal> {
        let literal = host.parse::<IpAddr>().ok();
        let mut refusal = Refusal::Host;
        for rule in &self.rules {
            let (matches, rule_port) = match rule {
                Rule::Host(name, rule_port) => (name == host, rule_port),
                Rule::Below(suffix, rule_port) => {
                    let below = host.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.'));
                    (below && literal.is_none(), rule_port)
                }
                Rule::Address(address, rule_port) => (literal == Some(*address), rule_port),
                Rule::Registry(_) => continue,
            };
            if matches && rule_port.unwrap_or(method.usual_port()) == port {
                return Ok(());
            }
            if matches {
                refusal = Refusal::Port;
            }
        }
        Err(refusal)
    }

    fn address(&self, address: IpAddr, port: u16) -> Result<(), Refusal> {
        let named = |rule: &Rule| {
            matches!(rule, Rule::Address(known, rule_port)
                if *known == address && rule_port.is_none_or(|known| known == port))
        };
        if is_public(address) || self.rules.iter().any(named) {
            return Ok(());
        }
        Err(Refusal::Inner(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(rules: &[&str]) -> RuleSet {
        let rules: Vec<Rule> = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        RuleSet::new(&rules, |_| Ok::<_, ()>(Vec::new())).unwrap()
    }

    #[test]
    fn rules_read_and_write_the_same() {
        for rule in [
            "packages.example",
            "packages.example:8443",
            "*.packages.example",
            "10.0.0.5",
            "10.0.0.5:80",
            "[::1]:8080",
            "::1",
            "registry:cargo",
        ] {
            assert_eq!(rule.parse::<Rule>().unwrap().to_string(), rule);
        }
        for bad in
            ["", "*", "*.com", "a b", "host:", "host:0", "host:99999", "registry:none", "http://x/", "-x"]
        {
            assert!(bad.parse::<Rule>().is_err(), "{bad:?}");
        }
        assert_eq!("[::1]".parse::<Rule>(), "::1".parse());
        assert_eq!("Packages.EXAMPLE.".parse(), Ok(Rule::Host("packages.example".into(), None)));
    }

    #[test]
    fn ports_are_the_usual_ones_unless_named() {
        let rules = set(&["a.example", "b.example:8443", "*.c.example"]);
        assert_eq!(rules.host("a.example", 443, Method::Connect), Ok(()));
        assert_eq!(rules.host("a.example", 80, Method::Http), Ok(()));
        assert_eq!(rules.host("a.example", 22, Method::Connect), Err(Refusal::Port));
        assert_eq!(rules.host("b.example", 8443, Method::Connect), Ok(()));
        assert_eq!(rules.host("b.example", 443, Method::Connect), Err(Refusal::Port));
        assert_eq!(rules.host("x.y.c.example", 443, Method::Connect), Ok(()));
        assert_eq!(rules.host("c.example", 443, Method::Connect), Err(Refusal::Host));
        assert_eq!(rules.host("evil-c.example", 443, Method::Connect), Err(Refusal::Host));
    }

    #[test]
    fn an_inner_address_needs_its_own_rule() {
        let inner: IpAddr = "10.0.0.5".parse().unwrap();
        assert_eq!(set(&["a.example"]).address(inner, 443), Err(Refusal::Inner(inner)));
        assert_eq!(set(&["a.example", "10.0.0.5:443"]).address(inner, 443), Ok(()));
        assert_eq!(set(&["10.0.0.5:443"]).address(inner, 80), Err(Refusal::Inner(inner)));
        assert_eq!(set(&["10.0.0.5:80"]).host("10.0.0.5", 80, Method::Http), Ok(()));
        assert_eq!(set(&["*.a.example"]).host("10.0.0.5", 80, Method::Http), Err(Refusal::Host));
    }
}
