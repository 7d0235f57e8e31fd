//! Patterns of package URLs, and names of tools, to the entries of a catalogue.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use model::version::Requirement;

use super::entry::{Catalogue, Match};

/// Longest pattern, in bytes.
const LONGEST: usize = 512;

/// Patterns that are compiled together; so many of the longest are within what the library takes.
const TOGETHER: usize = 64;

/// Finds what a component or tool counts as.
pub struct Matcher {
    sets: Vec<Set>,
    /// Part, vendor and product, entry and version.
    cpes: Vec<([String; 3], usize, Option<Requirement>)>,
    /// Lower-case tool name, entry and version.
    tools: Vec<(String, usize, Option<Requirement>)>,
}

/// Some patterns, with entry and version of each.
struct Set {
    /// `None` when it cannot be compiled: then everything matches, as nothing may slip by for it.
    globs: Option<GlobSet>,
    patterns: Vec<(usize, Option<Requirement>)>,
}

impl Matcher {
    /// For the entries of a catalogue; results are their positions.
    pub fn new(catalogue: &Catalogue) -> Self {
        let entries = catalogue.technologies.iter().enumerate();
        Self::of(entries.flat_map(|(n, entry)| entry.matches.iter().map(move |one| (n, one))))
    }

    /// As [`Self::new`], without clients and whole ecosystems: what is found is the technology itself, with its
    /// versions.
    pub fn own(catalogue: &Catalogue) -> Self {
        let entries = catalogue.technologies.iter().enumerate();
        let all = entries.flat_map(|(n, entry)| entry.matches.iter().map(move |one| (n, one)));
        Self::of(all.filter(|(_, one)| one.is_itself()))
    }

    /// For rules with the number that each leads to. Patterns that [`pattern`] refuses match nothing.
    pub(super) fn of<'a>(rules: impl Iterator<Item = (usize, &'a Match)>) -> Self {
        let (mut globs, mut cpes, mut tools) = (vec![], vec![], vec![]);
        for (entry, rule) in rules {
            if let Some(glob) = rule.purl.as_deref().and_then(|text| pattern(text).ok()) {
                globs.push((glob, entry, rule.version.clone()));
            }
            if let Some(cpe) = rule.cpe.as_deref().and_then(|text| cpe(text).ok()) {
                cpes.push((cpe, entry, rule.version.clone()));
            }
            if let Some(tool) = &rule.tool {
                tools.push((tool.to_lowercase(), entry, rule.version.clone()));
            }
        }
        Self { sets: globs.chunks(TOGETHER).map(Set::new).collect(), cpes, tools }
    }

    /// Entries that a component counts as, ascending and once each. A rule with a version matches a component
    /// without one too: what cannot be told apart is not let off.
    pub fn component(&self, purl: &str, version: Option<&str>) -> Vec<usize> {
        let plain = plain(purl);
        let rules = self.sets.iter().flat_map(|set| set.hits(&plain));
        distinct(rules.filter(|(_, wanted)| fits(wanted.as_ref(), version)).map(|(entry, _)| *entry))
    }

    /// Entries that a CPE name counts as, as [`Self::component`].
    pub fn cpe(&self, name: &str, version: Option<&str>) -> Vec<usize> {
        let Ok(parts) = cpe(name) else { return vec![] };
        let same = |wanted: &[String; 3]| wanted.iter().zip(&parts).all(|(a, b)| a == "*" || a == b);
        let rules = self.cpes.iter().filter(|(wanted, ..)| same(wanted));
        distinct(rules.filter(|(_, _, wanted)| fits(wanted.as_ref(), version)).map(|(_, entry, _)| *entry))
    }

    /// Entries that a component counts as, by its package URL and its CPE name.
    pub fn of_component(&self, component: &super::Component) -> Vec<usize> {
        let version = component.version.as_deref();
        let by_purl = component.purl.iter().flat_map(|purl| self.component(purl, version));
        let by_cpe = component.cpe.iter().flat_map(|name| self.cpe(name, version));
        distinct(by_purl.chain(by_cpe))
    }

    /// Entries that a tool counts as, ascending and once each.
    pub fn tool(&self, name: &str, version: Option<&str>) -> Vec<usize> {
        let name = name.to_lowercase();
        let rules = self.tools.iter().filter(|(tool, ..)| *tool == name);
        distinct(rules.filter(|(_, _, wanted)| fits(wanted.as_ref(), version)).map(|(_, entry, _)| *entry))
    }
}

