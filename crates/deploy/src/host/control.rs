//! Talking to an environment's supervisor over its socket.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    os::{fd::AsRawFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use model::Sha256;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use crate::error::DeployError;

/// What a supervisor says about its application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Process id of the supervisor.
    pub supervisor: u32,
    /// Process id of the application, when it runs.
    pub pid: Option<u32>,
    /// Digest of the release that runs.
    pub digest: Option<Sha256>,
    /// Times it was started.
    pub starts: u32,
    /// The supervisor no longer restarts it.
    pub gave_up: bool,
    /// Last event, one line.
    pub detail: String,
}

/// The socket's path by way of an open folder: UNIX socket paths are limited to 107 bytes, folders
/// are not.
pub(crate) fn socket_path(folder: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/control.sock", folder.as_raw_fd()))
}

fn ask(root: &Path, request: &str) -> std::io::Result<String> {
    let folder = File::open(root)?;
    let mut stream = UnixStream::connect(socket_path(&folder))?;
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    writeln!(stream, "{request}")?;
    let mut line = String::new();
    BufReader::new(stream.take(64 * 1024)).read_line(&mut line)?;
    Ok(line)
}

/// What the supervisor of the environment at `root` says; `None` when none runs.
pub fn status(root: &Path) -> Option<Status> {
    ask(root, "status").ok().and_then(|line| serde_json::from_str(&line).ok())
}

/// Stops the application and its supervisor; fine when none runs.
///
/// # Errors
/// It is still there after 15 seconds.
pub fn stop(root: &Path) -> Result<(), DeployError> {
    if ask(root, "stop").is_err() {
        return Ok(());
    }
    wait_for(root, "it did not stop", || status(root).is_none().then_some(()))
}

/// Starts a supervisor for the release that `current` points to, in place of the one that runs; returns
/// the application's pid.
pub(crate) fn start(executable: &Path, layout: &Layout, digest: Sha256) -> Result<u32, DeployError> {
    let path = layout.log("supervisor");
    let log =
        File::options().create(true).append(true).open(&path).map_err(DeployError::io(&path, "open"))?;
    let child = Command::new(executable)
        .env_clear()
        .arg("supervise")
        .arg(&layout.root)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    let mut child = child.map_err(DeployError::io(executable, "start the supervisor"))?;
    let supervisor = child.id();
    // Reaps the supervisor if this process outlives it; otherwise init does.
    std::thread::spawn(move || child.wait());
    let root = &layout.root;
    wait_for(root, "it did not start", || {
        let status = status(root).filter(|status| status.supervisor == supervisor)?;
        if status.gave_up { Some(0) } else { status.pid.filter(|_| status.digest == Some(digest)) }
    })
}

fn wait_for<T>(root: &Path, why: &str, mut ready: impl FnMut() -> Option<T>) -> Result<T, DeployError> {
    let start = Instant::now();
    loop {
        if let Some(value) = ready() {
            return Ok(value);
        }
        if start.elapsed() > Duration::from_secs(15) {
            return Err(DeployError::Supervisor { path: root.to_owned(), why: why.to_owned() });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
