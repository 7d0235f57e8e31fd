//! Patterns of package URLs, and names of tools, to the entries of a catalogue.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use model::version::Requirement;

use super::entry::{Catalogue, Match};

/// Longest pattern, in bytes.
const LONGEST: usize = 512;

/// Finds what a component or tool counts as.
pub struct Matcher {
    globs: GlobSet,
    /// Entry and version of each pattern, as in the set.
    patterns: Vec<(usize, Option<Requirement>)>,
    /// Lower-case tool name, entry and version.
    tools: Vec<(String, usize, Option<Requirement>)>,
}

impl Matcher {
    /// For the entries of a catalogue; results are their positions.
    pub fn new(catalogue: &Catalogue) -> Self {
        let entries = catalogue.technologies.iter().enumerate();
        Self::of(entries.flat_map(|(n, entry)| entry.matches.iter().map(move |one| (n, one))))
    }

    /// For rules with the number that each leads to. Patterns that [`pattern`] refuses match nothing.
    pub(super) fn of<'a>(rules: impl Iterator<Item = (usize, &'a Match)>) -> Self {
        let (mut builder, mut patterns, mut tools) = (GlobSetBuilder::new(), vec![], vec![]);
        for (entry, rule) in rules {
            if let Some(text) = rule.purl.as_deref().and_then(|text| pattern(text).ok()) {
                if let Ok(glob) =
                    GlobBuilder::new(&text).literal_separator(true).case_insensitive(true).build()
                {
                    builder.add(glob);
                    patterns.push((entry, rule.version.clone()));
                }
            }
            if let Some(tool) = &rule.tool {
                tools.push((tool.to_lowercase(), entry, rule.version.clone()));
            }
        }
        // Only a set of far more patterns than a file may have is refused.
        Self { globs: builder.build().unwrap_or_default(), patterns, tools }
    }

    /// Entries that a component counts as, ascending and once each. A rule with a version matches a component
    /// without one too: what cannot be told apart is not let off.
    pub fn component(&self, purl: &str, version: Option<&str>) -> Vec<usize> {
        let hits = self.globs.matches(plain(purl));
        let rules = hits.into_iter().filter_map(|n| self.patterns.get(n));
        distinct(rules.filter(|(_, wanted)| fits(wanted.as_ref(), version)).map(|(entry, _)| *entry))
    }

    /// Entries that a tool counts as, ascending and once each.
    pub fn tool(&self, name: &str, version: Option<&str>) -> Vec<usize> {
        let name = name.to_lowercase();
        let rules = self.tools.iter().filter(|(tool, ..)| *tool == name);
        distinct(rules.filter(|(_, _, wanted)| fits(wanted.as_ref(), version)).map(|(_, entry, _)| *entry))
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

/// A pattern as it is compared.
///
/// # Errors
/// Why it cannot be one.
pub(super) fn pattern(text: &str) -> Result<String, &'static str> {
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
    Ok(plain(&format!("{text}@")))
}
