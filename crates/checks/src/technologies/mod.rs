//! What a source uses besides packages: languages, container images and services, pipelines and their actions,
//! infrastructure. One file per kind of source.
//!
//! Nothing here judges; what cannot be read, or is decided elsewhere (an image that a variable names), is a gap
//! with its place.

mod images;
mod infrastructure;
mod languages;
mod pipelines;

use std::collections::BTreeMap;

use model::predicate::TechnologyUse;

use crate::{
    config::LARGEST_FILE,
    tree::{SourceTree, file_name},
};

/// Most different uses that are kept.
const MOST: usize = 5_000;
/// Most gaps that are kept.
const MOST_GAPS: usize = 50;
/// Most places of one use that are kept.
const MOST_PLACES: usize = 5;
/// Longest name or version, in characters.
const LONGEST: usize = 200;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identified {
    /// Uses, by kind, name and version.
    pub uses: Vec<TechnologyUse>,
    /// What could not be read or is decided elsewhere.
    pub gaps: Vec<String>,
}

/// Kind, name, version and package URL.
type Key = (&'static str, String, Option<String>, Option<String>);

/// Gathers uses of one file after the other.
#[derive(Default)]
pub(crate) struct Found {
    path: String,
    uses: BTreeMap<Key, TechnologyUse>,
    gaps: Vec<String>,
}

impl Found {
    /// A use in the file that is read now.
    fn add(&mut self, kind: &'static str, name: &str, version: Option<&str>, purl: Option<String>) {
        let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>();
        let version = version.map(short).filter(|version| !version.is_empty());
        let key = (kind, short(name), version, purl.filter(|purl| purl.len() <= 2 * LONGEST));
        if name.trim().is_empty() || self.uses.len() >= MOST && !self.uses.contains_key(&key) {
            return;
        }
        let (_, name, version, purl) = key.clone();
        let new = || TechnologyUse {
            kind: kind.to_owned(),
            name,
            version,
            purl,
            files: 0,
            places: vec![],
            share: None,
        };
        let entry = self.uses.entry(key).or_insert_with(new);
        if entry.places.last() != Some(&self.path) {
            entry.files += 1;
            if entry.places.len() < MOST_PLACES {
                entry.places.push(self.path.clone());
            }
        }
    }

    fn gap(&mut self, what: &str) {
        if self.gaps.len() < MOST_GAPS {
            let what: String = what.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
            self.gaps.push(format!("{}: {what}", self.path));
        }
    }
}

/// One kind of source: whether a path is one, and how it is read.
struct Source {
    matches: fn(&str) -> bool,
    read: fn(&str, &mut Found),
}

/// All kinds; every one that fits a path reads it.
const SOURCES: &[Source] = &[
    Source { matches: crate::config::is_dockerfile, read: images::dockerfile },
    Source { matches: crate::config::is_compose, read: images::compose },
    Source { matches: crate::config::is_github, read: pipelines::github },
    Source { matches: crate::config::is_gitlab, read: pipelines::gitlab },
    Source { matches: |path| file_name(path).starts_with("Jenkinsfile"), read: pipelines::jenkins },
    Source { matches: |path| path.ends_with(".tf"), read: infrastructure::terraform },
    Source { matches: |path| file_name(path) == ".terraform.lock.hcl", read: infrastructure::terraform_lock },
    Source { matches: |path| file_name(path) == "Chart.yaml", read: infrastructure::chart },
    Source { matches: crate::config::is_yaml, read: infrastructure::kubernetes },
];

/// Looks at every file of the tree.
pub fn identify(tree: &dyn SourceTree) -> Identified {
    let mut found = Found::default();
    for path in tree.paths() {
        found.path.clone_from(path);
        pipelines::by_name(path, &mut found);
        let sources: Vec<&Source> = SOURCES.iter().filter(|source| (source.matches)(path)).collect();
        if sources.is_empty() {
            continue;
        }
        match tree.read(path, LARGEST_FILE).map(String::from_utf8) {
            Ok(Ok(text)) => sources.iter().for_each(|source| (source.read)(&text, &mut found)),
            Ok(Err(_)) => found.gap("it is not UTF-8"),
            Err(error) => found.gap(&error.to_string()),
        }
    }
    if found.uses.len() >= MOST {
        found.path.clear();
        found.gap("there are more uses than are kept");
    }
    let mut uses = languages::of(tree.paths());
    uses.extend(found.uses.into_values());
    Identified { uses, gaps: found.gaps }
}

#[cfg(test)]
mod tests;
