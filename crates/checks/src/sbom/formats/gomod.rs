//! `go.mod` (Go modules reference), with digests from the `go.sum` beside it.
//!
//! `go.sum` also lists versions that were only considered, so the requirements come from `go.mod`,
//! which is complete since Go 1.17. Replacements are applied.

use std::collections::HashMap;

use super::{FormatError, Input, Parsed, text};
use crate::{
    sbom::{Component, Ecosystem},
    tree::resolve,
};

/// One `replace`: only this version (or all), by what, in which version (or a folder).
type Replacement = (Option<String>, String, Option<String>);

#[derive(Default)]
struct Module {
    requires: Vec<(String, String, bool)>,
    replaces: HashMap<String, Vec<Replacement>>,
}

/// Parses a `go.mod`.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let module = read(input.text)?;
    let mut parsed = Parsed::default();
    // A module that needs nothing has no go.sum.
    let sums = if module.requires.is_empty() { HashMap::new() } else { sums(input, &mut parsed) };
    for (name, version, indirect) in &module.requires {
        let (name, version) = match module.replacement(name, version) {
            None => (name.as_str(), version.as_str()),
            Some((to, Some(version))) => (to, version),
            Some((to, None)) => {
                parsed.skip(name.as_str(), format!("replaced by the folder {to}"));
                continue;
            }
        };
        let mut component = Component::new(Ecosystem::Golang, name, version, input.path);
        component.direct = Some(!indirect);
        if let Some(hash) = sums.get(&(name.to_owned(), version.to_owned())) {
            component.hash_integrity(hash);
        }
        parsed.components.push(component);
    }
    Ok(parsed)
}

impl Module {
    fn replacement(&self, name: &str, version: &str) -> Option<(&str, Option<&str>)> {
        let all = self.replaces.get(name)?;
        let exact = all.iter().find(|(from, _, _)| from.as_deref() == Some(version));
        let (_, to, new) = exact.or_else(|| all.iter().find(|(from, _, _)| from.is_none()))?;
        Some((to, new.as_deref()))
    }
}

fn read(text: &str) -> Result<Module, FormatError> {
    let mut module = Module::default();
    let mut block: Option<String> = None;
    let mut named = false;
    for (n, line) in text.lines().enumerate() {
        let (body, comment) = line.split_once("//").map_or((line, ""), |(b, c)| (b, c.trim()));
        let words: Vec<&str> = body.split_whitespace().map(|w| w.trim_matches(['"', '`'])).collect();
        match (block.as_deref(), words.as_slice()) {
            (_, []) => {}
            (Some(_), [")"]) => block = None,
            (Some(verb), words) => directive(verb, words, comment, n + 1, &mut module)?,
            (None, [verb, "("]) => block = Some((*verb).to_owned()),
            (None, [verb, rest @ ..]) => {
                named |= *verb == "module";
                directive(verb, rest, comment, n + 1, &mut module)?;
            }
        }
    }
    match (named, block) {
        (_, Some(verb)) => Err(FormatError::Syntax(format!("the block `{verb} (` is not closed"))),
        (false, None) => Err(FormatError::Shape("no `module` line".to_owned())),
        (true, None) => Ok(module),
    }
}

fn directive(
    verb: &str,
    words: &[&str],
    comment: &str,
    line: usize,
    module: &mut Module,
) -> Result<(), FormatError> {
    let wrong = || FormatError::Syntax(format!("line {line}: not a valid `{verb}`"));
    match verb {
        "require" => {
            let [name, version] = words else { return Err(wrong()) };
            let indirect = comment.starts_with("indirect");
            module.requires.push(((*name).to_owned(), (*version).to_owned(), indirect));
        }
        "replace" => {
            let arrow = words.iter().position(|w| *w == "=>").ok_or_else(wrong)?;
            let (from, to) = (&words[..arrow], &words[arrow + 1..]);
            let (Some(name), Some(target)) = (from.first(), to.first()) else { return Err(wrong()) };
            let entry = (
                from.get(1).map(|s| (*s).to_owned()),
                (*target).to_owned(),
                to.get(1).map(|s| (*s).to_owned()),
            );
            module.replaces.entry((*name).to_owned()).or_default().push(entry);
        }
        _ => {}
    }
    Ok(())
}

/// `go.sum` as integrity strings: `h1:` is a SHA-256 over the file list (a "dirhash").
fn sums(input: &Input<'_>, parsed: &mut Parsed) -> HashMap<(String, String), String> {
    let Some(path) = resolve(input.path, "go.sum") else { return HashMap::new() };
    let Ok(text) = text(&path, input.tree) else {
        parsed.skip("go.sum", "missing or unreadable: no digests");
        return HashMap::new();
    };
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, version, hash) = (words.next()?, words.next()?, words.next()?);
        let hash = hash.strip_prefix("h1:")?;
        (!version.ends_with("/go.mod"))
            .then(|| ((name.to_owned(), version.to_owned()), format!("sha256-{hash}")))
    };
    text.lines().filter_map(line).collect()
}
