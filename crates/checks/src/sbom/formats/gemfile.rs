//! `Gemfile.lock` and `gems.locked` (Bundler).

use std::collections::{HashMap, HashSet};

use super::{Edges, FormatError, Input, Parsed};
use crate::{
    sbom::{Component, Ecosystem, Purl},
    tree::file_name,
};

/// Whether this is a Bundler lock file.
pub fn matches(path: &str) -> bool {
    matches!(file_name(path), "Gemfile.lock" | "gems.locked")
}

/// Parses a Bundler lock file. Platform variants of a gem are one component.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let mut reader = Reader::default();
    for line in input.text.lines() {
        reader.line(line, input.path);
    }
    if !reader.known {
        return Err(FormatError::Shape("no GEM, GIT or PATH section".to_owned()));
    }
    Ok(reader.finish())
}

#[derive(Default)]
struct Reader {
    section: String,
    remote: String,
    known: bool,
    components: Vec<Component>,
    below: Vec<Vec<String>>,
    direct: HashSet<String>,
    sums: HashMap<(String, String), String>,
}

impl Reader {
    fn line(&mut self, line: &str, path: &str) {
        let (indent, body) = (line.len() - line.trim_start().len(), line.trim());
        match (self.section.as_str(), indent) {
            (_, 0) => {
                self.section = body.to_owned();
                self.known |= matches!(body, "GEM" | "GIT" | "PATH");
            }
            ("GEM" | "GIT" | "PATH", 2) => {
                if let Some(remote) = body.strip_prefix("remote: ") {
                    self.remote = remote.to_owned();
                }
            }
            ("GEM" | "GIT" | "PATH", 4) => self.spec(body, path),
            ("GEM" | "GIT" | "PATH", 6) => {
                let name = body.split_whitespace().next().unwrap_or_default();
                if let Some(last) = self.below.last_mut() {
                    last.push(name.to_owned());
                }
            }
            ("DEPENDENCIES", 2) => {
                let name = body.split_whitespace().next().unwrap_or_default().trim_end_matches('!');
                self.direct.insert(name.to_owned());
            }
            ("CHECKSUMS", 2) => {
                if let Some((name, version, rest)) = versioned(body)
                    && let Some(hex) = rest.trim().strip_prefix("sha256=")
                {
                    self.sums.insert((name.to_owned(), version.to_owned()), hex.to_owned());
                }
            }
            _ => {}
        }
    }

    fn spec(&mut self, body: &str, path: &str) {
        let Some((name, version, _)) = versioned(body) else { return };
        let mut component = Component::new(Ecosystem::Gem, name, release(version), path);
        component.local = self.section == "PATH";
        if self.section == "GIT" {
            let purl = Purl::of(Ecosystem::Gem, name, version);
            component.purl = purl.with("vcs_url", &format!("git+{}", self.remote)).to_string();
        }
        self.components.push(component);
        self.below.push(Vec::new());
    }

    fn finish(mut self) -> Parsed {
        let mut purls: HashMap<String, String> = HashMap::new();
        for component in &self.components {
            purls.insert(component.name.clone(), component.purl.clone());
        }
        let mut edges = Edges::default();
        for (component, below) in self.components.iter_mut().zip(&self.below) {
            component.direct = Some(self.direct.contains(&component.name));
            component.depends_on = edges.to(below.iter().filter_map(|name| purls.get(name)));
            if let Some(hex) = self.sums.get(&(component.name.clone(), component.version.clone())) {
                component.hash_hex("sha256", hex);
            }
        }
        let mut parsed = Parsed { components: self.components, skipped: Vec::new() };
        edges.tell(&mut parsed);
        parsed
    }
}

/// `name (version) rest`.
fn versioned(body: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = body.split_once(" (")?;
    let (version, rest) = rest.split_once(')')?;
    Some((name, version, rest))
}

/// The version without its platform: `1.16.0-x86_64-linux` is `1.16.0`.
fn release(version: &str) -> &str {
    version.split_once('-').map_or(version, |(release, _)| release)
}
