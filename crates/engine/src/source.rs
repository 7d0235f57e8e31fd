//! What is built: the files of a project folder and the commit they belong to.
//!
//! Git is asked which files there are, never whether they changed: `commit` compares them itself. A folder
//! that is not in git is walked.

mod commit;
mod git;
mod log;
mod objects;

use std::{
    fs,
    path::{Path, PathBuf},
};

use model::{Exit, Problem};
use runner::tree::{ObjectFormat, ObjectId};

use crate::home::cannot;
use git::Git;

pub use commit::differs;
pub use log::{Told, between, told};

/// Name of the configuration file.
pub const CONFIG: &str = "proofhouse.yaml";
/// Most files of a source tree.
const MOST_FILES: usize = 1_000_000;
/// Folders that are never source, looked at only where git does not say what is.
const NEVER_SOURCE: [&str; 7] = [".git", ".hg", ".svn", "node_modules", "target", ".venv", "__pycache__"];

/// A project's source.
#[derive(Clone, Debug)]
pub struct Source {
    /// The folder that holds `proofhouse.yaml`.
    pub root: PathBuf,
    /// Files and links, relative, sorted. Git may list files that are gone from the disk.
    pub files: Vec<PathBuf>,
    /// Commit, when the folder is in git and has one.
    pub commit: Option<String>,
    /// Branch, when on one.
    pub branch: Option<String>,
    /// Address of the remote `origin`, without credentials, as the repository's configuration has it: a claim.
    pub repository: Option<String>,
}

impl Source {
    /// Finds the project that `start` is in: the nearest folder upward with a `proofhouse.yaml`.
    ///
    /// # Errors
    /// There is none.
    pub fn find(start: &Path) -> Result<PathBuf, Problem> {
        let start = crate::given::folder(start)?;
        let found = start.ancestors().find(|folder| folder.join(CONFIG).is_file());
        found.map(Path::to_owned).ok_or_else(|| {
            let message = format!("there is no {CONFIG} in {} or above", start.display());
            Problem::new("config-not-found", Exit::Input, message)
                .with_hint("`proofhouse init` writes one for this project")
        })
    }

    /// The folder that a command in `start` belongs to: the nearest upward with a `proofhouse.yaml`, else
    /// the top of the repository, else the folder itself.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn around(start: &Path) -> Result<PathBuf, Problem> {
        let start = crate::given::folder(start)?;
        let configured = start.ancestors().find(|folder| folder.join(CONFIG).is_file());
        Ok(configured.or_else(|| git::top(&start)).unwrap_or(&start).to_owned())
    }

    /// Lists the source at `root`.
    ///
    /// # Errors
    /// Git refuses the repository, or the folder cannot be read.
    pub fn read(root: &Path) -> Result<Self, Problem> {
        let mut source =
            Self { root: root.to_owned(), files: vec![], commit: None, branch: None, repository: None };
        if in_git(root) {
            source.ask_git()?
        } else {
            source.walk(root, Path::new(""))?
        }
        source.files.sort_unstable();
        source.files.dedup();
        Ok(source)
    }

    /// How its repository names objects, when there is a commit.
    pub fn naming(&self) -> Option<ObjectFormat> {
        self.commit.as_deref().and_then(ObjectId::parse).map(|id| id.format())
    }

    fn ask_git(&mut self) -> Result<(), Problem> {
        use std::os::unix::ffi::OsStrExt;
        let git = Git::open(&self.root)?;
        let listed = git.ask(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let names = listed.split(|b| *b == 0).filter(|name| !name.is_empty());
        self.files = names.map(|name| PathBuf::from(std::ffi::OsStr::from_bytes(name))).collect();
        self.commit = git.head();
        self.branch = git.line(&["symbolic-ref", "--quiet", "--short", "HEAD"]);
        self.repository = git.line(&["config", "--get", "remote.origin.url"]).as_deref().and_then(address);
        Ok(())
    }

    fn walk(&mut self, folder: &Path, relative: &Path) -> Result<(), Problem> {
        let entries = fs::read_dir(folder).map_err(|e| cannot(folder, "list", &e))?;
        for entry in entries {
            let entry = entry.map_err(|e| cannot(folder, "list", &e))?;
            let (name, kind) =
                (entry.file_name(), entry.file_type().map_err(|e| cannot(folder, "list", &e))?);
            let path = relative.join(&name);
            if !kind.is_dir() {
                self.files.push(path);
            } else if !NEVER_SOURCE.iter().any(|never| name == *never) {
                self.walk(&entry.path(), &path)?;
            }
            if self.files.len() > MOST_FILES {
                let message = format!("{} has more than {MOST_FILES} files", self.root.display());
                return Err(Problem::new("source-too-large", Exit::Input, message)
                    .with_hint("put generated files into .gitignore, or the project into a smaller folder"));
            }
        }
        Ok(())
    }
}

/// The commit that a user means: all digits of one, or what git finds by that name.
///
/// # Errors
/// It is neither.
pub fn commit(root: &Path, wanted: &str) -> Result<String, Problem> {
    if matches!(wanted.len(), 40 | 64) && wanted.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(wanted.to_ascii_lowercase());
    }
    let revision = format!("{wanted}^{{commit}}");
    let ask = || Git::open(root)?.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &revision]);
    let found = if in_git(root) { ask().ok() } else { None };
    let found = found.and_then(|name| Some(String::from_utf8(name).ok()?.trim().to_owned()));
    found.filter(|name| !name.is_empty()).ok_or_else(|| {
        let message = format!("{wanted:?} is not a commit that git finds in {}", root.display());
        Problem::new("commit-unknown", Exit::Input, message)
            .with_hint("give all 40 (or 64) digits of a commit that is not here")
    })
}

/// The commit that a folder is at; none where git does not say, or is not there to be asked.
///
/// # Errors
/// Git refuses the repository.
pub fn head(root: &Path) -> Result<Option<String>, Problem> {
    if !in_git(root) {
        return Ok(None);
    }
    match Git::open(root) {
        Ok(git) => Ok(git.head()),
        Err(problem) if problem.code == "git-missing" => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// An address that may be published: no user, no password, no query, no path of this machine.
fn address(text: &str) -> Option<String> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_owned(), rest.to_owned()),
        // As git writes it for ssh: user@host:path.
        None => ("ssh".to_owned(), text.split_once(':').map(|(host, path)| format!("{host}/{path}"))?),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit('@').next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    // What is left of a password that is not escaped.
    if path.contains('@') || path.starts_with(':') || !port.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let public = matches!(scheme.as_str(), "https" | "http" | "ssh" | "git") && !name.is_empty();
    let plain = text.len() <= 1000 && text.chars().all(|c| c.is_ascii_graphic());
    (public && plain).then(|| format!("git+{scheme}://{host}/{path}"))
}

fn in_git(root: &Path) -> bool {
    git::top(root).is_some()
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_repositorys_address_is_told_without_secrets_and_never_as_a_path_of_this_machine() {
        for (given, told) in [
            ("https://user:token@example.org/a/b.git?x=y", Some("git+https://example.org/a/b.git")),
            ("git@example.org:a/b.git", Some("git+ssh://example.org/a/b.git")),
            ("/srv/git/a.git", None),
            ("file:///srv/git/a.git", None),
            ("../a", None),
            ("ext::x", None),
            ("https://user:pass/word@example.org/a", None),
        ] {
            assert_eq!(address(given).as_deref(), told, "{given}");
        }
    }
}
