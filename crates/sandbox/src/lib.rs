//! Runs one command in a fresh sandbox: its own user, mount, pid, ipc, uts, net and cgroup
//! namespaces, a minimal read-only root, no capabilities, an allow-list of system calls, Landlock
//! and limits. See [`spawn`].
//!
//! # What the command sees
//! `/usr` read-only with the usual links into it; an `/etc` with one user, no resolver and the
//! certificates of the host; `/work` (its only lasting place); private `/tmp`, `/dev/shm`, a
//! `/dev` of five devices, the `/proc` of its own pid namespace with the machine's parts covered;
//! no `/sys`, no terminal, no descriptor but 0, 1 and 2; exactly the environment it was given.
//! The network is an unconnected loopback; with [`Spec::egress`] port [`EGRESS_PORT`] on it leads
//! to the caller.
//!
//! # What it cannot do although harmless programs may ask for it
//! Debug another process (`ptrace`), set the set-user-id bit, make user namespaces, list network
//! interfaces (`AF_NETLINK`), use `io_uring` or `openat2`. Programs fall back or say so.
//!
//! # Limits of the protection
//! It stands on one kernel: a flaw in an allowed system call is a way out. Rootless, the command
//! keeps the caller's supplementary groups, which matter only for files in trees mounted for it.
//! A Unix socket file inside `work` or a `read_only` tree can be connected to. What a command
//! leaves in `work` is hostile: whoever reads it must not follow symbolic links out of it.
//!
//! # How it is made
//! [`spawn`] starts the program again as a single-threaded launcher (see [`run_if_launcher`]),
//! sends it the [`Spec`] over a socket, and follows it. Everything dies with the caller.
//!
//! **Architecture Invariant:** all `unsafe` code of the product is in this crate's `sys` folder (the
//! escape probe and its test, which ship with nothing, have their own).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!("the sandbox is for Linux on x86_64 and aarch64");

mod error;
mod host;
mod inside;
mod outcome;
mod seccomp;
mod spec;
mod sys;
mod wire;

pub use error::SandboxError;
pub use host::probe::{Capability, probe, probe_with};
pub use host::running::{Killer, Running};
pub use host::spawn::spawn;
pub use host::work_dir::prepare_work_dir;
pub use outcome::{ConnectEvent, ExecEvent, Family, Isolation, OpenEvent, Outcome, Status, TraceLog};
pub use spec::{Bind, Identity, Limits, Spec, Stdin, Trace};

/// Where [`Spec::work`] is mounted inside.
pub const WORK: &str = "/work";

/// Port on `127.0.0.1` of the private network namespace where the caller's proxy is reached.
pub const EGRESS_PORT: u16 = 3128;

/// Becomes the launcher when this process was started as one, and then never returns.
///
/// Must be the first statement of `main`, before any thread, file or configuration: a launcher
/// has one thread and knows nothing but what its caller tells it.
pub fn run_if_launcher() {
    if std::env::args_os().next().is_some_and(|name| name == wire::LAUNCHER) {
        inside::main();
    }
}
