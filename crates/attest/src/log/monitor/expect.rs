//! Whose entries are expected in a log.

use model::Sha256;

use super::Identity;
use crate::trust::Trust;

/// Who may sign. Patterns are whole texts in which `*` stands for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Patterns of certificate names; every name of a certificate must match one.
    pub identities: Vec<String>,
    /// Patterns of issuers; a certificate's issuer must match one.
    pub issuers: Vec<String>,
    /// Fingerprints of plain keys.
    pub keys: Vec<Sha256>,
    /// Whoever these trust: their keys, and certificates of their authorities.
    pub trusts: Vec<Trust>,
}

impl Expected {
    /// Nothing is said: nobody is looked for.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
            && self.issuers.is_empty()
            && self.keys.is_empty()
            && self.trusts.is_empty()
    }

    /// Whether an entry of this identity is expected. What cannot be read never is.
    pub fn accepts(&self, identity: &Identity) -> bool {
        let one = |patterns: &[String], text: &str| patterns.iter().any(|pattern| matches(pattern, text));
        match identity {
            Identity { unreadable: Some(_), .. } => false,
            Identity { key: Some(key), .. } => {
                self.keys.contains(key) || self.trusts.iter().any(|trust| has(trust, *key))
            }
            Identity { vouched: true, .. } => true,
            Identity { names, issuer, .. } => {
                !names.is_empty()
                    && names.iter().all(|name| one(&self.identities, name))
                    && issuer.as_ref().is_some_and(|issuer| one(&self.issuers, issuer))
            }
        }
    }
}

fn has(trust: &Trust, key: Sha256) -> bool {
    trust.keys.iter().any(|trusted| trusted.public_key.fingerprint() == key)
}

/// Whether `text` is `pattern` with each `*` replaced by anything. Linear in both but for one factor.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_everything_else_for_itself() {
        for (pattern, text, good) in [
            ("https://ci.example/*", "https://ci.example/a/b", true),
            ("https://ci.example/*", "https://ci.example.evil/a", false),
            ("https://ci.example/*", "x https://ci.example/", false),
            ("*@example.com", "a@example.com", true),
            ("*@example.com", "a@example.com.evil", false),
            ("a*b*a", "aba", true),
            ("a*a", "a", false),
            ("a.c", "abc", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), good, "{pattern} {text}");
        }
    }

    #[test]
    fn every_name_of_a_certificate_must_be_expected_and_its_issuer_too() {
        let text = |text: &str| vec![text.to_owned()];
        let expected =
            Expected { identities: text("https://a/*"), issuers: text("https://i"), ..Expected::default() };
        let identity = |names: &[&str], issuer: Option<&str>| Identity {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            issuer: issuer.map(str::to_owned),
            ..Identity::default()
        };
        assert!(expected.accepts(&identity(&["https://a/x"], Some("https://i"))));
        for other in [
            identity(&["https://a/x", "https://b"], Some("https://i")),
            identity(&["https://a/x"], Some("https://j")),
            identity(&["https://a/x"], None),
            identity(&[], Some("https://i")),
            Identity { key: Some(Sha256::of("k")), ..identity(&["https://a/x"], Some("https://i")) },
            Identity { unreadable: Some("?".into()), ..identity(&["https://a/x"], Some("https://i")) },
        ] {
            assert!(!expected.accepts(&other), "{other:?}");
        }
    }
}
