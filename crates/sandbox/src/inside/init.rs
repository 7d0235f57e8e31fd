//! Pid 1 of the sandbox: makes the surroundings, starts the command, reaps what is left over.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::trees::Parts;
use super::{FAILED, command, root};
use crate::Spec;
use crate::sys::channel::Channel;
use crate::sys::net::raise_loopback;
use crate::sys::process::{self, Side};
use crate::wire::{Failure, Report, Stage};

/// Runs as pid 1 and ends the process, and with it everything inside.
pub fn main(spec: &Spec, channel: &Channel, parts: Parts, alive: &OwnedFd, status: File) -> ! {
    let started = die_with_launcher(alive).and_then(|()| start(spec, channel, parts));
    match started {
        Ok(Some(command)) => reap_until(command, status),
        Ok(None) => {}
        Err(failure) => {
            let _ = channel.send(&Report::Failed(failure), &[]);
        }
    }
    process::exit_now(FAILED)
}

/// The launcher's death is ours, also when it came before we could ask for that.
fn die_with_launcher(alive: &OwnedFd) -> Result<(), Failure> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).stage("die with the launcher")?;
    let mut fds = [PollFd::new(alive.as_fd(), PollFlags::POLLIN)];
    if poll(&mut fds, PollTimeout::ZERO).stage("look for the launcher")? > 0 {
        process::exit_now(FAILED);
    }
    Ok(())
}

/// Starts the command; `None` when the program could not be executed (which has been reported).
fn start(spec: &Spec, channel: &Channel, parts: Parts) -> Result<Option<i32>, Failure> {
    root::enter(parts, &spec.limits)?;
    nix::unistd::sethostname("sandbox").stage("set the host name")?;
    raise_loopback().stage("raise the loopback interface")?;
    if spec.egress {
        let listener = TcpListener::bind(("127.0.0.1", crate::EGRESS_PORT)).stage("listen for egress")?;
        channel.send(&Report::Egress, &[listener.as_fd()]).stage("hand out the egress socket")?;
    }
    // Ours must not be readable inside, whatever the uid: descriptors, memory, environment.
    nix::sys::prctl::set_dumpable(false).stage("hide init's memory")?;
    nix::sys::prctl::set_no_new_privs().stage("set no_new_privs")?;
    process::drop_capabilities().stage("drop capabilities")?;

    let (outcome, mut executed) =
        nix::unistd::pipe2(OFlag::O_CLOEXEC).map(|(r, w)| (File::from(r), File::from(w))).stage("pipe")?;
    match process::fork().stage("start the command")? {
        Side::Child => {
            drop(outcome);
            let failure = command::main(spec, channel);
            let _ = executed.write_all(failure.to_string().as_bytes());
            process::exit_now(FAILED)
        }
        Side::Parent(command) => {
            drop(executed);
            let mut reason = String::new();
            // End-of-file is the success of execve, which closes the other end.
            outcome.take(4096).read_to_string(&mut reason).stage("wait for the program")?;
            if reason.is_empty() {
                channel.send(&Report::Ready, &[]).stage("report ready")?;
                Ok(Some(command))
            } else {
                Ok(None)
            }
        }
    }
}

/// Reaps everything, until the command itself has ended; then its status goes to the launcher.
fn reap_until(command: i32, mut status: File) {
    // Only the command and what it starts may keep its output open.
    for standard in 0..3 {
        let _ = nix::unistd::close(standard);
    }
    while let Ok((pid, raw)) = process::wait(-1) {
        if pid == command {
            let _ = status.write_all(&raw.to_ne_bytes());
            return;
        }
    }
}

/// Reads what [`main`] left in the pipe; `None` when it was killed before.
pub fn read_status(mut status: File) -> Option<i32> {
    let mut bytes = [0; 4];
    status.read_exact(&mut bytes).ok()?;
    Some(i32::from_ne_bytes(bytes))
}
