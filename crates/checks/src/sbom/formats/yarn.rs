//! `yarn.lock`: version 1 (an own format) and berry (YAML).

use std::collections::HashMap;

use super::{Edges, FormatError, Input, Parsed};
use crate::{
    sbom::{Component, Ecosystem},
    yaml,
};

/// One block: what was asked for (`name@range`), and what it was resolved to.
#[derive(Default)]
struct Block {
    line: usize,
    asked: Vec<String>,
    version: String,
    resolution: String,
    integrity: String,
    link: bool,
    dependencies: Vec<(String, String)>,
}

/// Parses a `yarn.lock` of either kind.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let berry = input.text.lines().any(|line| line.starts_with("__metadata:"));
    let blocks = if berry { berry_blocks(input.text)? } else { classic_blocks(input.text)? };
    Ok(components(input, &blocks))
}

fn components(input: &Input<'_>, blocks: &[Block]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut purls: HashMap<&str, String> = HashMap::new();
    let mut made = Vec::new();
    for block in blocks {
        let Some(first) = block.asked.first() else { continue };
        let name = if block.resolution.is_empty() { real_name(first) } else { split(&block.resolution).0 };
        if block.version.is_empty() {
            parsed.skip(first.as_str(), format!("line {}: no version", block.line));
            continue;
        }
        let mut component = Component::new(Ecosystem::Npm, name, &block.version, input.path);
        component.local = block.link;
        component.hash_integrity(&block.integrity);
        block.asked.iter().for_each(|asked| drop(purls.insert(asked, component.purl.clone())));
        made.push((block, component));
    }
    let mut edges = Edges::default();
    for (block, mut component) in made {
        let key = |(name, range): &(String, String)| format!("{name}@{range}");
        let found = |d: &(String, String)| {
            purls.get(key(d).as_str()).or_else(|| purls.get(format!("{}@npm:{}", d.0, d.1).as_str()))
        };
        component.depends_on = edges.to(block.dependencies.iter().filter_map(found));
        parsed.components.push(component);
    }
    edges.tell(&mut parsed);
    parsed
}

/// `name@range` at the `@` that is not the scope's.
fn split(spec: &str) -> (&str, &str) {
    let start = usize::from(spec.starts_with('@'));
    match spec[start..].find('@') {
        Some(at) => (&spec[..start + at], &spec[start + at + 1..]),
        None => (spec, ""),
    }
}

/// The package behind an alias: `a@npm:b@^1` is `b`.
fn real_name(spec: &str) -> &str {
    let (name, range) = split(spec);
    match range.strip_prefix("npm:").map(split) {
        Some((real, range)) if !range.is_empty() => real,
        _ => name,
    }
}

fn berry_blocks(text: &str) -> Result<Vec<Block>, FormatError> {
    let node = yaml::parse(text)?;
    let entries = node.entries().iter().filter(|(key, _)| key.text() != Some("__metadata"));
    Ok(entries.map(|(key, value)| berry_block(key, value)).collect())
}

fn berry_block(key: &yaml::Node, value: &yaml::Node) -> Block {
    let text = |name: &str| value.str(name).unwrap_or_default().to_owned();
    let pairs = value.get("dependencies").map(yaml::Node::entries).unwrap_or_default();
    let pair =
        |(name, range): &(yaml::Node, yaml::Node)| Some((name.text()?.to_owned(), range.text()?.to_owned()));
    Block {
        line: key.line as usize,
        asked: key.text().unwrap_or_default().split(',').map(|s| s.trim().to_owned()).collect(),
        version: text("version"),
        resolution: text("resolution"),
        integrity: String::new(),
        link: value.str("linkType") == Some("soft"),
        dependencies: pairs.iter().filter_map(pair).collect(),
    }
}

fn classic_blocks(text: &str) -> Result<Vec<Block>, FormatError> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside_dependencies = false;
    for (n, line) in text.lines().enumerate() {
        let (indent, body) = (line.len() - line.trim_start().len(), line.trim());
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| FormatError::Syntax(format!("line {}: {what}", n + 1));
        if indent == 0 {
            let key = body.strip_suffix(':').ok_or_else(|| wrong("expected `name@range:`"))?;
            let asked = key.split(',').map(|s| s.trim().trim_matches('"').to_owned()).collect();
            blocks.push(Block { line: n + 1, asked, ..Block::default() });
            inside_dependencies = false;
            continue;
        }
        let block = blocks.last_mut().ok_or_else(|| wrong("a field before the first package"))?;
        if indent == 2 && body.ends_with(':') {
            inside_dependencies = matches!(body, "dependencies:" | "optionalDependencies:");
            continue;
        }
        let (key, value) = pair(body).ok_or_else(|| wrong("expected a name and a value"))?;
        match (indent, key.as_str()) {
            (2, "version") => block.version = value,
            (2, "integrity") => block.integrity = value,
            (2, _) => {}
            _ if inside_dependencies => block.dependencies.push((key, value)),
            _ => {}
        }
    }
    Ok(blocks)
}

/// `key value`, each in quotes or not.
fn pair(body: &str) -> Option<(String, String)> {
    let (key, rest) = match body.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => body.split_once(' ')?,
    };
    Some((key.to_owned(), rest.trim().trim_matches('"').to_owned()))
}
