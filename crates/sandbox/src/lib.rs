//! Runs one command in a fresh sandbox. See [`spawn`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod error;
mod outcome;
mod spec;

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

pub use error::SandboxError;
pub use outcome::{ConnectEvent, ExecEvent, Family, Isolation, OpenEvent, Outcome, Status, TraceLog};
pub use spec::{Bind, Identity, Limits, Spec, Stdin, Trace};

/// Where [`Spec::work`] is mounted inside.
pub const WORK: &str = "/work";

/// Port on `127.0.0.1` of the private network namespace where the caller's proxy is reached.
pub const EGRESS_PORT: u16 = 3128;

/// See final docs.
pub fn run_if_launcher() {}
/// See final docs.
pub fn spawn(_spec: &Spec) -> Result<Running, SandboxError> { Err(SandboxError::LauncherDied) }
/// A sandbox under way.
pub struct Running {}
impl Running {
    /// Write end of the command's standard input.
    pub fn stdin(&mut self) -> Option<File> { None }
    /// Read end of the command's standard output; once.
    pub fn stdout(&mut self) -> Option<File> { None }
    /// Read end of the command's standard error; once.
    pub fn stderr(&mut self) -> Option<File> { None }
    /// The listening socket inside; once.
    pub fn egress_listener(&mut self) -> Option<TcpListener> { None }
    /// Something that can end it from another thread.
    pub fn killer(&self) -> Killer { Killer {} }
    /// Waits for the end.
    pub fn wait(self) -> Result<Outcome, SandboxError> { Err(SandboxError::LauncherDied) }
}
/// Ends a sandbox.
#[derive(Clone)]
pub struct Killer {}
impl Killer {
    /// Kills everything; does nothing when it is over.
    pub fn kill(&self) {}
}
/// Gives the tree to `identity` when root.
pub fn prepare_work_dir(_dir: &Path, _identity: Identity) -> Result<(), SandboxError> { Ok(()) }
/// One thing the sandbox needs.
pub struct Capability {
    /// Name.
    pub name: &'static str,
    /// Works here.
    pub available: bool,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub hint: Option<String>,
}
/// Tries what the sandbox needs.
pub fn probe() -> Vec<Capability> { probe_with(None) }
/// Like [`probe`].
pub fn probe_with(_launcher: Option<PathBuf>) -> Vec<Capability> { Vec::new() }
