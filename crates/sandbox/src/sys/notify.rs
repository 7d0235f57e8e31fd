//! Observing system calls by seccomp user notification (`seccomp_unotify(2)`).
//!
//! The filter is written by hand because seccompiler cannot express the notify action.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::check;

/// `AUDIT_ARCH_*` of this machine, from `linux/audit.h`.
#[cfg(target_arch = "x86_64")]
pub const ARCH: u32 = 0xc000_003e;
/// `AUDIT_ARCH_*` of this machine, from `linux/audit.h`.
#[cfg(target_arch = "aarch64")]
pub const ARCH: u32 = 0xc000_00b7;

/// `SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV` (Linux 5.19): only fatal signals interrupt the call
/// while we look at it.
const WAIT_KILLABLE: libc::c_ulong = 1 << 5;
/// `SECCOMP_IOCTL_NOTIF_SET_FLAGS` (Linux 6.6).
const SET_FLAGS: libc::c_ulong = 0x4008_2104;
/// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`: hand the processor straight over and back.
const SYNC_WAKE_UP: u64 = 1;
/// `SECCOMP_IOCTL_NOTIF_RECV`.
const RECEIVE: libc::c_ulong = 0xc050_2100;
/// `SECCOMP_IOCTL_NOTIF_SEND`.
const SEND: libc::c_ulong = 0xc018_2101;

/// Installs a filter that reports `calls` (at most 200) and lets everything pass; returns the
/// descriptor on which they are reported.
pub fn install(calls: &[libc::c_long]) -> io::Result<OwnedFd> {
    let mut program = program(calls);
    let header = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    let install = |flags: libc::c_ulong| {
        // SAFETY: `header` points to `program`, both outlive the call; no_new_privs is set.
        check(unsafe {
            libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const header)
        })
    };
    let listener = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as libc::c_ulong;
    let fd = match install(listener | WAIT_KILLABLE) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => install(listener)?,
        other => other?,
    };
    // SAFETY: the call has just returned this descriptor to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

fn program(calls: &[libc::c_long]) -> Vec<libc::sock_filter> {
    let op = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = |offset: u32| op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset);
    let equal = |k: u32, jt: u8, jf: u8| op(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, jt, jf, k);
    let answer = |k: u32| op(libc::BPF_RET | libc::BPF_K, 0, 0, k);
    let count = calls.len() as u8;
    // `struct seccomp_data`: nr at 0, arch at 4. Foreign ABIs are left to the filter that kills them.
    let mut program = vec![load(4), equal(ARCH, 0, count + 1), load(0)];
    for (index, call) in calls.iter().enumerate() {
        program.push(equal(*call as u32, count - index as u8, 0));
    }
    program.push(answer(libc::SECCOMP_RET_ALLOW));
    program.push(answer(libc::SECCOMP_RET_USER_NOTIF));
    program
}

/// One reported call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    id: u64,
    /// Process (thread) id as seen from here.
    pub pid: u32,
    /// System call number.
    pub number: libc::c_long,
    /// Its arguments.
    pub args: [u64; 6],
}

/// Asks for faster switching between the observed and us; older kernels do without.
pub fn prefer_sync_wake_up(listener: BorrowedFd<'_>) {
    // SAFETY: this request takes its flags by value.
    unsafe { libc::ioctl(listener.as_raw_fd(), SET_FLAGS as _, SYNC_WAKE_UP) };
}

/// Takes the next reported call; `None` when it is already over.
pub fn receive(listener: BorrowedFd<'_>) -> io::Result<Option<Call>> {
    // SAFETY: all-zero is a valid, and the required, initial value.
    let mut notice: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: this request writes a `seccomp_notif`, which `notice` is.
    let got = check(unsafe { libc::ioctl(listener.as_raw_fd(), RECEIVE as _, &raw mut notice) }.into());
    match got {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINTR | libc::ENOENT)) => Ok(None),
        Err(error) => Err(error),
        Ok(_) => Ok(Some(Call {
            id: notice.id,
            pid: notice.pid,
            number: notice.data.nr.into(),
            args: notice.data.args,
        })),
    }
}

/// Lets a reported call happen as if nobody had looked. A caller that has died is no error.
pub fn let_pass(listener: BorrowedFd<'_>, call: &Call) {
    let flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
    let mut answer = libc::seccomp_notif_resp { id: call.id, val: 0, error: 0, flags };
    // SAFETY: this request reads a `seccomp_notif_resp`, which `answer` is.
    unsafe { libc::ioctl(listener.as_raw_fd(), SEND as _, &raw mut answer) };
}
