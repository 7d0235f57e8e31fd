//! From declarations to measured tools.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use model::{Hasher, Sha256, ToolRef, version::Requirement};

use crate::{
    cache::{Answers, StatCache, Status},
    error::ToolError,
    provider::{self, Located},
    tree::{self, Listing},
};

/// A tool as `proofhouse.yaml` declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolDecl {
    /// Name that steps use.
    pub name: String,
    /// Provider, e.g. `host`.
    pub provider: String,
    /// Command name or absolute path.
    pub command: String,
    /// Version it must have.
    pub version: Option<Requirement>,
    /// Further files or folders (absolute) that belong to it.
    pub paths: Vec<PathBuf>,
}

/// The machine, as far as tools are concerned.
#[derive(Clone, Debug)]
pub struct Host {
    /// Value of PATH.
    pub path_env: OsString,
    /// Home folder of the user; written as `~` in the lock file.
    pub home: PathBuf,
    /// Root of the project; nothing in it is a tool.
    pub project: Option<PathBuf>,
    /// Variables of tool managers, of those in [`HOST_VARIABLES`]; given to programs that are asked.
    pub variables: BTreeMap<String, String>,
    /// Folder for the stat cache and listings (`cache/` of the installation).
    pub cache_dir: PathBuf,
}

/// Variables that tool managers need to find their own files.
pub const HOST_VARIABLES: &[&str] = &["RUSTUP_HOME", "CARGO_HOME", "PYENV_ROOT", "JAVA_HOME", "GOROOT"];

impl Host {
    /// This machine, by the environment of this process.
    pub fn current(project: Option<PathBuf>, cache_dir: PathBuf) -> Self {
        let variable = |name: &&str| Some(((*name).to_owned(), std::env::var(name).ok()?));
        Self {
            path_env: std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()),
            home: std::env::var_os("HOME").map_or_else(|| PathBuf::from("/nonexistent"), PathBuf::from),
            project,
            variables: HOST_VARIABLES.iter().filter_map(variable).collect(),
            cache_dir,
        }
    }
}

/// One call of [`resolve`]: the machine, and what its programs said before.
pub struct Session<'a> {
    /// The machine.
    pub host: &'a Host,
    answers: RefCell<Answers>,
}

impl Session<'_> {
    /// Key of a question: the program (its file as it is now), the question and the environment.
    pub(crate) fn key(&self, path: &Path, real: &Path, arguments: &[&str]) -> Option<Sha256> {
        let status = Status::of(&std::fs::metadata(real).ok()?);
        let mut hasher = Hasher::new();
        let facts = (path, status, arguments, &self.host.path_env, &self.host.home, &self.host.variables);
        hasher.update(format!("question {facts:?}").as_bytes());
        Some(hasher.finish())
    }

    /// The remembered answer, or a new one.
    pub(crate) fn remembered(
        &self,
        key: Sha256,
        ask: impl FnOnce() -> Result<String, ToolError>,
    ) -> Result<String, ToolError> {
        if let Some(answer) = self.answers.borrow().get(&key) {
            return Ok(answer);
        }
        let answer = ask()?;
        self.answers.borrow_mut().put(key, &answer);
        Ok(answer)
    }
}

/// A tool that was found and measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTool {
    /// Declared name.
    pub name: String,
    /// Provider that found it.
    pub provider: String,
    /// Declared command.
    pub declared: String,
    /// Version: the dotted number it prints, or the whole first line when there is none.
    pub version: String,
    /// Digest of all its trees; the same on every machine where they are the same.
    pub digest: Sha256,
    /// Number of files.
    pub files: u64,
    /// Sum of their sizes in bytes.
    pub bytes: u64,
    /// The program, by the path it is to be started with.
    pub command: PathBuf,
    /// Everything that is pinned.
    pub roots: Vec<PathBuf>,
    /// Files and folders outside `/usr` that must be mounted read-only at the same path.
    pub binds: Vec<PathBuf>,
    /// Folders to put before PATH, in this order.
    pub path_dirs: Vec<PathBuf>,
    /// Environment variables it needs.
    pub env: BTreeMap<String, String>,
}

