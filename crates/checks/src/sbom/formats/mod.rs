//! The registry of lock-file formats.

use crate::{
    sbom::{Component, LARGEST_LOCK_FILE},
    tree::{ReadError, SourceTree, file_name},
};

mod cargo;
mod composer;
mod edges;
mod gemfile;
mod gomod;
mod gradle;
mod npm;
mod pdm;
mod pipfile;
mod pnpm;
mod poetry;
mod pom;
mod python;
mod requirements;
mod uv;
mod yarn;

pub use edges::{Edges, TOO_MANY};

/// A lock file to parse.
pub struct Input<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its content.
    pub text: &'a str,
    /// The tree, for files that it refers to.
    pub tree: &'a dyn SourceTree,
}

/// What a lock file names.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Components with exact versions.
    pub components: Vec<Component>,
    /// Entries that cannot be a component: what and why.
    pub skipped: Vec<(String, String)>,
}

impl Parsed {
    /// Notes an entry that cannot be a component.
    pub fn skip(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.skipped.push((what.into(), why.into()));
    }

    /// Only components that have a name and a version: nothing else can be looked up.
    fn named(mut self) -> Self {
        let named = |c: &Component| !c.name.is_empty() && !c.version.is_empty();
        for nameless in self.components.extract_if(.., |component| !named(component)) {
            self.skipped.push((nameless.purl, "it has no name or no version".into()));
        }
        self
    }
}

/// Why a lock file could not be used. The text names the place where it is known.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is not UTF-8.
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// It does not parse.
    #[error("{0}")]
    Syntax(String),
    /// It parses, but is not what its name says.
    #[error("{0}")]
    Shape(String),
}

impl From<serde_json::Error> for FormatError {
    fn from(error: serde_json::Error) -> Self {
        Self::Syntax(error.to_string())
    }
}

impl From<toml::de::Error> for FormatError {
    fn from(error: toml::de::Error) -> Self {
        Self::Syntax(error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" "))
    }
}

impl From<crate::yaml::YamlError> for FormatError {
    fn from(error: crate::yaml::YamlError) -> Self {
        Self::Syntax(error.to_string())
    }
}

/// One format: which files, and how to read one.
pub struct Format {
    /// Short name; the tests find the sample by it.
    #[cfg_attr(not(test), allow(dead_code))]
    pub name: &'static str,
    matches: fn(&str) -> bool,
    parse: fn(&Input<'_>) -> Result<Parsed, FormatError>,
}

/// All formats. The first that matches a path reads it.
pub const FORMATS: &[Format] = &[
    Format { name: "cargo", matches: |p| file_name(p) == "Cargo.lock", parse: cargo::parse },
    Format { name: "npm", matches: npm::matches, parse: npm::parse },
    Format { name: "yarn", matches: |p| file_name(p) == "yarn.lock", parse: yarn::parse },
    Format { name: "pnpm", matches: |p| file_name(p) == "pnpm-lock.yaml", parse: pnpm::parse },
    Format { name: "requirements", matches: requirements::matches, parse: requirements::parse },
    Format { name: "poetry", matches: |p| file_name(p) == "poetry.lock", parse: poetry::parse },
    Format { name: "uv", matches: |p| file_name(p) == "uv.lock", parse: uv::parse },
    Format { name: "pdm", matches: |p| file_name(p) == "pdm.lock", parse: pdm::parse },
    Format { name: "pipfile", matches: |p| file_name(p) == "Pipfile.lock", parse: pipfile::parse },
    Format { name: "go", matches: |p| file_name(p) == "go.mod", parse: gomod::parse },
    Format { name: "maven", matches: |p| file_name(p) == "pom.xml", parse: pom::parse },
    Format { name: "gradle", matches: |p| file_name(p) == "gradle.lockfile", parse: gradle::parse },
    Format { name: "gem", matches: gemfile::matches, parse: gemfile::parse },
    Format { name: "composer", matches: |p| file_name(p) == "composer.lock", parse: composer::parse },
];

/// The format of a path.
pub fn of(path: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.matches)(path))
}

/// Reads and parses one lock file.
pub fn read(format: &Format, path: &str, tree: &dyn SourceTree) -> Result<Parsed, FormatError> {
    let text = text(path, tree)?;
    (format.parse)(&Input { path, text: &text, tree }).map(Parsed::named)
}

/// A file of the tree as text, without byte order mark.
fn text(path: &str, tree: &dyn SourceTree) -> Result<String, FormatError> {
    let bytes = tree.read(path, LARGEST_LOCK_FILE)?;
    let text = String::from_utf8(bytes).map_err(|e| FormatError::NotUtf8(e.utf8_error().valid_up_to()))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests;
