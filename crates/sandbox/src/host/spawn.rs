//! Starting a sandbox: the launcher process, its limits, and the talk until the command runs.

use std::io::{self, Seek, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::cgroup::Group;
use super::observe::Observer;
use super::running::{Killer, Running};
use crate::sys::channel::Channel;
use crate::sys::process;
use crate::wire::{LAUNCHER, Report, Start};
use crate::{Isolation, SandboxError, Spec, Stdin};

/// Starts `spec.argv` in a sandbox of its own and returns when it runs.
///
/// The calling process may have threads; it may be root or not. Its death, by any means, ends the
/// sandbox. The calling program's `main` must begin with [`crate::run_if_launcher`], or
/// [`Spec::launcher`] must name a program that does.
pub fn spawn(spec: &Spec) -> Result<Running, SandboxError> {
    spec.validate()?;
    let (channel, theirs) = Channel::pair().map_err(SandboxError::Launch)?;
    let (child_stdin, stdin) = stdin_of(spec).map_err(SandboxError::Launch)?;
    let launcher = start_launcher(spec, theirs).map_err(SandboxError::Launch)?;
    let mut running = follow(spec, channel, launcher)?;
    running.stdin = stdin.map(Into::into);
    order(spec, &running.channel, child_stdin)?;
    until_ready(spec, &mut running)?;
    Ok(running)
}

fn start_launcher(spec: &Spec, channel: Channel) -> io::Result<Child> {
    let executable = spec.launcher.as_deref().unwrap_or(Path::new("/proc/self/exe"));
    // Nothing secret may be in the launcher's own environment or command line.
    Command::new(executable)
        .arg0(LAUNCHER)
        .env_clear()
        .current_dir("/")
        .stdin(channel.into_fd())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// The end for the command and the end for the caller.
fn stdin_of(spec: &Spec) -> io::Result<(Option<OwnedFd>, Option<OwnedFd>)> {
    match spec.stdin {
        Stdin::Empty => Ok((None, None)),
        Stdin::Piped => {
            let (read, write) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
            Ok((Some(read), Some(write)))
        }
    }
}

fn follow(spec: &Spec, channel: Channel, mut launcher: Child) -> Result<Running, SandboxError> {
    let pid = launcher.id();
    let pidfd = process::pidfd_open(pid as i32).map_err(|error| {
        let _ = launcher.kill();
        let _ = launcher.wait();
        SandboxError::Launch(error)
    })?;
    let mut warnings = Vec::new();
    let group = Group::around(pid, &spec.limits, &mut warnings);
    let root = nix::unistd::geteuid().is_root();
    Ok(Running {
        stdin: None,
        stdout: launcher.stdout.take().map(|pipe| OwnedFd::from(pipe).into()),
        stderr: launcher.stderr.take().map(|pipe| OwnedFd::from(pipe).into()),
        egress: None,
        channel,
        launcher,
        init: None,
        killer: Killer { launcher: Arc::new(pidfd), asked: Arc::new(AtomicBool::new(false)) },
        observer: None,
        group,
        isolation: if root { Isolation::Root } else { Isolation::Rootless },
        warnings,
    })
}

fn order(spec: &Spec, channel: &Channel, stdin: Option<OwnedFd>) -> Result<(), SandboxError> {
    let send = || -> io::Result<()> {
        let mut file = std::fs::File::from(memfd_create("spec", MFdFlags::MFD_CLOEXEC)?);
        file.write_all(&serde_json::to_vec(spec)?)?;
        file.rewind()?;
        let mut fds = vec![file.as_fd()];
        fds.extend(stdin.as_ref().map(AsFd::as_fd));
        channel.send(&Start, &fds)
    };
    // A launcher that is gone already is told apart by its silence, a moment later.
    match send() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(SandboxError::LauncherDied),
        other => other.map_err(SandboxError::Control),
    }
}

fn until_ready(spec: &Spec, running: &mut Running) -> Result<(), SandboxError> {
    loop {
        let Some((report, fds)) = running.channel.receive::<Report>().map_err(SandboxError::Control)? else {
            return Err(SandboxError::LauncherDied);
        };
        let mut fd = fds.into_iter();
        match (report, fd.next()) {
            (Report::Init, Some(fd)) => running.init = Some(fd),
            (Report::Egress, Some(fd)) => running.egress = Some(TcpListener::from(fd)),
            (Report::Observe, Some(fd)) => {
                running.observer = Some(Observer::start(fd, spec.trace).map_err(SandboxError::Launch)?);
            }
            (Report::Warning(text), _) => running.warnings.push(text),
            (Report::Ready, _) => return Ok(()),
            (Report::Failed(failure), _) => {
                return Err(SandboxError::Setup { stage: failure.stage, reason: failure.reason });
            }
            (Report::NotExecuted(reason), _) => {
                let program = spec.argv[0].to_string_lossy().into_owned();
                return Err(SandboxError::Exec { program, reason });
            }
            (Report::Ended(_), _) => return Err(SandboxError::LauncherDied),
            (Report::Init | Report::Egress | Report::Observe, None) => {
                let missing = io::Error::new(io::ErrorKind::InvalidData, "a report without its descriptor");
                return Err(SandboxError::Control(missing));
            }
        }
    }
}
