//! The last moments before the command: own session, limits, Landlock, seccomp, `execve`.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::sys::resource::Resource;
use nix::sys::stat::{Mode, umask};

use super::landlock;
use crate::sys::channel::Channel;
use crate::sys::{notify, process};
use crate::wire::{Failure, Report, Stage};
use crate::{Limits, Spec, seccomp};

/// Where programs are looked for when the environment has no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Becomes the command. Returns only when that failed, having reported why; the text is the reason.
pub fn main(spec: &Spec, channel: &Channel) -> String {
    let report = match become_command(spec, channel) {
        Ok(never) => match never {},
        Err(Refused::Setup(failure)) => Report::Failed(failure),
        Err(Refused::Exec(reason)) => Report::NotExecuted(reason),
    };
    let _ = channel.send(&report, &[]);
    "not executed".into()
}

enum Refused {
    Setup(Failure),
    Exec(String),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Setup(failure)
    }
}

fn become_command(spec: &Spec, channel: &Channel) -> Result<Infallible, Refused> {
    // Init is not dumpable and we are its copy; the command owns its /proc/self as usual.
    nix::sys::prctl::set_dumpable(true).stage("own /proc/self")?;
    nix::unistd::setsid().stage("own session")?;
    umask(Mode::from_bits_truncate(0o022));
    // So that the kernel, short of memory, picks the command before its supervisors.
    fs::write("/proc/self/oom_score_adj", "500").stage("prefer the command for the OOM killer")?;
    apply_limits(&spec.limits)?;
    nix::unistd::chdir(&spec.cwd).stage(format!("enter {}", spec.cwd.display()))?;
    let program = find_program(spec).map_err(Refused::Exec)?;
    let argv = c_strings(spec.argv.iter().cloned())?;
    let env = c_strings(spec.env.iter().map(|(name, value)| {
        let mut pair = name.clone();
        pair.push("=");
        pair.push(value);
        pair
    }))?;
    if let Some(warning) = landlock::restrict()? {
        channel.send(&Report::Warning(warning), &[]).stage("report a warning")?;
    }
    process::reset_signals().stage("reset signals")?;
    let filters = seccomp::filters().stage("compile the system call filter")?;
    if let Some(calls) = seccomp::observed(spec.trace) {
        let listener = notify::install(calls).stage("observe system calls")?;
        channel.send(&Report::Observe, &[listener.as_fd()]).stage("hand out the observer")?;
    }
    process::close_on_exec_from(3).stage("close descriptors")?;
    for filter in &filters {
        seccompiler::apply_filter(filter).stage("filter system calls")?;
    }
    match nix::unistd::execve(&program, &argv, &env) {
        Ok(never) => match never {},
        Err(errno) => Err(Refused::Exec(errno.desc().to_owned())),
    }
}

fn apply_limits(limits: &Limits) -> Result<(), Failure> {
    let lower = |resource, value| process::lower_limit(resource, value).stage(format!("limit {resource:?}"));
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_NOFILE, limits.open_files)?;
    lower(Resource::RLIMIT_MEMLOCK, 8 << 20)?;
    lower(Resource::RLIMIT_MSGQUEUE, 1 << 20)?;
    if let Some(bytes) = limits.file_bytes {
        lower(Resource::RLIMIT_FSIZE, bytes)?;
    }
    if let Some(processes) = limits.processes {
        // Counted in our own user namespace, where the launcher and init count too.
        lower(Resource::RLIMIT_NPROC, processes.saturating_add(2))?;
    }
    if let Some(bytes) = limits.memory_bytes {
        // Data, not address space: runtimes reserve far more of that than they ever use.
        lower(Resource::RLIMIT_DATA, bytes)?;
    }
    Ok(())
}

fn find_program(spec: &Spec) -> Result<CString, String> {
    let name = &spec.argv[0];
    if name.as_bytes().contains(&b'/') {
        return to_c(name).map_err(|failure| failure.reason);
    }
    let path = spec.env.iter().find(|(key, _)| key == "PATH").map(|(_, value)| value.as_os_str());
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH));
    let found = std::env::split_paths(path).map(|dir| dir.join(name)).find(executable);
    match found {
        Some(file) => to_c(file.as_os_str()).map_err(|failure| failure.reason),
        None => Err(format!("not found in {}", path.to_string_lossy())),
    }
}

fn executable(file: &PathBuf) -> bool {
    Path::is_file(file) && nix::unistd::access(file, nix::unistd::AccessFlags::X_OK).is_ok()
}

fn c_strings<S: Into<OsString>>(texts: impl Iterator<Item = S>) -> Result<Vec<CString>, Failure> {
    texts.map(|text| CString::new(text.into().into_vec()).stage("read the command line")).collect()
}

fn to_c(text: &OsStr) -> Result<CString, Failure> {
    CString::new(text.as_bytes()).stage("read the command line")
}
