//! The launcher: what happens between the re-executed binary and the command.
//!
//! ```text
//! caller ─▶ launcher (this module; one thread; own session)
//!             │ as root: clone trees, drop to the sandbox uid
//!             │ new namespaces
//!             └─▶ init, pid 1 (init.rs): new root, loopback, no capabilities
//!                   └─▶ command (command.rs): rlimits, Landlock, seccomp, execve
//! ```
//! When the caller dies the launcher reads end-of-file and kills init; when the launcher dies the
//! kernel kills init (`PR_SET_PDEATHSIG`); when init dies the kernel kills everything inside.

mod command;
mod identity;
mod init;
mod landlock;
mod root;
mod trees;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::Spec;
use crate::sys::channel::Channel;
use crate::sys::process::{self, Side};
use crate::wire::{Ended, Failure, Report, Stage, Start};

/// Exit status of a launcher that could not do its work; the reason went over the channel.
const FAILED: i32 = 125;

/// Runs as the launcher and ends the process.
pub fn main() -> ! {
    let code = match take_channel() {
        Ok(channel) => match launch(&channel) {
            Ok(()) => 0,
            Err(failure) => {
                let _ = channel.send(&Report::Failed(failure), &[]);
                FAILED
            }
        },
        Err(_) => FAILED,
    };
    process::exit_now(code)
}

/// The caller's other descriptors must not get any further than here.
fn take_channel() -> std::io::Result<Channel> {
    process::close_from(3)?;
    Ok(Channel::from_fd(process::take_stdin()?))
}

fn launch(channel: &Channel) -> Result<(), Failure> {
    let started = Instant::now();
    nix::unistd::setsid().stage("own session")?;
    let (spec, stdin) = receive_order(channel)?;
    process::replace_standard(0, stdin.as_fd()).stage("standard input")?;
    drop(stdin);

    let trees = if nix::unistd::getuid().is_root() {
        // Cloned with root's view, so that a work directory below a closed one can be used.
        let trees = trees::collect(&spec)?;
        identity::drop_root(spec.identity)?;
        identity::enter_namespaces()?;
        trees
    } else {
        identity::enter_namespaces()?;
        trees::collect(&spec)?
    };

    // Opened now: init shares our mount namespace and is about to change its root.
    let null = File::options().read(true).write(true).open("/dev/null").stage("open /dev/null")?;
    let (alive, keep_alive) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).stage("pipe")?;
    let (status_in, status_out) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).stage("pipe")?;
    match process::fork().stage("start init")? {
        Side::Child => {
            drop((keep_alive, status_in));
            init::main(&spec, channel, trees, &alive, status_out.into())
        }
        Side::Parent(init) => {
            drop((alive, status_out, trees));
            // Only the command and what it starts may keep its output open.
            for standard in 0..3 {
                process::replace_standard(standard, null.as_fd()).stage("let go of the command's output")?;
            }
            let init = Init { pid: init, fd: process::pidfd_open(init).stage("watch init")? };
            channel.send(&Report::Init, &[init.fd.as_fd()]).stage("report init")?;
            let ended = supervise(&spec, channel, &init, started, status_in.into())?;
            drop(keep_alive);
            channel.send(&Report::Ended(ended), &[]).stage("report the end")
        }
    }
}

fn receive_order(channel: &Channel) -> Result<(Spec, OwnedFd), Failure> {
    let order = channel.receive::<Start>().stage("read the order")?;
    let Some((Start, fds)) = order else { process::exit_now(FAILED) };
    let mut fds = fds.into_iter();
    let spec = fds.next().ok_or("no descriptor").stage("read the order")?;
    let spec: Spec =
        serde_json::from_reader(std::io::BufReader::new(File::from(spec))).stage("read the order")?;
    let stdin = match fds.next() {
        Some(fd) => fd,
        None => File::open("/dev/null").stage("open /dev/null")?.into(),
    };
    Ok((spec, stdin))
}

struct Init {
    pid: i32,
    fd: OwnedFd,
}

/// Waits for init to end; kills it at the deadline, or when the caller is gone.
fn supervise(
    spec: &Spec,
    channel: &Channel,
    init: &Init,
    started: Instant,
    status: File,
) -> Result<Ended, Failure> {
    nix::sys::prctl::set_dumpable(false).stage("hide the launcher's memory")?;
    let mut timed_out = false;
    let end = spec.limits.wall.map(|wall| started + wall);
    match wait_for(init.fd.as_fd(), channel.as_fd(), end).stage("wait")? {
        Woken::InitEnded => {}
        Woken::CallerGone => process::kill(init.fd.as_fd()).stage("kill init")?,
        Woken::Deadline => {
            timed_out = true;
            process::kill(init.fd.as_fd()).stage("kill init")?;
        }
    }
    process::wait(init.pid).stage("wait for init")?;
    let usage = process::usage_of_children();
    let raw_status = init::read_status(status);
    Ok(Ended { raw_status, timed_out, cpu: usage.cpu, largest: usage.largest })
}

enum Woken {
    InitEnded,
    CallerGone,
    Deadline,
}

fn wait_for(init: BorrowedFd<'_>, channel: BorrowedFd<'_>, end: Option<Instant>) -> nix::Result<Woken> {
    loop {
        let timeout = match end.map(|end| end.saturating_duration_since(Instant::now())) {
            None => PollTimeout::NONE,
            Some(left) if left.is_zero() => return Ok(Woken::Deadline),
            // Rounded up, and capped so that it fits: the loop comes round again.
            Some(left) => PollTimeout::from(u16::try_from(left.as_millis() + 1).unwrap_or(u16::MAX)),
        };
        let mut fds = [PollFd::new(init, PollFlags::POLLIN), PollFd::new(channel, PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Err(Errno::EINTR) | Ok(0) => continue,
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        if fds[0].any().unwrap_or(true) {
            return Ok(Woken::InitEnded);
        }
        if fds[1].any().unwrap_or(true) {
            return Ok(Woken::CallerGone);
        }
    }
}
