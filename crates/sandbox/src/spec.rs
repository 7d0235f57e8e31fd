//! What to run and in what surroundings: the request that goes from the caller to the launcher.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::SandboxError;

/// One command and everything it may see, use and reach.
///
/// The command gets exactly `env`, three file descriptors, a read-only `/usr` with a minimal
/// `/etc`, `work` at `/work`, the `read_only` trees, and private `/tmp`, `/dev`, `/proc`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Program and arguments; a program without `/` is looked up in the `PATH` of `env`.
    pub argv: Vec<OsString>,
    /// The whole environment of the command; nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// Working directory, as seen inside.
    pub cwd: PathBuf,
    /// Host directory mounted read-write at [`crate::WORK`].
    ///
    /// When started as root it must belong to [`Spec::identity`]: the caller sees to that with
    /// [`crate::prepare_work_dir`] (its parents may stay closed to that uid).
    pub work: PathBuf,
    /// More host trees or files, all mounted read-only.
    pub read_only: Vec<Bind>,
    /// Bounds on what the command may use.
    pub limits: Limits,
    /// Hand out a listening socket on [`crate::EGRESS_PORT`] of the private network namespace.
    /// Without it there is only an unconnected loopback.
    pub egress: bool,
    /// What to observe.
    pub trace: Trace,
    /// Host identity to drop to when started as root (ignored otherwise).
    pub identity: Identity,
    /// What the command reads from.
    pub stdin: Stdin,
    /// Executable that calls [`crate::run_if_launcher`] first thing in `main`;
    /// `None` is this very process's own executable.
    pub launcher: Option<PathBuf>,
}

impl Spec {
    /// A command in `/work` with no environment, default limits, no network and no trace.
    pub fn new<I, S>(work: impl Into<PathBuf>, argv: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<OsString>,
    {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            cwd: PathBuf::from(crate::WORK),
            work: work.into(),
            read_only: Vec::new(),
            limits: Limits::default(),
            egress: false,
            trace: Trace::Off,
            identity: Identity::default(),
            stdin: Stdin::Empty,
            launcher: None,
        }
    }

    /// Adds or replaces one environment variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let name = name.into();
        self.env.retain(|(n, _)| *n != name);
        self.env.push((name, value.into()));
        self
    }

    /// Checks what can be checked without touching anything.
    pub(crate) fn validate(&self) -> Result<(), SandboxError> {
        let invalid = |what: String| Err(SandboxError::InvalidSpec { what });
        if self.argv.first().is_none_or(|program| program.is_empty()) {
            return invalid("the command is empty".into());
        }
        if self.identity.uid == 0 || self.identity.gid == 0 {
            return invalid("the identity to drop to must not be root".into());
        }
        if !is_normal(&self.cwd) {
            return invalid(format!("working directory {} is not a plain absolute path", self.cwd.display()));
        }
        for bind in &self.read_only {
            if !is_normal(&bind.inside) || RESERVED.iter().any(|r| bind.inside.starts_with(r)) {
                return invalid(format!("cannot mount a tool tree at {}", bind.inside.display()));
            }
            if bind.inside.parent().is_none() {
                return invalid("a tool tree cannot replace the root directory".into());
            }
        }
        Ok(())
    }
}

/// Places whose contents the sandbox makes itself.
const RESERVED: [&str; 5] = [crate::WORK, "/proc", "/dev", "/tmp", "/sys"];

fn is_normal(path: &Path) -> bool {
    path.is_absolute() && path.components().all(|c| matches!(c, Component::RootDir | Component::Normal(_)))
}

/// A host file or directory shown read-only at a place inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// On the host; symbolic links are followed once, at start.
    pub host: PathBuf,
    /// Absolute, inside; not below `/work`, `/proc`, `/dev`, `/tmp` or `/sys`.
    pub inside: PathBuf,
}

impl Bind {
    /// The same path on both sides.
    pub fn same(path: impl Into<PathBuf>) -> Self {
        let host = path.into();
        Self { inside: host.clone(), host }
    }
}

/// Bounds on what a command may use. `None` is no bound of our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of all processes together, in bytes (per process where there is no cgroup).
    pub memory_bytes: Option<u64>,
    /// Processes and threads alive at one time.
    pub processes: Option<u64>,
    /// Processor time, in percent of one processor (200 is two); needs a cgroup.
    pub cpu_percent: Option<u32>,
    /// Largest file the command may write, in bytes.
    pub file_bytes: Option<u64>,
    /// Open file descriptors of one process.
    pub open_files: u64,
    /// Size of the private `/tmp`, in bytes (it lives in memory); `/dev/shm` gets a quarter of it.
    pub tmp_bytes: u64,
    /// Wall-clock time from the start of the launcher.
    pub wall: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: None,
            processes: Some(4096),
            cpu_percent: None,
            file_bytes: Some(16 << 30),
            open_files: 16_384,
            tmp_bytes: 1 << 30,
            wall: None,
        }
    }
}

/// What is observed of the command and its descendants. Observation never refuses anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trace {
    /// Nothing.
    #[default]
    Off,
    /// Programs started and connections attempted.
    Processes,
    /// Also files opened.
    Files,
}

/// Host user and group of the command when the caller is root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Host user id; owns nothing but work directories.
    pub uid: u32,
    /// Host group id.
    pub gid: u32,
}

impl Default for Identity {
    /// 60990, in a range that distributions and systemd leave free.
    fn default() -> Self {
        Self { uid: 60_990, gid: 60_990 }
    }
}

/// Standard input of the command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stdin {
    /// Ends at once.
    #[default]
    Empty,
    /// A pipe; take the writing end with [`crate::Running::stdin`].
    Piped,
}
