//! `requirements.txt` (pip): exact pins, hashes, bounded includes.
//!
//! An entry without `==` is not a component: it is told as "not pinned".

use std::collections::HashSet;

use super::{FormatError, Input, Parsed, text};
use crate::{
    sbom::{Component, Ecosystem},
    tree::{SourceTree, file_name, resolve},
};

/// Most files that one requirements file may include, itself counted.
const MOST_INCLUDES: usize = 50;

/// Whether this looks like a requirements file by its name or folder.
pub fn matches(path: &str) -> bool {
    let name = file_name(path);
    let folder = path.strip_suffix(name).is_some_and(|f| f.ends_with("requirements/"));
    name.strip_suffix(".txt")
        .is_some_and(|stem| folder || stem.split(['-', '_', '.']).any(|w| w == "requirements"))
}

/// Parses a requirements file and what it includes.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let mut parsed = Parsed::default();
    let mut seen = HashSet::from([input.path.to_owned()]);
    let mut pending = vec![(input.path.to_owned(), input.text.to_owned())];
    while let Some((path, text)) = pending.pop() {
        for line in logical_lines(&text) {
            if let Some(included) = one(&line, &path, &mut parsed) {
                include(included, &path, input.tree, &mut seen, &mut pending, &mut parsed)?;
            }
        }
    }
    Ok(parsed)
}

/// Joins continued lines and cuts comments.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for line in text.lines() {
        let body = match line.find('#') {
            Some(0) => "",
            Some(at) if line[..at].ends_with([' ', '\t']) => &line[..at],
            _ => line,
        };
        match body.trim_end().strip_suffix('\\') {
            Some(continued) => current.push_str(continued),
            None => {
                current.push_str(body);
                lines.push(std::mem::take(&mut current).trim().to_owned());
            }
        }
    }
    lines.push(current.trim().to_owned());
    lines.retain(|line| !line.is_empty());
    lines
}

/// Reads one logical line; gives the path of an included file.
fn one<'a>(line: &'a str, path: &str, parsed: &mut Parsed) -> Option<&'a str> {
    let option = |names: [&str; 2]| {
        names.iter().find_map(|name| line.strip_prefix(name)).and_then(|rest| {
            rest.starts_with([' ', '=', '\t']).then(|| rest.trim_start_matches([' ', '=', '\t']))
        })
    };
    if let Some(file) = option(["-r", "--requirement"]) {
        return Some(file);
    }
    if let Some(file) = option(["-c", "--constraint"]) {
        parsed.skip(file, "a constraints file installs nothing");
        return None;
    }
    if let Some(target) = option(["-e", "--editable"]) {
        parsed.skip(target, "editable: not from a registry");
        return None;
    }
    if !line.starts_with('-') {
        requirement(line, path, parsed);
    }
    None
}

fn requirement(line: &str, path: &str, parsed: &mut Parsed) {
    let mut words = line.split_whitespace().peekable();
    let mut spec = String::new();
    while let Some(word) = words.next_if(|word| !word.starts_with("--")) {
        spec.push_str(word);
        spec.push(' ');
    }
    let (spec, marker) = spec.split_once(';').map_or((spec.as_str(), ""), |(s, m)| (s, m.trim()));
    let spec = spec.trim();
    if spec.contains(" @ ") || spec.contains("://") || spec.starts_with(['.', '/']) {
        return parsed.skip(spec, "a path or address, not a release from a registry");
    }
    let Some((name, version)) = pin(spec) else {
        return parsed.skip(spec, "not pinned");
    };
    if !marker.is_empty() {
        parsed.skip(format!("{name} ({marker})"), "listed although only some platforms install it");
    }
    let mut component = Component::new(Ecosystem::Pypi, name, version, path);
    for word in words {
        if let Some((algorithm, hex)) = word.strip_prefix("--hash=").and_then(|hash| hash.split_once(':')) {
            component.hash_hex(algorithm, hex);
        }
    }
    parsed.components.push(component);
}

/// `name[extras]==version` with exactly one clause and no wildcard.
fn pin(spec: &str) -> Option<(&str, &str)> {
    let (left, version) = spec.split_once("===").or_else(|| spec.split_once("=="))?;
    let version = version.trim();
    let name = left.split('[').next()?.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let valid = !name.is_empty() && name.chars().all(plain) && !version.is_empty();
    (valid && !version.contains([',', '*', ' ', '<', '>', '!', '~'])).then_some((name, version))
}

fn include(
    file: &str,
    path: &str,
    tree: &dyn SourceTree,
    seen: &mut HashSet<String>,
    pending: &mut Vec<(String, String)>,
    parsed: &mut Parsed,
) -> Result<(), FormatError> {
    let Some(target) = resolve(path, file.trim()) else {
        parsed.skip(format!("-r {file}"), "outside the tree");
        return Ok(());
    };
    if !seen.insert(target.clone()) {
        return Ok(());
    }
    if seen.len() > MOST_INCLUDES {
        return Err(FormatError::Shape(format!("includes more than {MOST_INCLUDES} files")));
    }
    let content = text(&target, tree)
        .map_err(|error| FormatError::Shape(format!("the included file {target} {error}")))?;
    pending.push((target, content));
    Ok(())
}
