//! What is really used: components, tools and scanners of all projects, grouped into technologies by the rules
//! in `known.json`. A package that no rule knows stands for itself.

use std::collections::{BTreeMap, BTreeSet};

use model::ToolRef;
use serde::{Deserialize, Serialize};

use super::{
    bill::Component,
    entry::{Catalogue, Match, Quadrant, Ring, Technology},
    matching::{Matcher, ships},
};

/// Our own rules: name, quadrant, patterns of package URLs, names of tools.
const KNOWN: &str = include_str!("known.json");

/// What the ledger knows of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Project.
    pub project: String,
    /// Components of its newest bill of materials.
    pub components: Vec<Component>,
    /// Tools of its pipeline and scanners of its newest run.
    pub tools: Vec<ToolRef>,
}

/// A technology that is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Name.
    pub name: String,
    /// Quarter of the radar.
    pub quadrant: Quadrant,
    /// Whether a rule knows it; otherwise it is a package by itself.
    pub known: bool,
    /// Patterns or tools that it was recognised by.
    #[serde(rename = "match")]
    pub matches: BTreeSet<String>,
    /// Components and tools that count as it, in all projects.
    pub components: u64,
    /// Versions in use.
    pub versions: BTreeSet<String>,
    /// Who uses it, by name of the project.
    pub projects: BTreeMap<String, Used>,
}

/// How one project uses a technology.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Used {
    /// Components and tools that count as it.
    pub components: u64,
    /// Their versions.
    pub versions: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Known {
    name: String,
    quadrant: String,
    #[serde(default)]
    purls: Vec<String>,
    #[serde(default)]
    tools: Vec<String>,
}

impl Known {
    fn matches(&self) -> impl Iterator<Item = Match> + '_ {
        let purl = |text: &String| Match { purl: Some(text.clone()), tool: None, version: None };
        let tool = |text: &String| Match { purl: None, tool: Some(text.clone()), version: None };
        self.purls.iter().map(purl).chain(self.tools.iter().map(tool))
    }
}

/// Groups what the projects use; most used first, then by name.
pub fn identify(inventories: &[Inventory]) -> Vec<Found> {
    // The rules are part of the program; a test reads them.
    let known: Vec<Known> = serde_json::from_str(KNOWN).unwrap_or_default();
    let rules: Vec<(usize, Match)> =
        known.iter().enumerate().flat_map(|(n, known)| known.matches().map(move |one| (n, one))).collect();
    let matcher = Matcher::of(rules.iter().map(|(n, one)| (*n, one)));
    let mut found: BTreeMap<(bool, String), Found> = BTreeMap::new();
    for inventory in inventories {
        let mut note = |rule: Option<&Known>,
                        by: &str,
                        otherwise: (&str, Quadrant),
                        version: Option<&str>| {
            let name = rule.map_or(otherwise.0, |rule| rule.name.as_str());
            let quadrant = rule.and_then(|rule| Quadrant::from_name(&rule.quadrant)).unwrap_or(otherwise.1);
            let entry = found.entry((rule.is_some(), name.to_owned())).or_insert_with(|| Found {
                name: name.to_owned(),
                quadrant,
                known: rule.is_some(),
                matches: BTreeSet::new(),
                components: 0,
                versions: BTreeSet::new(),
                projects: BTreeMap::new(),
            });
            match rule {
                Some(rule) => entry.matches.extend(rule.matches().filter_map(|one| one.purl.or(one.tool))),
                None => drop(entry.matches.insert(by.to_owned())),
            }
            let used = entry.projects.entry(inventory.project.clone()).or_default();
            entry.components += 1;
            used.components += 1;
            // The version of a library says nothing about the language it is written in.
            if let Some(version) = version.filter(|_| !by.is_empty()) {
                entry.versions.insert(version.to_owned());
                used.versions.insert(version.to_owned());
            }
        };
        for component in &inventory.components {
            let Some(purl) = &component.purl else { continue };
            let (plain, version) = (model::identity::unversioned(purl), component.version.as_deref());
            let hits = matcher.component(purl, None);
            let mut itself = false;
            for rule in hits.into_iter().filter_map(|n| known.get(n)) {
                // A rule for a whole ecosystem names the language; others name the package.
                let whole =
                    rule.purls.iter().all(|purl| purl.ends_with("/**") && purl.matches('/').count() == 1);
                itself |= !whole;
                note(Some(rule), if whole { "" } else { plain }, ("", Quadrant::Tools), version);
            }
            if !itself {
                note(None, plain, (&component.name, Quadrant::LanguagesFrameworks), version);
            }
        }
        for tool in &inventory.tools {
            let version = Some(tool.version.as_str()).filter(|version| !version.is_empty());
            let hits = matcher.tool(&tool.name, None);
            match hits.first().and_then(|n| known.get(*n)) {
                Some(rule) => note(Some(rule), &tool.name, ("", Quadrant::Tools), version),
                None => note(None, &tool.name, (&tool.name, Quadrant::Tools), version),
            }
        }
    }
    let mut found: Vec<Found> = found.into_values().collect();
    found.sort_by(|a, b| {
        (b.known, b.projects.len(), b.components)
            .cmp(&(a.known, a.projects.len(), a.components))
            .then_with(|| a.name.cmp(&b.name))
    });
    found
}

/// A first catalogue of what is used: everything known is to be assessed by somebody.
pub fn starter(found: &[Found]) -> Catalogue {
    let mut names = BTreeSet::new();
    let entries = found.iter().filter(|one| one.known && names.insert(one.name.to_lowercase())).map(|one| {
        let rule = |text: &String| match text.starts_with("pkg:") {
            true => Match { purl: Some(text.clone()), tool: None, version: None },
            false => Match { purl: None, tool: Some(text.clone()), version: None },
        };
        let matches = one.matches.iter().map(rule).collect();
        Technology { matches, ..Technology::new(one.name.clone(), one.quadrant, Ring::Assess) }
    });
    Catalogue { technologies: entries.collect(), ..Catalogue::default() }
}

impl Inventory {
    /// Components and tools that a name or package URL means.
    pub fn ships(&self, words: &str) -> Vec<(String, Option<String>)> {
        let components = self.components.iter().filter(|one| ships(one, words));
        let shown = |one: &Component| {
            (
                model::identity::unversioned(one.purl.as_ref().unwrap_or(&one.name)).to_owned(),
                one.version.clone(),
            )
        };
        let tools = self.tools.iter().filter(|tool| tool.name.eq_ignore_ascii_case(words));
        components
            .map(shown)
            .chain(tools.map(|tool| (format!("tool {}", tool.name), Some(tool.version.clone()))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_ours_can_be_used() {
        let known: Vec<Known> = serde_json::from_str(KNOWN).unwrap();
        assert!(known.len() > 50);
        let mut names = BTreeSet::new();
        for rule in &known {
            assert!(names.insert(rule.name.to_lowercase()), "{}", rule.name);
            assert!(Quadrant::from_name(&rule.quadrant).is_some(), "{}", rule.name);
            assert!(!rule.purls.is_empty() || !rule.tools.is_empty(), "{}", rule.name);
            for purl in &rule.purls {
                assert!(super::super::matching::pattern(purl).is_ok(), "{purl}");
            }
        }
    }
}
