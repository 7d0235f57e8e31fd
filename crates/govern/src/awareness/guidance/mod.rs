//! Guidance for each class of weakness: what it is, how to find and fix it, how to test for it.
//!
//! One Markdown file a class, written by us, in one form that the tests of this module demand. A weakness
//! without a file of its own gets that of the file which names it in `also`, else that of the nearest parent
//! in the tree of weaknesses.

mod files;
mod read;
mod render;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::LazyLock,
};

use model::weakness::parents;
use serde::Serialize;

pub use render::text;

/// Guidance for one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Guidance {
    /// Number of the weakness (CWE).
    pub cwe: u32,
    /// Name of the class, in our words.
    pub title: String,
    /// Other weaknesses that this is about as well.
    pub also: Vec<u32>,
    /// Requirements of the OWASP ASVS 5.0.0 that prevent it, such as `V1.2.4`.
    pub asvs: Vec<String>,
    /// Weaknesses that often come with it.
    pub related: Vec<u32>,
    /// What it is. Plain text, as all texts here.
    pub what: String,
    /// How to find it.
    pub find: String,
    /// How to fix it.
    pub fix: String,
    /// Short examples, one a language.
    pub examples: Vec<Example>,
    /// An idea for a test.
    pub test: String,
}

/// The same piece of code before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Language in lower case, e.g. `python`, `csharp`.
    pub language: String,
    /// With the weakness.
    pub before: String,
    /// Without it.
    pub after: String,
}

/// Guidance for a weakness that somebody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The guidance.
    pub guidance: &'static Guidance,
    /// Weaknesses from the asked one up to the one that the guidance is for; empty when it is about the asked
    /// one itself.
    #[serde(skip)]
    pub steps: usize,
}

static ALL: LazyLock<Vec<Guidance>> = LazyLock::new(|| {
    // That each can be read is tested; one that cannot is left out rather than shown in part.
    let mut all: Vec<Guidance> = files::FILES.iter().filter_map(|text| read::read(text).ok()).collect();
    all.sort_by_key(|one| one.cwe);
    all
});

static BY_CWE: LazyLock<HashMap<u32, usize>> = LazyLock::new(|| {
    let own = ALL.iter().enumerate().map(|(n, one)| (one.cwe, n));
    let also = ALL.iter().enumerate().flat_map(|(n, one)| one.also.iter().map(move |cwe| (*cwe, n)));
    // Its own file comes before one that names it too.
    also.chain(own).collect()
});

/// All guidance, by number.
pub fn all() -> &'static [Guidance] {
    &ALL
}

/// Guidance for a weakness, or for the nearest one that it is a kind of.
pub fn of(cwe: u32) -> Option<Found> {
    let (mut queue, mut seen) = (VecDeque::from([(cwe, 0)]), HashSet::new());
    while let Some((cwe, steps)) = queue.pop_front() {
        if let Some(n) = BY_CWE.get(&cwe) {
            return ALL.get(*n).map(|guidance| Found { guidance, steps });
        }
        if seen.insert(cwe) {
            queue.extend(parents(cwe).iter().map(|parent| (*parent, steps + 1)));
        }
    }
    None
}

/// Guidance for a finding with these weaknesses: the most exact one.
pub fn for_finding(cwe: &[u32]) -> Option<Found> {
    cwe.iter().filter_map(|one| of(*one)).min_by_key(|found| found.steps)
}

/// The language of a file, by its name, as the examples call it.
pub fn language_of(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.starts_with("Dockerfile") || name.ends_with(".dockerfile") || name.starts_with("Containerfile") {
        return Some("dockerfile");
    }
    Some(match name.rsplit_once('.')?.1 {
        "py" | "pyi" => "python",
        "js" | "mjs" | "cjs" | "jsx" | "vue" => "javascript",
        "ts" | "tsx" | "mts" | "cts" => "typescript",
        "java" | "kt" | "scala" | "groovy" => "java",
        "go" => "go",
        "rs" => "rust",
        "c" | "h" => "c",
        "cc" | "cpp" | "cxx" | "hpp" | "hh" => "cpp",
        "php" => "php",
        "rb" | "erb" => "ruby",
        "cs" => "csharp",
        "yml" | "yaml" => "yaml",
        _ => return None,
    })
}

