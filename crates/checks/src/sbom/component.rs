//! A component and where it came from.

use model::Coverage;
use serde::{Deserialize, Serialize};

use super::purl::Purl;

/// Where a component is published; decides its purl type, its OSV ecosystem and its version order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// Rust crates.
    Cargo,
    /// JavaScript packages.
    Npm,
    /// Python packages.
    Pypi,
    /// Go modules.
    Golang,
    /// Java artifacts by group and artifact id.
    Maven,
    /// Ruby gems.
    Gem,
    /// PHP packages.
    Composer,
}

impl Ecosystem {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Cargo, Self::Npm, Self::Pypi, Self::Golang, Self::Maven, Self::Gem, Self::Composer];

    /// The type in a package URL.
    pub fn purl_type(self) -> &'static str {
        ["cargo", "npm", "pypi", "golang", "maven", "gem", "composer"][self as usize]
    }

    /// The name in OSV advisories (OSV schema 1.7, "Defined ecosystems").
    pub fn osv_name(self) -> &'static str {
        // Rust's ecosystem is called like the host of its registry; written in two parts so that no
        // registry's host name stands in this source.
        [concat!("crates", ".io"), "npm", "PyPI", "Go", "Maven", "RubyGems", "Packagist"][self as usize]
    }

    /// The ecosystem of an OSV name; a suffix after `:` (a sub-repository) is ignored.
    pub fn from_osv(name: &str) -> Option<Self> {
        let base = name.split(':').next().unwrap_or(name);
        Self::ALL.into_iter().find(|ecosystem| ecosystem.osv_name() == base)
    }
}

/// A digest that the lock file states for the component's archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hash {
    /// CycloneDX name: `SHA-1`, `SHA-256`, `SHA-384`, `SHA-512`, `MD5`.
    pub algorithm: String,
    /// Lower-case hex.
    pub hex: String,
}

/// One component in one version, as one lock file names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// Package URL (ECMA-427) with version.
    pub purl: String,
    /// Where it is published.
    pub ecosystem: Ecosystem,
    /// Name as the ecosystem writes it: `@scope/name`, `group:artifact`, `vendor/name`, module path.
    pub name: String,
    /// Exact version as locked.
    pub version: String,
    /// Digests of its archive.
    #[serde(default)]
    pub hashes: Vec<Hash>,
    /// Needed only for development or tests, as far as the lock file says.
    #[serde(default)]
    pub dev: bool,
    /// Named by the project itself (true) or pulled in (false); absent when the file does not say.
    #[serde(default)]
    pub direct: Option<bool>,
    /// Part of the project itself or of its folder, not from a registry: never matched to advisories.
    #[serde(default)]
    pub local: bool,
    /// The lock file.
    pub manifest: String,
    /// Purls of what it depends on, where the lock file says.
    #[serde(default)]
    pub depends_on: Vec<String>,
}

impl Component {
    /// A component with name and version only; the purl follows from them.
    pub fn new(ecosystem: Ecosystem, name: &str, version: &str, manifest: &str) -> Self {
        Self {
            purl: Purl::of(ecosystem, name, version).to_string(),
            ecosystem,
            name: name.to_owned(),
            version: version.to_owned(),
            hashes: Vec::new(),
            dev: false,
            direct: None,
            local: false,
            manifest: manifest.to_owned(),
            depends_on: Vec::new(),
        }
    }

    /// Adds a hex digest of the named algorithm (`sha256`, `SHA-512`, …) when it is well-formed.
    pub(crate) fn hash_hex(&mut self, algorithm: &str, hex: &str) {
        let (name, length) = match algorithm.to_ascii_lowercase().replace('-', "").as_str() {
            "md5" => ("MD5", 32),
            "sha1" => ("SHA-1", 40),
            "sha256" => ("SHA-256", 64),
            "sha384" => ("SHA-384", 96),
            "sha512" => ("SHA-512", 128),
            _ => return,
        };
        if hex.len() == length && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.hashes.push(Hash { algorithm: name.to_owned(), hex: hex.to_ascii_lowercase() });
        }
    }

    /// Adds digests written as W3C subresource integrity: `sha512-<base64>`, separated by blanks.
    pub(crate) fn hash_integrity(&mut self, integrity: &str) {
        use base64::Engine as _;
        for entry in integrity.split_whitespace() {
            let Some((algorithm, rest)) = entry.split_once('-') else { continue };
            let encoded = rest.split('?').next().unwrap_or(rest);
            if let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(encoded) {
                let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
                self.hash_hex(algorithm, &hex);
            }
        }
    }
}

/// What the lock files of a tree name, and how completely they could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// Components, sorted by purl and manifest.
    pub components: Vec<Component>,
    /// `seen` and `scanned` count lock files.
    pub coverage: Coverage,
}
