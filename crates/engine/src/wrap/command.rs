//! Runs the command: its streams, folder and environment are ours, signals that we get are passed on.

use std::{io, os::unix::process::ExitStatusExt, path::Path, process::ExitStatus};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, getpgrp, tcgetpgrp},
};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

/// Signals that are passed on.
const FORWARDED: [Signal; 6] =
    [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGUSR2];
/// Our own secrets, which are not the command's to know.
const WITHHELD: [&str; 3] = ["PROOFHOUSE_PASSPHRASE", crate::identity::TOKEN, "PROOFHOUSE_DATABASE"];

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    /// With a status, or by a signal.
    Status(ExitStatus),
    /// It could not be started.
    NotStarted(io::Error),
}

impl Ended {
    /// Exit status as a shell would have it: 128 and the signal's number when one ended it, 127 when there
    /// is no such program, 126 when it cannot be started.
    pub fn code(&self) -> i32 {
        match self {
            Self::Status(status) => status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            Self::NotStarted(error) if error.kind() == io::ErrorKind::NotFound => 127,
            Self::NotStarted(_) => 126,
        }
    }

    /// Why it is a failure; nothing when it is not.
    pub(super) fn failure(&self, program: &str) -> Option<String> {
        match self {
            Self::Status(status) if status.success() => None,
            Self::Status(status) => Some(match status.signal() {
                Some(signal) => format!("signal {signal} ended it"),
                None => format!("exit status {}", self.code()),
            }),
            Self::NotStarted(error) => Some(format!("{program} cannot be started: {error}")),
        }
    }
}

/// Runs `argv` in `folder` to its end.
pub async fn execute(argv: &[String], folder: &Path) -> Ended {
    let Some((program, arguments)) = argv.split_first() else {
        return Ended::NotStarted(io::ErrorKind::NotFound.into());
    };
    let mut signals = match listen() {
        Ok(signals) => signals,
        Err(error) => return Ended::NotStarted(error),
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    for name in WITHHELD {
        command.env_remove(name);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ended::NotStarted(error),
    };
    loop {
        tokio::select! {
            status = child.wait() => match status {
                Ok(status) => return Ended::Status(status),
                Err(error) => return Ended::NotStarted(error),
            },
            Some(signal) = signals.recv() => pass_on(&child, signal),
        }
    }
}

/// A queue of the signals that arrive from now on; they end nothing by themselves any more.
fn listen() -> io::Result<mpsc::Receiver<Signal>> {
    let (sender, receiver) = mpsc::channel(16);
    for kind in FORWARDED {
        let mut stream = signal(SignalKind::from_raw(kind as i32))?;
        let sender = sender.clone();
        tokio::spawn(
            async move { while stream.recv().await.is_some() && sender.send(kind).await.is_ok() {} },
        );
    }
    Ok(receiver)
}

fn pass_on(child: &Child, signal: Signal) {
    // What a terminal sends reaches the whole group in front of it: the command has it already.
    if matches!(signal, Signal::SIGINT | Signal::SIGQUIT) && in_front() {
        return;
    }
    if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()) {
        let _ = kill(Pid::from_raw(id), signal);
    }
}

/// Whether our group is the one that the terminal's keys are for.
fn in_front() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|terminal| tcgetpgrp(&terminal) == Ok(getpgrp()))
}
