//! Package URLs (ECMA-427): normalisation per type and percent-encoding.

use std::fmt;

use super::component::Ecosystem;

/// A package URL in its parts, already normalised for its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purl {
    kind: &'static str,
    namespace: Vec<String>,
    name: String,
    version: String,
    qualifiers: Vec<(&'static str, String)>,
}

impl Purl {
    /// The package URL of an ecosystem's name and version.
    pub fn of(ecosystem: Ecosystem, name: &str, version: &str) -> Self {
        let (namespace, name) = match ecosystem {
            Ecosystem::Cargo | Ecosystem::Gem => (vec![], name.to_owned()),
            Ecosystem::Pypi => (vec![], name.to_ascii_lowercase().replace('_', "-")),
            Ecosystem::Npm | Ecosystem::Golang | Ecosystem::Composer => split(&name.to_lowercase(), '/'),
            Ecosystem::Maven => match name.split_once(':') {
                Some((group, artifact)) => (vec![group.to_owned()], artifact.to_owned()),
                None => (vec![], name.to_owned()),
            },
        };
        let kind = ecosystem.purl_type();
        Self { kind, namespace, name, version: version.to_owned(), qualifiers: Vec::new() }
    }

    /// Adds a qualifier, e.g. `vcs_url`. Qualifiers are written in the order of their keys.
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.qualifiers.push((key, value.to_owned()));
        self.qualifiers.sort();
        self
    }
}

fn split(name: &str, at: char) -> (Vec<String>, String) {
    let mut parts: Vec<String> = name.split(at).filter(|p| !p.is_empty()).map(str::to_owned).collect();
    let last = parts.pop().unwrap_or_default();
    (parts, last)
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}/", self.kind)?;
        for part in &self.namespace {
            write!(f, "{}/", Encoded(part))?;
        }
        write!(f, "{}", Encoded(&self.name))?;
        if !self.version.is_empty() {
            write!(f, "@{}", Encoded(&self.version))?;
        }
        for (n, (key, value)) in self.qualifiers.iter().enumerate() {
            write!(f, "{}{key}={}", if n == 0 { '?' } else { '&' }, Encoded(value))?;
        }
        Ok(())
    }
}

/// Percent-encodes everything but the unreserved characters and the colon (ECMA-427 section 5.4).
struct Encoded<'a>(&'a str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                    write!(f, "{}", char::from(byte))?;
                }
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

/// The comparable name of a Python package: lower case, runs of `-`, `_`, `.` as one `-` (PEP 503).
pub fn pypi_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised_as_their_type_demands() {
        let cases = [
            (Ecosystem::Npm, "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
            (Ecosystem::Pypi, "Ruamel_YAML", "0.18", "pkg:pypi/ruamel-yaml@0.18"),
            (
                Ecosystem::Golang,
                "github.com/BurntSushi/toml",
                "v1.4.0",
                "pkg:golang/github.com/burntsushi/toml@v1.4.0",
            ),
            (Ecosystem::Maven, "org.slf4j:slf4j-api", "2.0.0", "pkg:maven/org.slf4j/slf4j-api@2.0.0"),
            (Ecosystem::Composer, "Symfony/Yaml", "v7.1.0", "pkg:composer/symfony/yaml@v7.1.0"),
            (Ecosystem::Cargo, "cc", "1.0.0+1.1", "pkg:cargo/cc@1.0.0%2B1.1"),
            (Ecosystem::Gem, "rails", "7.1", "pkg:gem/rails@7.1"),
        ];
        for (ecosystem, name, version, purl) in cases {
            assert_eq!(Purl::of(ecosystem, name, version).to_string(), purl);
        }
        assert_eq!(pypi_name("Zope._Interface"), "zope-interface");
    }

    proptest::proptest! {
        #[test]
        fn every_purl_can_be_read_back(name in "[a-zA-Z0-9@/ %+_.-]{1,20}", version in ".{1,12}") {
            for ecosystem in Ecosystem::ALL {
                // Maven and Composer packages always have a namespace.
                let name = match ecosystem {
                    Ecosystem::Maven => format!("group:{name}"),
                    Ecosystem::Composer => format!("vendor/x{name}"),
                    _ => name.clone(),
                };
                let purl = Purl::of(ecosystem, &name, &version);
                if purl.name.is_empty() { continue }
                let text = purl.to_string();
                let read: packageurl::PackageUrl<'_> = text.parse().unwrap();
                proptest::prop_assert_eq!(read.version(), Some(version.as_str()));
            }
        }
    }
}
