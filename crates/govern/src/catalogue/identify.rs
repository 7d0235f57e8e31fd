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
    clients: Vec<String>,
    #[serde(default)]
    cpes: Vec<String>,
    #[serde(default)]
    tools: Vec<String>,
    /// Id in endoflife data.
    product: Option<String>,
}

impl Known {
    fn matches(&self) -> impl Iterator<Item = Match> + '_ {
        let purl = |text: &String| Match { purl: Some(text.clone()), ..Match::default() };
        let tool = |text: &String| Match { tool: Some(text.clone()), ..Match::default() };
        let cpe = |text: &String| Match { cpe: Some(text.clone()), ..Match::default() };
        let client = |text: &String| Match { purl: Some(text.clone()), client: true, ..Match::default() };
        let purls = self.purls.iter().map(purl).chain(self.clients.iter().map(client));
        purls.chain(self.cpes.iter().map(cpe)).chain(self.tools.iter().map(tool))
    }

    fn entry(&self) -> Option<Technology> {
        let quadrant = Quadrant::from_name(&self.quadrant)?;
        let entry = Technology::new(self.name.clone(), quadrant, Ring::Assess);
        Some(Technology { matches: self.matches().collect(), product: self.product.clone(), ..entry })
    }
}

/// Our own rules; they are part of the program, and a test reads them.
fn rules() -> Vec<Known> {
    serde_json::from_str(KNOWN).unwrap_or_default()
}

/// What our own rules know under a name, as an entry that is to be assessed.
pub fn known(name: &str) -> Option<Technology> {
    rules().iter().find(|rule| rule.name.to_lowercase() == name.to_lowercase()).and_then(Known::entry)
}

/// Whether a pattern means everything of a kind, as `pkg:pypi/**`: then a package counts as the language and not
/// as a release of it.
pub fn is_ecosystem(purl: &str) -> bool {
    purl.ends_with("/**") && purl.matches('/').count() == 1
}

/// Groups what the projects use; most used first, then by name.
pub fn identify(inventories: &[Inventory]) -> Vec<Found> {
    let known = rules();
    let rules: Vec<(usize, Match)> =
        known.iter().enumerate().flat_map(|(n, known)| known.matches().map(move |one| (n, one))).collect();
    let matcher = Matcher::of(rules.iter().map(|(n, one)| (*n, one)));
    let named =
        Matcher::of(rules.iter().filter(|(_, one)| one.is_itself() || one.client).map(|(n, one)| (*n, one)));
    let own = Matcher::of(rules.iter().filter(|(_, one)| one.is_itself()).map(|(n, one)| (*n, one)));
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
                Some(rule) => {
                    entry.matches.extend(rule.matches().filter_map(|one| one.purl.or(one.cpe).or(one.tool)));
                }
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
            let Some(purl) = component.purl.as_ref().or(component.cpe.as_ref()) else { continue };
            let (plain, version) = (model::identity::unversioned(purl), component.version.as_deref());
            let unversioned = Component { version: None, ..component.clone() };
            let (named, own) = (named.of_component(&unversioned), own.of_component(&unversioned));
            for n in matcher.of_component(&unversioned) {
                // A rule for a whole ecosystem names the language, and a client has versions of its own.
                let by = if own.contains(&n) { plain } else { "" };
                note(known.get(n), by, ("", Quadrant::Tools), version);
            }
            let itself = !named.is_empty();
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
    let entries = found
        .iter()
        .filter(|one| one.known && names.insert(one.name.to_lowercase()))
        .filter_map(|one| known(&one.name));
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
            assert!(rule.matches().next().is_some(), "{}", rule.name);
            for purl in rule.purls.iter().chain(&rule.clients) {
                assert!(super::super::matching::pattern(purl).is_ok(), "{purl}");
            }
            for cpe in &rule.cpes {
                assert!(super::super::matching::cpe(cpe).is_ok(), "{cpe}");
            }
        }
    }
}
