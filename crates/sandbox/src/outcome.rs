//! What came of a command: how it ended, what it used, what was observed, what could not be enforced.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything known after the last process of a sandbox is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// What was observed; empty with [`crate::Trace::Off`].
    pub trace: TraceLog,
    /// Which of the two ways of isolation it had.
    pub isolation: Isolation,
    /// Protections or limits that this machine could not give in full, one sentence each.
    pub warnings: Vec<String>,
    /// Bytes: peak of the cgroup, or of the largest single process where there is none.
    pub peak_memory: Option<u64>,
    /// User and system time of all processes.
    pub cpu_time: Duration,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Exit status, 0 to 255.
    Exited(i32),
    /// Died of this signal.
    Signaled(i32),
    /// Killed at its wall-clock limit.
    TimedOut,
    /// It, or a process of it, was killed at the memory limit and it did not succeed.
    OutOfMemory,
    /// Killed by [`crate::Killer`], or by someone outside.
    Killed,
}

impl Status {
    /// Exit status zero.
    pub fn success(self) -> bool {
        self == Self::Exited(0)
    }
}

/// How the sandbox was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// By root, dropped to a dedicated uid before anything else.
    Root,
    /// By an unprivileged user, with that user's own uid.
    Rootless,
}

impl Isolation {
    /// `root` or `rootless`, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Rootless => "rootless",
        }
    }
}

/// What was observed, in the order it was seen. Every list is bounded; see `dropped`.
///
/// An observer can be deceived by a program that changes its own memory at the right moment:
/// this is evidence of what ordinary programs do, never a barrier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLog {
    /// Programs started.
    pub exec: Vec<ExecEvent>,
    /// Connections attempted, allowed or not.
    pub connect: Vec<ConnectEvent>,
    /// Files opened, each path once per direction.
    pub opens: Vec<OpenEvent>,
    /// Events that found their list full.
    pub dropped: u64,
}

/// A program about to be started (the attempt may still fail, e.g. while searching `PATH`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecEvent {
    /// Process id on the host.
    pub pid: u32,
    /// Path as given; may be relative.
    pub path: String,
    /// Arguments, the first ones only and each shortened.
    pub argv: Vec<String>,
}

/// A connection about to be attempted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectEvent {
    /// Process id on the host.
    pub pid: u32,
    /// Address family.
    pub family: Family,
    /// IP address, or path of a Unix socket (`@` starts an abstract name).
    pub address: String,
    /// Port; 0 for Unix sockets.
    pub port: u16,
}

/// Address family of a [`ConnectEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// `AF_UNIX`.
    Unix,
    /// `AF_INET`.
    Inet,
    /// `AF_INET6`.
    Inet6,
    /// Anything else.
    Other(u16),
}

/// A file about to be opened (the attempt may still fail).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenEvent {
    /// Process id, on the host, of the first process that did it.
    pub pid: u32,
    /// Path inside the sandbox; absolute where the directory could be found out.
    pub path: String,
    /// Opened for writing, or created.
    pub write: bool,
}
