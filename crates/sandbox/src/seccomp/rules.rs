//! Calls that are harmless or not depending on their arguments.

use std::collections::BTreeMap;

use libc::{
    AF_INET, AF_INET6, AF_UNIX, IPPROTO_TCP, IPPROTO_UDP, O_CREAT, O_TMPFILE, S_IFBLK, S_IFCHR, S_IFMT,
    S_ISGID, S_ISUID, SOCK_DGRAM, SOCK_STREAM,
};
use seccompiler::SeccompCmpArgLen::Dword;
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{BackendError, SeccompCmpOp, SeccompCondition, SeccompRule};

/// Rules by call: one rule that holds, with all its conditions, is enough.
pub type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Every flag of `clone` that makes a namespace (`CLONE_NEWTIME` does not exist for it).
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// Bits that make a file run as its owner. A step that could set them would leave, in its work
/// directory, a program by which other users of the host become the one who ran the step.
const SET_ID: [u32; 2] = [S_ISUID, S_ISGID];

/// Execution domains that change nothing but what the kernel calls itself, and the question for
/// the present one.
const PERSONALITIES: [u32; 5] = [0, 0x0008, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// Terminal requests that put characters into someone's input, or take the console over.
const TERMINAL_INJECTION: [u32; 4] =
    [libc::TIOCSTI as u32, libc::TIOCLINUX as u32, libc::TIOCCONS as u32, libc::TIOCSETD as u32];

/// `PR_SET_MM`: moves the borders of one's own memory map, as seen in `/proc`.
const PR_SET_MM: u32 = 35;

/// Arguments that are refused; other arguments of these calls are allowed.
pub fn refused() -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    rules.insert(libc::SYS_clone, each(NAMESPACES.map(|flag| [has(0, flag as u32)]))?);
    rules.insert(libc::SYS_ioctl, each(TERMINAL_INJECTION.map(|request| [is(1, Eq, request)]))?);
    rules.insert(libc::SYS_prctl, vec![all([is(0, Eq, PR_SET_MM)])?]);
    rules.insert(libc::SYS_personality, vec![all(PERSONALITIES.map(|p| is(0, Ne, p)))?]);
    rules.insert(libc::SYS_seccomp, vec![all([has(1, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as u32)])?]);
    rules.insert(libc::SYS_socket, sockets()?);
    rules.insert(libc::SYS_socketpair, vec![all([is(0, Ne, AF_UNIX as u32)])?]);
    for (call, argument) in CHMODS {
        rules.insert(*call, each(SET_ID.map(|bit| [has(*argument, bit)]))?);
    }
    for (call, argument) in MKNODS {
        let mut bad = each([S_IFCHR, S_IFBLK].map(|kind| [masked(*argument, S_IFMT, kind)]))?;
        bad.extend(each(SET_ID.map(|bit| [has(*argument, bit)]))?);
        rules.insert(*call, bad);
    }
    for (call, flags) in OPENS {
        let mut bad = Vec::new();
        for creates in [O_CREAT, O_TMPFILE & !libc::O_DIRECTORY] {
            bad.extend(each(SET_ID.map(|bit| [has(*flags, creates as u32), has(*flags + 1, bit)]))?);
        }
        rules.insert(*call, bad);
    }
    Ok(rules)
}

/// Unix sockets of any kind; internet sockets for TCP and UDP only, so that no other protocol's
/// code is reached or loaded.
fn sockets() -> Result<Vec<SeccompRule>, BackendError> {
    let internet = || is(0, Ne, AF_UNIX as u32);
    let families = [AF_UNIX, AF_INET, AF_INET6].map(|family| is(0, Ne, family as u32));
    let protocols = [0, IPPROTO_TCP, IPPROTO_UDP].map(|protocol| is(2, Ne, protocol as u32));
    let [ip, tcp, udp] = protocols;
    let mut rules = vec![all(families)?, all([internet(), ip, tcp, udp])?];
    // The kind is in the low four bits, flags are above.
    for kind in (0..16).filter(|kind| ![SOCK_STREAM, SOCK_DGRAM].contains(kind)) {
        rules.push(all([internet(), masked(1, 0xf, kind as u32)])?);
    }
    Ok(rules)
}

/// Calls that set permission bits, and which argument has them.
#[cfg(target_arch = "x86_64")]
const CHMODS: &[(i64, u8)] = &[
    (libc::SYS_chmod, 1),
    (libc::SYS_fchmod, 1),
    (libc::SYS_fchmodat, 2),
    (SYS_FCHMODAT2, 2),
    (libc::SYS_creat, 1),
];
/// Calls that set permission bits, and which argument has them.
#[cfg(not(target_arch = "x86_64"))]
const CHMODS: &[(i64, u8)] = &[(libc::SYS_fchmod, 1), (libc::SYS_fchmodat, 2), (SYS_FCHMODAT2, 2)];

/// Linux 6.6; the same number on both architectures.
const SYS_FCHMODAT2: i64 = 452;

/// Calls that create nodes, and which argument has kind and permission bits.
#[cfg(target_arch = "x86_64")]
const MKNODS: &[(i64, u8)] = &[(libc::SYS_mknod, 1), (libc::SYS_mknodat, 2)];
/// Calls that create nodes, and which argument has kind and permission bits.
#[cfg(not(target_arch = "x86_64"))]
const MKNODS: &[(i64, u8)] = &[(libc::SYS_mknodat, 2)];

/// Calls that open and may create; which argument has the flags (the permission bits follow).
/// `openat2` keeps both in memory where no filter can see them, so it is not on the allow-list.
#[cfg(target_arch = "x86_64")]
const OPENS: &[(i64, u8)] = &[(libc::SYS_open, 1), (libc::SYS_openat, 2)];
/// Calls that open and may create; which argument has the flags (the permission bits follow).
#[cfg(not(target_arch = "x86_64"))]
const OPENS: &[(i64, u8)] = &[(libc::SYS_openat, 2)];

type Condition = Result<SeccompCondition, BackendError>;

fn is(argument: u8, op: SeccompCmpOp, value: u32) -> Condition {
    SeccompCondition::new(argument, Dword, op, value.into())
}

fn masked(argument: u8, mask: u32, value: u32) -> Condition {
    SeccompCondition::new(argument, Dword, MaskedEq(mask.into()), value.into())
}

/// The argument has all bits of `bits`.
fn has(argument: u8, bits: u32) -> Condition {
    masked(argument, bits, bits)
}

fn all<const N: usize>(conditions: [Condition; N]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
}

fn each<const N: usize, const M: usize>(
    rules: [[Condition; N]; M],
) -> Result<Vec<SeccompRule>, BackendError> {
    rules.into_iter().map(all).collect()
}
