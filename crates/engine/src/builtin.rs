//! The built-in checks over a snapshot, with their results kept for the same snapshot, rules and data.

use std::{fs, path::PathBuf};

use checks::{osv, sbom};
use model::{Problem, ScanReport, Sha256, Technique, Timestamp, ToolRef, predicate::TechnologyUse};
use pipeline::config::Scans;
use runner::WorkDir;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{home::Home, tree::SnapshotTree};

/// What the built-in checks of one snapshot gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BuiltIn {
    /// One report per technique that is on.
    pub reports: Vec<ScanReport>,
    /// The inventory as a CycloneDX document without run properties, when it is on.
    pub bom: Option<Value>,
    /// What the source uses besides packages.
    #[serde(default)]
    pub technologies: Vec<TechnologyUse>,
    /// What of that could not be found out.
    #[serde(default)]
    pub technology_gaps: Vec<String>,
}

/// What decides the result; any difference makes the checks run again.
pub struct Basis<'a> {
    /// Digest of the snapshot.
    pub tree: Sha256,
    /// Which checks are on, and what they leave out.
    pub scans: &'a Scans,
    /// Digest of this program: rules and parsers are part of it.
    pub program: Sha256,
    /// Digest of the advisory index.
    pub advisories: Sha256,
    /// Project name, for the SBOM.
    pub project: &'a str,
}

impl Basis<'_> {
    fn key(&self) -> Sha256 {
        let scans = serde_json::to_string(self.scans).unwrap_or_default();
        Sha256::of(format!("{}\n{}\n{}\n{}\n{scans}", self.tree, self.program, self.advisories, self.project))
    }
}

/// What the built-in checks gave, and how it came about.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The results.
    pub result: BuiltIn,
    /// They were kept from before.
    pub kept: bool,
    /// Kept results that were not used because somebody changed them, and what to say of it.
    pub changed: Option<String>,
}

/// What became of looking for kept results.
enum Found {
    Nothing,
    Changed,
    Result(BuiltIn),
}

/// Kept results: a file named by the basis, whose first line is the digest of the rest.
struct Kept(PathBuf);

impl Kept {
    fn load(&self) -> Found {
        let Ok(bytes) = fs::read(&self.0) else { return Found::Nothing };
        Self::parse(&bytes).map_or(Found::Changed, Found::Result)
    }

    fn parse(bytes: &[u8]) -> Option<BuiltIn> {
        let (digest, body) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
        (digest.parse() == Ok(Sha256::of(body))).then(|| serde_json::from_str(body).ok()).flatten()
    }

    fn store(&self, result: &BuiltIn, cache: &std::path::Path) -> std::io::Result<()> {
        let body = serde_json::to_string(result)?;
        let folder = self.0.parent().unwrap_or(std::path::Path::new("."));
        fs::create_dir_all(folder)?;
        // Written in a folder that a later command removes should this one die.
        let work = WorkDir::create(&cache.join("work")).map_err(std::io::Error::other)?;
        let half = work.path().join("kept");
        fs::write(&half, format!("{}\n{body}", Sha256::of(&body)))?;
        fs::rename(half, &self.0)
    }
}

/// Runs the checks that are on, or gives what they gave before for the same basis.
///
/// # Errors
/// The advisory index is damaged.
pub fn check(
    tree: &SnapshotTree<'_>,
    basis: &Basis<'_>,
    home: &Home,
    now: Timestamp,
    fresh: bool,
) -> Result<Checked, Problem> {
    let kept = Kept(home.cache().join("checks").join(basis.key().hex()));
    let changed = match if fresh { Found::Nothing } else { kept.load() } {
        Found::Result(result) => return Ok(Checked { result, kept: true, changed: None }),
        Found::Nothing => None,
        Found::Changed => Some(format!(
            "kept results of the built-in checks were changed on disk ({}); the checks are run again (cache-entry-changed)",
            kept.0.display()
        )),
    };
    let result = run(tree, basis, home, now)?;
    // A result that cannot be kept is only slower next time.
    let _ = kept.store(&result, &home.cache());
    Ok(Checked { result, kept: false, changed })
}

fn run(tree: &SnapshotTree<'_>, basis: &Basis<'_>, home: &Home, now: Timestamp) -> Result<BuiltIn, Problem> {
    let scans = basis.scans;
    let mut result = BuiltIn::default();
    let identified = checks::technologies::identify(tree);
    (result.technologies, result.technology_gaps) = (identified.uses, identified.gaps);
    let inventory = (scans.sca || scans.sbom).then(|| sbom::collect(tree));
    if scans.sast {
        result.reports.push(sast::scan(tree, &sast::Options::default()));
    }
    if scans.secrets {
        result.reports.push(checks::secrets::scan(tree, &checks::secrets::Options::default()));
    }
    if scans.config {
        result.reports.push(checks::config::scan(tree));
    }
    if let Some(inventory) = &inventory {
        if scans.sca {
            let index =
                osv::Index::open(&osv::IndexDir::new(home.feeds())).map_err(|e| model::problem::erase(&e))?;
            result.reports.push(osv::scan(inventory, &index, now));
        }
        if scans.sbom {
            let context = sbom::BomContext {
                project: basis.project.to_owned(),
                version: None,
                run: None,
                timestamp: None,
            };
            result.bom = Some(sbom::cyclonedx(inventory, &context));
        }
    }
    let left_out = tree.left_out();
    result.reports.iter_mut().for_each(|report| tell_left_out(report, left_out));
    Ok(result)
}

/// A scan that found nothing of its kind has not searched everything when the configuration hides some
/// of that kind.
fn tell_left_out(report: &mut ScanReport, left_out: &[String]) {
    let concerns: fn(&str) -> bool = match report.technique {
        Technique::Sca => checks::sbom::concerns,
        Technique::Config => checks::config::concerns,
        _ => return,
    };
    for path in left_out.iter().filter(|path| concerns(path)) {
        report.coverage.searched = None;
        report.coverage.skip(path, "left out by `scans.exclude`");
    }
}

/// Tools of the built-in checks that are on.
pub fn tools(scans: &Scans) -> Vec<ToolRef> {
    Technique::ALL.into_iter().filter(|t| scans.has(*t)).filter_map(crate::gate::built_in).collect()
}

/// Digest of this program's file, by its status when that was seen before.
///
/// # Errors
/// The file cannot be read.
pub fn program(executable: &std::path::Path) -> Result<Sha256, Problem> {
    use std::os::unix::fs::MetadataExt;
    let meta = fs::metadata(executable).map_err(|e| crate::home::cannot(executable, "look at", &e))?;
    // Our own file is replaced, never edited in place: its status stands for its content here, where
    // the digest only decides whether a check is run again.
    let status = (meta.dev(), meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ctime_nsec());
    Ok(Sha256::of(format!("{status:?} {}", env!("CARGO_PKG_VERSION"))))
}

/// Digest that changes with the advisory data.
///
/// # Errors
/// The folder cannot be read.
pub fn advisories(home: &Home) -> Result<Sha256, Problem> {
    use std::os::unix::fs::MetadataExt;
    let folder = home.feeds();
    let mut all = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|e| crate::home::cannot(&folder, "list", &e))?.flatten() {
        if let Ok(meta) = entry.metadata() {
            all.push(format!(
                "{:?} {} {} {}",
                entry.file_name(),
                meta.size(),
                meta.mtime(),
                meta.mtime_nsec()
            ));
        }
    }
    all.sort();
    Ok(Sha256::of(all.join("\n")))
}
