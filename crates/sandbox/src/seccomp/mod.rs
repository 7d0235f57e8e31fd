//! The system call filters: an allow-list, and names for what is refused on purpose.
//!
//! A call is allowed when [`allow`] has it and its arguments pass [`rules`]. Everything else
//! answers `ENOSYS`, as on a kernel that does not have it, so that programs fall back to what
//! they know; the well-known dangerous ones ([`refuse`]) answer `EPERM`. Another architecture's
//! system calls end the process.

mod allow;
mod refuse;
mod rules;

use std::collections::BTreeMap;

use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch};

use crate::Trace;

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

/// The filters, in the order they are installed.
pub fn filters() -> Result<[BpfProgram; 2], BackendError> {
    let mut allowed: BTreeMap<i64, Vec<SeccompRule>> = allow::CALLS.iter().map(|nr| (*nr, vec![])).collect();
    allowed.extend(rules::conditional()?);
    let allowed = SeccompFilter::new(
        allowed,
        SeccompAction::Errno(libc::ENOSYS as u32),
        SeccompAction::Allow,
        ARCH,
    )?;
    // Installed last: of two refusals the newer filter's error number counts. What the rules
    // refuse for its arguments is listed with the opposite condition there.
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = refuse::CALLS.iter().map(|nr| (*nr, vec![])).collect();
    refused.extend(rules::refused()?);
    let refused =
        SeccompFilter::new(refused, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32), ARCH)?;
    Ok([allowed.try_into()?, refused.try_into()?])
}

/// The calls that are reported for a kind of trace.
pub fn observed(trace: Trace) -> Option<&'static [libc::c_long]> {
    match trace {
        Trace::Off => None,
        Trace::Processes => Some(&[libc::SYS_execve, libc::SYS_execveat, libc::SYS_connect]),
        #[cfg(target_arch = "x86_64")]
        Trace::Files => Some(&[
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_connect,
            libc::SYS_openat,
            libc::SYS_open,
            libc::SYS_creat,
        ]),
        #[cfg(not(target_arch = "x86_64"))]
        Trace::Files => {
            Some(&[libc::SYS_execve, libc::SYS_execveat, libc::SYS_connect, libc::SYS_openat])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_both_allowed_and_refused() {
        let conditional = rules::conditional().unwrap();
        for call in refuse::CALLS {
            assert!(!allow::CALLS.contains(call) && !conditional.contains_key(call), "call {call}");
        }
        for call in conditional.keys() {
            assert!(!allow::CALLS.contains(call), "call {call} is allowed without its rule");
        }
        for trace in [Trace::Processes, Trace::Files] {
            for call in observed(trace).unwrap() {
                assert!(allow::CALLS.contains(call) || conditional.contains_key(call), "call {call}");
            }
        }
    }

    #[test]
    fn both_filters_compile_to_what_the_kernel_accepts() {
        for program in filters().unwrap() {
            assert!(program.len() < 4096);
        }
    }
}
