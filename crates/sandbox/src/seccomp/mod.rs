//! The system call filters: which calls there are, and which arguments they may have.
//!
//! The first filter answers by number alone: a call on the allow-list ([`allow`], [`rules`])
//! passes, a well-known dangerous one ([`refuse`]) gets `EPERM`, everything else `ENOSYS`, as on
//! a kernel that does not have it, so that programs fall back to what they know. Another
//! architecture's calls end the process. The second filter refuses arguments. Both must agree.

mod allow;
mod list;
mod refuse;
mod rules;

use std::collections::BTreeMap;

use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use crate::Trace;
use list::Answer;

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

/// The filters, in the order they are installed.
pub fn filters() -> Result<[BpfProgram; 2], BackendError> {
    let rules = rules::refused()?;
    let by_number = list::program(&answers(&rules));
    let by_argument =
        SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32), ARCH)?;
    Ok([by_number, by_argument.try_into()?])
}

/// What each known number gets.
fn answers(rules: &rules::Rules) -> BTreeMap<u32, Answer> {
    let allowed = allow::CALLS.iter().chain(rules.keys()).map(|call| (*call as u32, Answer::Allow));
    allowed.chain(refuse::CALLS.iter().map(|call| (*call as u32, Answer::NotPermitted))).collect()
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
        Trace::Files => Some(&[libc::SYS_execve, libc::SYS_execveat, libc::SYS_connect, libc::SYS_openat]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_both_allowed_and_refused() {
        let rules = rules::refused().unwrap();
        for call in refuse::CALLS {
            assert!(!allow::CALLS.contains(call) && !rules.contains_key(call), "call {call}");
        }
        for trace in [Trace::Processes, Trace::Files] {
            for call in observed(trace).unwrap() {
                assert!(allow::CALLS.contains(call) || rules.contains_key(call), "call {call}");
            }
        }
    }

    #[test]
    fn both_filters_stay_small() {
        // They are translated and tried out by the kernel at every start.
        let [by_number, by_argument] = filters().unwrap();
        assert!(by_number.len() < 300, "{}", by_number.len());
        assert!(by_argument.len() < 800, "{}", by_argument.len());
    }
}
