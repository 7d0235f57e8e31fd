//! `registry:NAME` rules: the hosts are asked from this machine's own client of the ecosystem, so a
//! configured mirror is respected and no host name is written here. One file per ecosystem.

mod ask;
mod cargo;
mod deb;
mod go;
mod maven;
mod mirror;
mod npm;
mod pypi;
mod rubygems;

use std::{fmt, str::FromStr};

use model::{Exit, UserError};
use serde::{Deserialize, Serialize};

pub use ask::Ask;
pub(crate) use mirror::inner_addresses;

/// A package ecosystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ecosystem {
    /// Python.
    Pypi,
    /// JavaScript.
    Npm,
    /// Rust.
    Cargo,
    /// Go.
    Go,
    /// Java and other JVM languages.
    Maven,
    /// Ruby.
    Rubygems,
    /// Debian and its relatives.
    Deb,
}

type AskFn = fn(&Ask) -> Result<Vec<Endpoint>, RegistryError>;

/// Every ecosystem: its name in rules and how its client is asked.
const REGISTRIES: [(Ecosystem, &str, AskFn); 7] = [
    (Ecosystem::Pypi, "pypi", pypi::endpoints),
    (Ecosystem::Npm, "npm", npm::endpoints),
    (Ecosystem::Cargo, "cargo", cargo::endpoints),
    (Ecosystem::Go, "go", go::endpoints),
    (Ecosystem::Maven, "maven", maven::endpoints),
    (Ecosystem::Rubygems, "rubygems", rubygems::endpoints),
    (Ecosystem::Deb, "deb", deb::endpoints),
];

impl Ecosystem {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        REGISTRIES.into_iter().map(|(ecosystem, ..)| ecosystem)
    }

    /// Name as in rules.
    pub fn name(self) -> &'static str {
        REGISTRIES.into_iter().find(|(known, ..)| *known == self).map_or("", |(_, name, _)| name)
    }

    /// Asks this machine's client which hosts it uses. Runs programs of the host; may take seconds.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn endpoints(self, ask: &Ask) -> Result<Vec<Endpoint>, RegistryError> {
        let (.., endpoints) =
            REGISTRIES.into_iter().find(|(known, ..)| *known == self).unwrap_or(REGISTRIES[0]);
        let mut found = endpoints(ask)?;
        found.sort();
        found.dedup();
        if found.is_empty() {
            return Err(RegistryError::NoHost { ecosystem: self.name() });
        }
        Ok(found)
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Ecosystem {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        REGISTRIES.into_iter().find(|(_, name, _)| *name == text).map(|(known, ..)| known).ok_or(())
    }
}

/// A host and port that a client uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Endpoint {
    /// Canonical host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Endpoint {
    /// The endpoint of an `http` or `https` URL; `None` for anything else.
    pub fn of_url(url: &str) -> Option<Self> {
        // cargo puts the kind of index before the URL.
        let url = url.trim().strip_prefix("sparse+").unwrap_or(url.trim());
        let (scheme, rest) = url.split_once("://")?;
        let usual = match scheme.to_ascii_lowercase().as_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (authority, usual),
        };
        Some(Self { host: super::rules::canonical_host(host)?, port })
    }
}

/// Why the hosts of a registry are not known.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The client is not installed.
    #[error("`registry:{ecosystem}` needs `{program}` on this machine, to ask which hosts it uses")]
    NoClient {
        /// Ecosystem.
        ecosystem: &'static str,
        /// Program looked for.
        program: String,
    },
    /// The client failed.
    #[error("`{program}` could not say which hosts it uses: {why}")]
    Client {
        /// Program run.
        program: String,
        /// Its last words.
        why: String,
    },
    /// The client answered without a host.
    #[error("the client of `registry:{ecosystem}` names no host")]
    NoHost {
        /// Ecosystem.
        ecosystem: &'static str,
    },
}

impl UserError for RegistryError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoClient { .. } => "registry-client-missing",
            Self::Client { .. } => "registry-client-failed",
            Self::NoHost { .. } => "registry-no-host",
        }
    }

    fn hint(&self) -> Option<String> {
        Some("install the client, or name the hosts in `network` yourself".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Environment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_urls() {
        let of = |url| Endpoint::of_url(url).map(|e| format!("{}:{}", e.host, e.port));
        assert_eq!(of("https://packages.example/simple/"), Some("packages.example:443".into()));
        assert_eq!(
            of("sparse+https://user:pw@Packages.example:8443/i/"),
            Some("packages.example:8443".into())
        );
        assert_eq!(of("http://[::1]:81/x"), Some("::1:81".into()));
        assert_eq!(of("file:///srv/packages"), None);
        assert_eq!(of("nonsense"), None);
    }
}
