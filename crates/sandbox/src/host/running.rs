//! A sandbox under way: its pipes, the way to end it, and waiting for the end.

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::cgroup::Group;
use super::observe::Observer;
use crate::sys::channel::Channel;
use crate::sys::process;
use crate::wire::{Ended, Report};
use crate::{Isolation, Outcome, SandboxError, Status};

/// A command under way in its sandbox. Dropping it kills everything inside.
#[derive(Debug)]
pub struct Running {
    pub(super) stdin: Option<File>,
    pub(super) stdout: Option<File>,
    pub(super) stderr: Option<File>,
    pub(super) egress: Option<TcpListener>,
    pub(super) channel: Channel,
    pub(super) launcher: Child,
    pub(super) init: Option<OwnedFd>,
    pub(super) killer: Killer,
    pub(super) observer: Option<Observer>,
    pub(super) group: Group,
    pub(super) isolation: Isolation,
    pub(super) warnings: Vec<String>,
}

impl Running {
    /// Writing end of the command's standard input, once, with [`crate::Stdin::Piped`].
    pub fn stdin(&mut self) -> Option<File> {
        self.stdin.take()
    }

    /// Reading end of the command's standard output, once.
    pub fn stdout(&mut self) -> Option<File> {
        self.stdout.take()
    }

    /// Reading end of the command's standard error, once.
    pub fn stderr(&mut self) -> Option<File> {
        self.stderr.take()
    }

    /// The socket listening on [`crate::EGRESS_PORT`] inside, once, with [`crate::Spec::egress`].
    /// Whoever accepts on it decides what the command reaches.
    pub fn egress_listener(&mut self) -> Option<TcpListener> {
        self.egress.take()
    }

    /// A handle that ends this sandbox from any thread.
    pub fn killer(&self) -> Killer {
        self.killer.clone()
    }

    /// Which way of isolation it has.
    pub fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// Waits until every process inside is gone. Output nobody has taken is read and forgotten,
    /// so that a full pipe cannot hold the command up.
    pub fn wait(mut self) -> Result<Outcome, SandboxError> {
        drop(self.stdin.take());
        let drains: Vec<_> =
            [self.stdout.take(), self.stderr.take()].into_iter().flatten().map(drain).collect();
        let (ended, launcher) = self.finish().map_err(SandboxError::Control)?;
        for drain in drains {
            let _ = drain.join();
        }
        let status = self.status(ended, launcher);
        let trace = self.observer.take().map(Observer::finish).unwrap_or_default();
        let (peak, cpu) = (self.group.peak_memory(), ended.map(|e| e.cpu).unwrap_or_default());
        if self.group.out_of_memory() && status.success() {
            self.warnings.push("a process was killed at the memory limit, yet the command succeeded".into());
        }
        self.group.remove(&mut self.warnings);
        Ok(Outcome {
            status,
            trace,
            isolation: self.isolation,
            warnings: std::mem::take(&mut self.warnings),
            peak_memory: peak.or(ended.map(|e| e.largest)),
            cpu_time: cpu,
        })
    }

    /// Reaps the launcher and waits for the last process inside.
    fn finish(&mut self) -> io::Result<(Option<Ended>, ExitStatus)> {
        let mut ended = None;
        // After the last report, or a violent end, comes end-of-file.
        while let Some((report, _)) = self.channel.receive::<Report>()? {
            match report {
                Report::Ended(last) => ended = Some(last),
                Report::Warning(text) => self.warnings.push(text),
                _ => {}
            }
        }
        let launcher = self.launcher.wait()?;
        if let Some(init) = &self.init {
            wait_readable(init)?;
        }
        Ok((ended, launcher))
    }

    fn status(&self, ended: Option<Ended>, launcher: ExitStatus) -> Status {
        if ended.is_some_and(|ended| ended.timed_out) {
            return Status::TimedOut;
        }
        let command = ended.and_then(|ended| ended.raw_status).map(ExitStatus::from_raw);
        if command.is_some_and(|status| status.success()) && launcher.success() {
            return Status::Exited(0);
        }
        if self.group.out_of_memory() {
            return Status::OutOfMemory;
        }
        match command {
            Some(status) => match status.signal() {
                Some(signal) => Status::Signaled(signal),
                None => Status::Exited(status.code().unwrap_or(-1)),
            },
            None => Status::Killed,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.killer.kill();
        let _ = self.finish();
        // Joins the observer before its processes' limits go.
        drop(self.observer.take());
        self.group.remove(&mut Vec::new());
    }
}

fn wait_readable(fd: &OwnedFd) -> io::Result<()> {
    loop {
        match poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(()),
        }
    }
}

fn drain(mut pipe: File) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let _ = io::copy(&mut pipe, &mut io::sink());
    })
}

/// Ends a sandbox with everything in it. Cheap to copy; outlives the sandbox harmlessly.
#[derive(Clone, Debug)]
pub struct Killer {
    pub(super) launcher: Arc<OwnedFd>,
    pub(super) asked: Arc<AtomicBool>,
}

impl Killer {
    /// Kills everything inside; nothing happens when it is over already. By the time
    /// [`Running::wait`] returns, all of it is gone.
    pub fn kill(&self) {
        self.asked.store(true, Ordering::Relaxed);
        // By descriptor: it can never hit a later process that got the same number.
        let _ = process::kill(self.launcher.as_fd());
    }

    /// Whether [`Killer::kill`] was called.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
