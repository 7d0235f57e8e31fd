//! What is built: the files of a project folder and the commit they belong to.
//!
//! Git is asked through its own command, with everything switched off that a repository could use to
//! run programs, or to make a changed file pass for an unchanged one. A folder that is not in git is walked.

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
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
        source.files.dedup();
        Ok(source)
    }

    fn ask_git(&mut self) -> Result<(), Problem> {
        use std::os::unix::ffi::OsStrExt;
        let git = Git::open(&self.root)?;
        let listed = git.ask(&["ls-files", "-v", "-z", "--cached", "--others", "--exclude-standard"])?;
        for line in listed.split(|b| *b == 0) {
            let [tag, b' ', name @ ..] = line else { continue };
            self.files.push(PathBuf::from(std::ffi::OsStr::from_bytes(name)));
            // Marked so that git does not look at the file: it may be anything, or not be there.
            self.dirty |= tag.is_ascii_lowercase() || *tag == b'S';
        }
        let head = git.ask(&["rev-parse", "--verify", "--quiet", "HEAD"]).ok();
        self.commit = head.and_then(|head| Some(String::from_utf8(head).ok()?.trim().to_owned()));
        let branch = git.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]).ok();
        self.branch = branch.and_then(|b| Some(String::from_utf8(b).ok()?.trim().to_owned()));
        // Not inside submodules: they are not part of the source, and have configurations of their own.
        let status = git.ask(&["status", "--porcelain=v1", "-z", "--ignore-submodules=dirty", "--", "."])?;
        self.dirty |= !status.is_empty();
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

fn in_git(root: &Path) -> bool {
    root.ancestors().any(|folder| folder.join(".git").exists())
}

/// Settings that a repository must not choose: programs that git would run, shortcuts by which a
/// changed file passes for an unchanged one, and repositories that lie inside a tree as plain files.
const SETTINGS: [&str; 10] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "core.untrackedCache=false",
    "core.trustctime=true",
    "core.checkStat=default",
    "core.ignoreStat=false",
    "core.fileMode=true",
    "safe.bareRepository=explicit",
    "protocol.allow=never",
];

/// Git for a repository that is not trusted to configure programs.
struct Git<'a> {
    root: &'a Path,
    /// Names of settings of this repository that name programs, each replaced by a harmless value.
    replaced: Vec<(OsString, &'static str)>,
}

impl<'a> Git<'a> {
    fn open(root: &'a Path) -> Result<Self, Problem> {
        let mut git = Self { root, replaced: vec![] };
        let listed = git.ask(&["config", "--list", "--show-scope", "--name-only", "-z"])?;
        let mut words = listed.split(|b| *b == 0);
        while let (Some(scope), Some(name)) = (words.next(), words.next()) {
            if matches!(scope, b"local" | b"worktree") && name.starts_with(b"filter.") {
                let replacement = if name.ends_with(b".required") { "false" } else { "" };
                git.replaced.push((OsString::from_vec(name.to_vec()), replacement));
            }
        }
        Ok(git)
    }

    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, Problem> {
        let mut command = Command::new("git");
        command
            .current_dir(self.root)
            .env_clear()
            .envs(["PATH", "HOME"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")])
            // An object that is not here is not fetched: that, too, runs programs.
            .envs([("GIT_NO_LAZY_FETCH", "1"), ("GIT_ALLOW_PROTOCOL", "none")])
            .env("GIT_CONFIG_COUNT", self.replaced.len().to_string())
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .args(arguments)
            .stdin(Stdio::null());
        for (n, (name, value)) in self.replaced.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{n}"), name).env(format!("GIT_CONFIG_VALUE_{n}"), value);
        }
        let output = command.output().map_err(|e| {
            Problem::new("git-missing", Exit::Environment, format!("git cannot be run: {e}"))
                .with_hint("install git")
        })?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(refused(arguments[0], &String::from_utf8_lossy(&output.stderr))),
        }
    }
}

fn refused(what: &str, said: &str) -> Problem {
    let message = said.lines().next().unwrap_or("git failed");
    let problem = Problem::new("git-refused", Exit::Environment, format!("git {what}: {message}"));
    match message.contains("dubious ownership") {
        true => problem.with_hint("the repository belongs to another user: run as its owner, or see `git help config` (safe.directory)"),
        false => problem,
    }
}