impl ResolvedTool {
    /// As evidence names it.
    pub fn reference(&self) -> ToolRef {
        ToolRef { name: self.name.clone(), version: self.version.clone(), digest: Some(self.digest) }
    }
}

/// Finds and measures every tool, in the order given. The first run hashes everything (about 1 GB/s
/// and core); later ones only files whose status changed.
///
/// # Errors
/// One per tool that failed; the others were still measured (and their hashes cached).
pub fn resolve(declarations: &[ToolDecl], host: &Host) -> Result<Vec<ResolvedTool>, Vec<ToolError>> {
    let mut cache = StatCache::load(&host.cache_dir);
    let session = Session { host, answers: RefCell::new(Answers::load(&host.cache_dir)) };
    let (mut tools, mut errors) = (vec![], vec![]);
    for declaration in declarations {
        match one(declaration, &session, &mut cache) {
            Ok(tool) => tools.push(tool),
            Err(error) => errors.push(error),
        }
    }
    cache.save(&host.cache_dir);
    session.answers.borrow().save(&host.cache_dir);
    if errors.is_empty() { Ok(tools) } else { Err(errors) }
}

fn one(
    declaration: &ToolDecl,
    session: &Session<'_>,
    cache: &mut StatCache,
) -> Result<ResolvedTool, ToolError> {
    let Some(provider) = provider::find(&declaration.provider) else {
        let (tool, provider) = (declaration.name.clone(), declaration.provider.clone());
        return Err(ToolError::UnknownProvider { tool, provider });
    };
    let located = provider.locate(declaration, session)?;
    let (roots, listing) = measure(declaration, &located, cache)?;
    let digest = listing.digest();
    // The same content gives the same answer.
    let key = Sha256::of(format!("version {digest} {}", located.command.display()));
    let version = session.remembered(key, || provider.version(declaration, &located, session))?;
    if let Some(wanted) = declaration.version.as_ref().filter(|wanted| !wanted.accepts(&version)) {
        let tool = declaration.name.clone();
        return Err(ToolError::VersionMismatch { tool, found: version, wanted: wanted.to_string() });
    }
    crate::cache::keep_listing(&session.host.cache_dir, &digest, &listing);
    let outside = |path: &&PathBuf| !is_system(path);
    let binds = outermost(roots.iter().chain(&located.links).filter(outside));
    Ok(ResolvedTool {
        name: declaration.name.clone(),
        provider: declaration.provider.clone(),
        declared: declaration.command.clone(),
        version,
        digest,
        files: listing.entries().len() as u64,
        bytes: listing.bytes(),
        command: located.command,
        roots,
        binds,
        path_dirs: located.path_dirs,
        env: located.env,
    })
}

fn measure(
    declaration: &ToolDecl,
    located: &Located,
    cache: &mut StatCache,
) -> Result<(Vec<PathBuf>, Listing), ToolError> {
    let mut roots = outermost(located.roots.iter().chain(&declaration.paths));
    let (mut listing, mut leaving) = tree::measure(&declaration.name, &roots, cache)?;
    // A JDK's configuration, for example, is a link into /etc: what it leads to belongs to the tool.
    for _ in 0..MOST_ROUNDS {
        leaving.retain(|path| !is_system(path));
        if leaving.is_empty() {
            break;
        }
        roots = outermost(roots.iter().chain(&leaving));
        (listing, leaving) = tree::measure(&declaration.name, &roots, cache)?;
    }
    Ok((roots, listing))
}

/// How often links out of a tool are followed to further trees.
const MOST_ROUNDS: usize = 3;

/// Seen by every step anyway. `/bin` and `/lib*` are links into `/usr` on current systems.
fn is_system(path: &Path) -> bool {
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"].iter().any(|system| path.starts_with(system))
}

/// Sorted, without what is inside another one.
fn outermost<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = paths.cloned().collect();
    paths.sort();
    let mut kept: Vec<PathBuf> = vec![];
    for path in paths {
        if !kept.last().is_some_and(|outer| path.starts_with(outer)) {
            kept.push(path);
        }
    }
    kept
}
