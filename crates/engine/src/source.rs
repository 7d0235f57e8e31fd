//! What is built: the files of a project folder and the commit they belong to.
//!
//! Git is asked through its own command, with everything switched off that a repository could use to
//! run programs. A folder that is not in git is walked.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use model::{Exit, Problem};

use crate::home::cannot;

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
    /// Files differ from the commit.
    pub dirty: bool,
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

    /// Lists the source at `root`.
    ///
    /// # Errors
    /// Git refuses the repository, or the folder cannot be read.
    pub fn read(root: &Path) -> Result<Self, Problem> {
        let mut source =
            Self { root: root.to_owned(), files: vec![], commit: None, branch: None, dirty: false };
        if in_git(root) {
            source.ask_git()?
        } else {
            source.walk(root, Path::new(""))?
        }
        source.files.sort_unstable();
        Ok(source)
    }

    fn ask_git(&mut self) -> Result<(), Problem> {
        use std::os::unix::ffi::OsStrExt;
        let listed = git(
            &self.root,
            &["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        )?;
        let names = listed.split(|b| *b == 0).filter(|name| !name.is_empty());
        self.files = names.map(|name| PathBuf::from(std::ffi::OsStr::from_bytes(name))).collect();
        let head = git(&self.root, &["rev-parse", "--verify", "--quiet", "HEAD"]).ok();
        self.commit = head.and_then(|head| Some(String::from_utf8(head).ok()?.trim().to_owned()));
        let branch = git(&self.root, &["symbolic-ref", "--quiet", "--short", "HEAD"]).ok();
        self.branch = branch.and_then(|b| Some(String::from_utf8(b).ok()?.trim().to_owned()));
        let status =
            git(&self.root, &["status", "--porcelain=v1", "-z", "--ignore-submodules=none", "--", "."])?;
        self.dirty = !status.is_empty();
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

fn in_git(root: &Path) -> bool {
    root.ancestors().any(|folder| folder.join(".git").exists())
}

/// Runs git on a repository that is not trusted to configure programs.
fn git(root: &Path, arguments: &[&str]) -> Result<Vec<u8>, Problem> {
    let mut command = Command::new("git");
    command
        .current_dir(root)
        .env_clear()
        .envs(["PATH", "HOME"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")])
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"])
        .args(arguments)
        .stdin(Stdio::null());
    let output = command.output().map_err(|e| {
        Problem::new("git-missing", Exit::Environment, format!("git cannot be run: {e}"))
            .with_hint("install git")
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.lines().next().unwrap_or("git failed").to_owned();
    let problem = Problem::new("git-refused", Exit::Environment, format!("git {}: {message}", arguments[0]));
    Err(match message.contains("dubious ownership") {
        true => problem.with_hint("the repository belongs to another user: run as its owner, or see `git help config` (safe.directory)"),
        false => problem,
    })
}
