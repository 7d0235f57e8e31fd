//! Maven `pom.xml`: direct dependencies with what the same file can resolve.
//!
//! Maven has no lock file. Versions come from the element, from `dependencyManagement`, and from
//! `${properties}` of this file; what a parent or an imported bill decides is skipped with that reason.

use std::collections::BTreeMap;

use quick_xml::{Reader, events::Event};

use super::{FormatError, Input, Parsed};
use crate::sbom::{Component, Ecosystem};

/// Deepest nesting of elements.
const DEEPEST: usize = 64;
/// Most rounds of `${}` inside `${}`.
const MOST_ROUNDS: usize = 8;

#[derive(Clone, Debug, Default)]
struct Dependency {
    group: String,
    artifact: String,
    version: String,
    scope: String,
}

#[derive(Default)]
struct Pom {
    properties: BTreeMap<String, String>,
    managed: Vec<Dependency>,
    dependencies: Vec<Dependency>,
    is_project: bool,
}

/// Parses a `pom.xml`.
pub fn parse(input: &Input<'_>) -> Result<Parsed, FormatError> {
    let pom = read(input.text)?;
    if !pom.is_project {
        return Err(FormatError::Shape("the root element is not `project`".to_owned()));
    }
    let mut parsed = Parsed::default();
    for dependency in &pom.dependencies {
        let name = format!("{}:{}", pom.resolve(&dependency.group), pom.resolve(&dependency.artifact));
        let managed = pom.managed.iter().find(|m| {
            pom.resolve(&m.group) == pom.resolve(&dependency.group)
                && pom.resolve(&m.artifact) == pom.resolve(&dependency.artifact)
        });
        let own = Some(&dependency.version).filter(|v| !v.is_empty());
        let Some(version) = own.or(managed.map(|m| &m.version)).map(|v| pom.resolve(v)) else {
            parsed.skip(name, "its version is decided by a parent or imported bill");
            continue;
        };
        if version.is_empty() || version.contains("${") || name.contains("${") {
            parsed.skip(name, format!("`{version}` cannot be resolved inside this file"));
            continue;
        }
        if version.starts_with(['[', '(']) {
            parsed.skip(name, format!("a range ({version}), not pinned"));
            continue;
        }
        let mut component = Component::new(Ecosystem::Maven, &name, &version, input.path);
        component.direct = Some(true);
        let scope =
            if dependency.scope.is_empty() { managed.map_or("", |m| &m.scope) } else { &dependency.scope };
        component.dev = scope == "test";
        parsed.components.push(component);
    }
    if !parsed.components.is_empty() {
        parsed.skip("transitive dependencies", "a pom.xml names direct dependencies only");
    }
    Ok(parsed)
}

impl Pom {
    /// Replaces `${name}` while something changes; unknown names stay.
    fn resolve(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..MOST_ROUNDS {
            let next = self.once(&text);
            if next == text || next.len() > 4096 {
                break;
            }
            text = next;
        }
        text
    }

    fn once(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(end) = rest[start..].find('}') else { break };
            let (name, whole) = (&rest[start + 2..start + end], &rest[start..start + end + 1]);
            out.push_str(&rest[..start]);
            out.push_str(self.properties.get(name).map_or(whole, String::as_str));
            rest = &rest[start + end + 1..];
        }
        out + rest
    }

    fn text(&mut self, path: &[String], text: &str) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let set = |list: &mut Vec<Dependency>, field: &str| {
            let Some(last) = list.last_mut() else { return };
            match field {
                "groupId" => last.group = text.to_owned(),
                "artifactId" => last.artifact = text.to_owned(),
                "version" => last.version = text.to_owned(),
                "scope" => last.scope = text.to_owned(),
                _ => {}
            }
        };
        match path.as_slice() {
            ["project", "properties", name] => {
                drop(self.properties.insert((*name).to_owned(), text.to_owned()))
            }
            ["project", field @ ("version" | "groupId" | "artifactId")] => {
                self.properties.insert(format!("project.{field}"), text.to_owned());
            }
            ["project", "parent", field @ ("version" | "groupId")] => {
                self.properties.insert(format!("project.parent.{field}"), text.to_owned());
                self.properties.entry(format!("project.{field}")).or_insert_with(|| text.to_owned());
            }
            ["project", "dependencyManagement", "dependencies", "dependency", field] => {
                set(&mut self.managed, field)
            }
            ["project", "dependencies", "dependency", field] => set(&mut self.dependencies, field),
            _ => {}
        }
    }

    fn open(&mut self, path: &[String]) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["project"] => self.is_project = true,
            ["project", "dependencyManagement", "dependencies", "dependency"] => {
                self.managed.push(Dependency::default())
            }
            ["project", "dependencies", "dependency"] => self.dependencies.push(Dependency::default()),
            _ => {}
        }
    }
}

fn read(text: &str) -> Result<Pom, FormatError> {
    let mut reader = Reader::from_str(text);
    let mut pom = Pom::default();
    let mut path: Vec<String> = Vec::new();
    let mut content = String::new();
    loop {
        let at = reader.buffer_position();
        let wrong = |what: String| FormatError::Syntax(format!("line {}: {what}", line_of(text, at)));
        match reader.read_event().map_err(|e| wrong(e.to_string()))? {
            Event::Start(start) => {
                path.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
                if path.len() > DEEPEST {
                    return Err(wrong(format!("nested deeper than {DEEPEST}")));
                }
                content.clear();
                pom.open(&path);
            }
            Event::Text(part) => content.push_str(&part.decode().map_err(|e| wrong(e.to_string()))?),
            Event::End(_) => {
                pom.text(&path, content.trim());
                content.clear();
                path.pop();
            }
            Event::Eof if path.is_empty() => return Ok(pom),
            Event::Eof => return Err(wrong(format!("`{}` is not closed", path.join("/")))),
            _ => {}
        }
    }
}

fn line_of(text: &str, at: u64) -> usize {
    let end = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
    text.as_bytes()[..end].iter().filter(|b| **b == b'\n').count() + 1
}
