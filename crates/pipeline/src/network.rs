//! Egress rules: which destinations a step may reach through the proxy.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Serialize, Serializer};

/// One allowed destination.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NetworkRule {
    /// Exactly this host (lower case) or address; `None`: ports 80 and 443.
    Host {
        /// Host name or IP address (IPv6 without brackets).
        host: String,
        /// TCP port.
        port: Option<u16>,
    },
    /// Every host below this domain, not the domain itself: `*.example.org`.
    Suffix {
        /// `example.org`, lower case, without leading dot.
        domain: String,
        /// TCP port.
        port: Option<u16>,
    },
    /// A package registry by name; the installation knows its hosts.
    Registry(String),
}

/// Why a rule is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// A URL was given.
    #[error("give only the host name, without scheme and path")]
    Url,
    /// Bad port.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// `*` alone or inside.
    #[error("`*` may only stand at the start, before a dot and a domain: `*.example.org`")]
    Star,
    /// Registry name.
    #[error("a registry name has only lower-case letters, digits and `-`")]
    Registry,
    /// Not a host name (RFC 1123 section 2.1) or address.
    #[error("not a host name or IP address")]
    Host,
}

impl FromStr for NetworkRule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Self, BadRule> {
        if let Some(name) = text.strip_prefix("registry:") {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            let good = !name.is_empty() && name.len() <= 64 && name.bytes().all(fits);
            return good.then(|| Self::Registry(name.to_owned())).ok_or(BadRule::Registry);
        }
        if text.contains('/') {
            return Err(BadRule::Url);
        }
        let (host, port) = split_port(text)?;
        let host = host.to_ascii_lowercase();
        if let Some(domain) = host.strip_prefix("*.") {
            // Everything below a top-level domain is no rule; the proxy refuses it as well.
            let good = is_host_name(domain) && domain.contains('.') && domain.parse::<IpAddr>().is_err();
            return good.then(|| Self::Suffix { domain: domain.to_owned(), port }).ok_or(BadRule::Star);
        }
        if host.contains('*') {
            return Err(BadRule::Star);
        }
        if host == "registry" && port.is_some() {
            // Written again it would be the name of a registry.
            return Err(BadRule::Registry);
        }
        let good = host.parse::<IpAddr>().is_ok() || is_host_name(&host);
        good.then_some(Self::Host { host, port }).ok_or(BadRule::Host)
    }
}

/// Splits `host`, `host:port`, `[v6]`, `[v6]:port` and a bare IPv6 address.
fn split_port(text: &str) -> Result<(&str, Option<u16>), BadRule> {
    let port = |digits: &str| match digits.parse::<u16>() {
        Ok(port) if port > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(port)),
        _ => Err(BadRule::Port),
    };
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(BadRule::Host)?;
        return match after.strip_prefix(':') {
            Some(digits) => Ok((host, port(digits)?)),
            None if after.is_empty() => Ok((host, None)),
            None => Err(BadRule::Host),
        };
    }
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Ok((text, None)),
        Some((host, digits)) => Ok((host, port(digits)?)),
        None => Ok((text, None)),
    }
}

fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

impl fmt::Display for NetworkRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = match self {
            Self::Host { host, port } => {
                if host.contains(':') { write!(f, "[{host}]") } else { f.write_str(host) }?;
                port
            }
            Self::Suffix { domain, port } => {
                write!(f, "*.{domain}")?;
                port
            }
            Self::Registry(name) => return write!(f, "registry:{name}"),
        };
        port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Serialize for NetworkRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_and_write_themselves() {
        let same = ["packages.example", "10.0.0.1:8080", "*.example.org", "*.example.org:443", "[::1]:80"];
        for text in same.into_iter().chain(["registry:pypi", "[::1]"]) {
            assert_eq!(text.parse::<NetworkRule>().unwrap().to_string(), text);
        }
        assert_eq!("Packages.EXAMPLE".parse::<NetworkRule>().unwrap().to_string(), "packages.example");
    }

    #[test]
    fn what_is_not_a_rule_says_why() {
        let why = |text: &str| text.parse::<NetworkRule>().unwrap_err();
        assert_eq!(why("https://packages.example/"), BadRule::Url);
        assert_eq!(why("a.example:99999"), BadRule::Port);
        assert_eq!(why("a.example:+80"), BadRule::Port);
        assert_eq!(why("*"), BadRule::Star);
        assert_eq!(why("*.example"), BadRule::Star);
        assert_eq!(why("a.*.example"), BadRule::Star);
        assert_eq!(why("registry:"), BadRule::Registry);
        assert_eq!(why(""), BadRule::Host);
        assert_eq!(why("a b"), BadRule::Host);
    }
}