impl Guidance {
    /// The example in a language, or in the nearest one to it.
    pub fn example(&self, language: &str) -> Option<&Example> {
        let near: &[&str] = match language {
            "typescript" => &["typescript", "javascript"],
            "javascript" => &["javascript", "typescript"],
            "cpp" => &["cpp", "c"],
            "c" => &["c", "cpp"],
            other => return self.examples.iter().find(|example| example.language == other),
        };
        near.iter().find_map(|name| self.examples.iter().find(|example| example.language == *name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_every_part() {
        for text in files::FILES {
            let read = read::read(text);
            let one = read.unwrap_or_else(|why| panic!("{}: {why}", text.lines().next().unwrap_or_default()));
            assert!(one.what.len() > 80 && one.find.len() > 60 && one.fix.len() > 60, "{}", one.title);
            assert!(one.test.len() > 40 && !one.asvs.is_empty() && !one.related.is_empty(), "{}", one.title);
            assert!(one.examples.len() >= 2, "{}: {} examples", one.title, one.examples.len());
            assert!(
                one.examples
                    .iter()
                    .all(|e| e.before != e.after && !e.before.is_empty() && !e.after.is_empty())
            );
        }
        assert!(all().len() >= 40 && all().len() == files::FILES.len());
        let numbers: Vec<u32> =
            all().iter().flat_map(|one| one.also.iter().chain([&one.cwe])).copied().collect();
        let unique: HashSet<_> = numbers.iter().collect();
        assert_eq!(unique.len(), numbers.len(), "a weakness is in two files");
    }

    #[test]
    fn a_weakness_without_a_file_gets_its_nearest_parent() {
        assert_eq!(of(89).map(|found| (found.guidance.cwe, found.steps)), Some((89, 0)));
        assert_eq!(of(564).map(|found| (found.guidance.cwe, found.steps)), Some((89, 0)));
        // Relative path traversal '\..\filename' is a kind of 23, which is in the file of 22.
        assert_eq!(of(29).map(|found| (found.guidance.cwe, found.steps)), Some((22, 1)));
        assert_eq!(of(999_999), None);
        assert_eq!(for_finding(&[29, 79]).map(|found| found.guidance.cwe), Some(79));
    }

    #[test]
    fn what_the_built_in_checks_report_has_guidance_of_its_own() {
        // The numbers in the rules of the static, secret, configuration and dynamic checks.
        for cwe in [
            20, 22, 77, 78, 79, 89, 94, 95, 117, 119, 125, 200, 209, 214, 215, 250, 259, 269, 276, 295, 298,
            319, 327, 328, 330, 338, 346, 347, 352, 377, 400, 434, 489, 494, 502, 522, 527, 532, 538, 539,
            548, 601, 605, 611, 614, 653, 668, 693, 704, 732, 787, 798, 824, 829, 843, 908, 917, 918, 942,
            943, 1004, 1021, 1125, 1275, 1321, 1333, 1336, 1357,
        ] {
            assert!(of(cwe).is_some_and(|found| found.steps <= 1), "CWE-{cwe}");
        }
    }

    #[test]
    fn the_language_comes_from_the_file_and_has_a_near_one() {
        assert_eq!(language_of("src/a/view.tsx"), Some("typescript"));
        assert_eq!(language_of("deploy/Dockerfile.prod"), Some("dockerfile"));
        assert_eq!(language_of("README"), None);
        let sql = of(89).unwrap().guidance;
        assert_eq!(sql.example("typescript").unwrap().language, "javascript");
        assert_eq!(sql.example("cobol"), None);
    }

    #[test]
    fn requirements_are_those_that_were_published() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let shared =
            std::env::var("PROOFHOUSE_SHARED_DATA").unwrap_or_else(|_| format!("{root}/../shared/data"));
        let Ok(bytes) = std::fs::read(format!("{shared}/feeds/asvs-5.0.0.flat.json")) else {
            eprintln!("the published ASVS is not here; the ids in the guidance are not compared with it");
            return;
        };
        let published = crate::requirements::asvs::read(&bytes).unwrap();
        for id in all().iter().flat_map(|one| &one.asvs) {
            assert!(published.contains_key(id), "{id}");
        }
    }
}
