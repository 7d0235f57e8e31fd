//! Processes: fork, wait, signals, capabilities, descriptors.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use super::check;

/// Which side of a [`fork`] this is.
pub enum Side {
    /// The new process.
    Child,
    /// The old process, with the new one's id.
    Parent(i32),
}

/// Forks. Only for single-threaded processes (the launcher and its children), where everything
/// works in the child as it did before.
pub fn fork() -> io::Result<Side> {
    // SAFETY: the launcher is single-threaded: no lock can be held by a thread that the child lacks.
    match check(unsafe { libc::fork() }.into())? {
        0 => Ok(Side::Child),
        pid => Ok(Side::Parent(pid as i32)),
    }
}

/// A descriptor that becomes readable when process `pid`, a child of ours, is gone.
pub fn pidfd_open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: integers only.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the call has just returned this descriptor to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Sends `SIGKILL`; a process that is already gone is no error.
pub fn kill(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null `siginfo_t` is allowed, the rest are integers.
    match check(unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), libc::SIGKILL, none, 0)
    }) {
        Err(error) if error.raw_os_error() != Some(libc::ESRCH) => Err(error),
        _ => Ok(()),
    }
}

/// What a child and its waited-for descendants used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// User and system time.
    pub cpu: Duration,
    /// Largest resident size of one of them, in bytes.
    pub largest: u64,
}

/// Waits for a child (`-1`: any); returns its id and raw status.
pub fn wait(pid: i32) -> io::Result<(i32, i32)> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is a valid place for the answer.
        match check(unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) }.into()) {
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => {}
            other => return other.map(|pid| (pid as i32, status)),
        }
    }
}

/// What all reaped children used.
pub fn usage_of_children() -> Usage {
    // SAFETY: all-zero is a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a valid place for the answer. The call cannot fail with these arguments.
    unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage) };
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    Usage { cpu: time(usage.ru_utime) + time(usage.ru_stime), largest: usage.ru_maxrss as u64 * 1024 }
}

/// Closes every descriptor from `first` on.
pub fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: called where no live `OwnedFd` is at or above `first`.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) })?;
    Ok(())
}

/// Marks every descriptor from `first` on as closed on exec.
pub fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: changes a flag of descriptors, closes none.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) })?;
    Ok(())
}

/// Takes standard input over as an owned descriptor above 2, closed on exec.
pub fn take_stdin() -> io::Result<OwnedFd> {
    // SAFETY: integers only.
    let fd = check(unsafe { libc::fcntl(0, libc::F_DUPFD_CLOEXEC, 3) }.into())?;
    // SAFETY: the call has just returned this descriptor to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Makes `number` (0, 1 or 2) a copy of `fd`.
pub fn replace_standard(number: i32, fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: standard descriptors are owned by nobody in the launcher.
    check(unsafe { libc::dup2(fd.as_raw_fd(), number) }.into())?;
    Ok(())
}

/// Empties the bounding and ambient sets, then all others. Cannot be undone.
pub fn drop_capabilities() -> io::Result<()> {
    for capability in 0..64 {
        // SAFETY: integers only.
        let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        match check(dropped.into()) {
            // The first number that the kernel does not know ends the list.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) && capability > 0 => break,
            other => other?,
        };
    }
    // SAFETY: integers only.
    check(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) }.into())?;
    /// `_LINUX_CAPABILITY_VERSION_3`, 64-bit sets in two halves.
    const VERSION: u32 = 0x2008_0522;
    let header: [u32; 2] = [VERSION, 0];
    let none: [u32; 6] = [0; 6];
    // SAFETY: header and data have the layout of version 3 and outlive the call.
    check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) })?;
    Ok(())
}

/// Gives every signal its default action and blocks none, as a new program expects.
pub fn reset_signals() -> io::Result<()> {
    for signal in 1..=64 {
        // SAFETY: setting a default action runs no code of ours; refusals (KILL, STOP, the two
        // that libc keeps for itself) leave the default in place, which is what is wanted.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    nix::sys::signal::SigSet::empty().thread_set_mask()?;
    Ok(())
}

/// Lowers a resource limit, soft and hard, to `value` (or to the present hard limit, if less).
pub fn lower_limit(resource: nix::sys::resource::Resource, value: u64) -> io::Result<()> {
    let (_, hard) = nix::sys::resource::getrlimit(resource)?;
    let value = value.min(hard);
    Ok(nix::sys::resource::setrlimit(resource, value, value)?)
}

/// Ends this process at once, running nothing on the way out.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: never returns.
    unsafe { libc::_exit(code) }
}