impl Set {
    fn new(some: &[(Glob, usize, Option<Requirement>)]) -> Self {
        let mut builder = GlobSetBuilder::new();
        for (glob, ..) in some {
            builder.add(glob.clone());
        }
        let patterns = some.iter().map(|(_, entry, version)| (*entry, version.clone())).collect();
        Self { globs: builder.build().ok(), patterns }
    }

    fn hits(&self, purl: &str) -> Vec<&(usize, Option<Requirement>)> {
        match &self.globs {
            Some(globs) => globs.matches(purl).into_iter().filter_map(|n| self.patterns.get(n)).collect(),
            None => self.patterns.iter().collect(),
        }
    }
}

/// Whether a component is the named technology, by part of its name; for questions of people.
pub fn ships(component: &super::Component, words: &str) -> bool {
    let words = words.to_lowercase();
    let purl = component.purl.as_deref().map(plain).unwrap_or_default();
    component.name.to_lowercase() == words
        || purl.to_lowercase() == words
        || purl.rsplit('/').next().is_some_and(|name| name.to_lowercase() == words)
}

fn fits(wanted: Option<&Requirement>, version: Option<&str>) -> bool {
    match (wanted, version) {
        (Some(wanted), Some(version)) => wanted.accepts(version),
        _ => true,
    }
}

fn distinct(entries: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut entries: Vec<usize> = entries.collect();
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// A package URL as patterns see it: no version, qualifiers and subpath. Escapes that need not be are undone
/// (and the one of scopes, `%40`), so that no other spelling of a name escapes its entry.
pub(super) fn plain(purl: &str) -> String {
    let base = model::identity::unversioned(purl);
    let (mut out, mut rest) = (String::with_capacity(base.len()), base);
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let byte = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let free = byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~@+".contains(byte));
        match free {
            Some(byte) => out.push(char::from(byte)),
            None => out.push('%'),
        }
        rest = &rest[at + if free.is_some() { 3 } else { 1 }..];
    }
    out.push_str(rest);
    out
}

/// Part, vendor and product of a CPE name (CPE 2.3 formatted string, or the older `cpe:/a:vendor:product`), in
/// lower case.
///
/// # Errors
/// Why it is none.
pub(super) fn cpe(text: &str) -> Result<[String; 3], &'static str> {
    if text.len() > LONGEST {
        return Err("it is longer than 512 bytes");
    }
    let rest = text.strip_prefix("cpe:2.3:").or_else(|| text.strip_prefix("cpe:/"));
    let rest = rest.ok_or("it does not begin with `cpe:2.3:`")?;
    // A colon that belongs to a name is escaped.
    let (mut parts, mut escaped) = (vec![String::new()], false);
    for c in rest.chars().flat_map(char::to_lowercase) {
        match c {
            ':' if !escaped => parts.push(String::new()),
            c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
        escaped = c == '\\' && !escaped;
    }
    let mut parts = parts.into_iter().filter(|part| !part.is_empty());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(part), Some(vendor), Some(product)) => Ok([part, vendor, product]),
        _ => Err("it names no part, vendor and product"),
    }
}

/// A pattern, ready to be compared.
///
/// # Errors
/// Why it cannot be one.
pub(super) fn pattern(text: &str) -> Result<Glob, &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b":/@._~%+*-".contains(&byte);
    let rest = text.strip_prefix("pkg:").ok_or("it does not begin with `pkg:`")?;
    if text.len() > LONGEST {
        return Err("it is longer than 512 bytes");
    }
    if !text.bytes().all(fits) {
        return Err("only letters, digits, `:/@._~%+-` and `*` may be in it");
    }
    if !rest.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty()) {
        return Err("it names no type and package, as in `pkg:pypi/django`");
    }
    // Before escapes are undone: what follows an `@` within the name would be its version.
    let name = text.replace("%40", "");
    let name = name.rsplit('/').next().unwrap_or_default();
    if name.get(1..).is_some_and(|name| name.contains('@')) {
        return Err("a version stands beside it, under `version`");
    }
    let plain = plain(&format!("{text}@"));
    let glob = GlobBuilder::new(&plain).literal_separator(true).case_insensitive(true).build();
    glob.map_err(|_| "it cannot be used as a pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_patterns_can_be_compiled_together() {
        for part in ["*a", "**/", "k*K", "a"] {
            let text = format!("pkg:x/{}", part.repeat((LONGEST - 6) / part.len()));
            let glob = pattern(&text).unwrap();
            let set = Set::new(&vec![(glob, 0, None); TOGETHER]);
            assert!(set.globs.is_some(), "{text}");
        }
    }
}
