//! Git's own command, for a repository that is not trusted: nothing that it configures is run, and none of
//! its files is taken for the working folder's but the one beside its `.git`.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Command, Stdio},
};

use model::{Exit, Problem};

/// Settings that a repository must not choose: programs that git would run, and repositories that lie
/// inside a tree as plain files. No command that is given here reads the files of the working folder.
const SETTINGS: [&str; 6] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "core.untrackedCache=false",
    "safe.bareRepository=explicit",
    "protocol.allow=never",
];

/// The nearest folder upward that holds a `.git`.
pub fn top(root: &Path) -> Option<&Path> {
    root.ancestors().find(|folder| folder.join(".git").exists())
}

/// Git in a folder.
pub struct Git<'a> {
    root: &'a Path,
}

impl<'a> Git<'a> {
    /// Git in a folder of the working tree that its repository belongs to.
    ///
    /// # Errors
    /// Git refuses the repository, or it says that its files are elsewhere (`core.worktree`).
    pub fn open(root: &'a Path) -> Result<Self, Problem> {
        let git = Self::at(root);
        let said = git.ask(&["rev-parse", "--show-toplevel"])?;
        let said = Path::new(OsStr::from_bytes(said.strip_suffix(b"\n").unwrap_or(&said)));
        if top(root).is_some_and(|top| top == said || top.canonicalize().is_ok_and(|top| top == said)) {
            return Ok(git);
        }
        let message = format!("git takes {} for the files of {}", said.display(), root.display());
        Err(Problem::new("git-worktree-elsewhere", Exit::Input, message)
            .with_hint("`git config --unset core.worktree`, or remove a `.git` that is no repository"))
    }

    /// Git in any folder.
    pub fn at(root: &'a Path) -> Self {
        Self { root }
    }

    /// The output of a git command.
    ///
    /// # Errors
    /// Git is missing or fails.
    pub fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, Problem> {
        let output = self.command(arguments).output().map_err(missing)?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(refused(arguments[0], &String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// The one line that a git command prints when it has an answer.
    pub fn line(&self, arguments: &[&str]) -> Option<String> {
        Some(String::from_utf8(self.ask(arguments).ok()?).ok()?.trim().to_owned())
    }

    /// The commit that the folder is at.
    pub fn head(&self) -> Option<String> {
        self.line(&["rev-parse", "--verify", "--quiet", "HEAD"])
    }

    /// A git command.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(self.root)
            .env_clear()
            .envs(["PATH", "HOME"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")])
            // An object that is not here is not fetched: that, too, runs programs.
            .envs([("GIT_NO_LAZY_FETCH", "1"), ("GIT_ALLOW_PROTOCOL", "none")])
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }
}

/// Git cannot be run.
pub fn missing(error: std::io::Error) -> Problem {
    Problem::new("git-missing", Exit::Environment, format!("git cannot be run: {error}"))
        .with_hint("install git")
}

fn refused(what: &str, said: &str) -> Problem {
    let message = said.lines().next().unwrap_or("git failed");
    let problem = Problem::new("git-refused", Exit::Environment, format!("git {what}: {message}"));
    match message.contains("dubious ownership") {
        true => problem.with_hint("the repository belongs to another user: run as its owner, or see `git help config` (safe.directory)"),
        false => problem,
    }
}
