//! Tries to get out of the sandbox it runs in, one documented attempt at a time.
//!
//! Each attempt runs in a process of its own and is judged by what it achieved, not by how it was
//! refused. `escape-probe` prints one JSON object per attempt; with `--control` only those that
//! any user can do where there is no sandbox, which shows that the attempts themselves work.
//! Nothing here does harm where it succeeds: it opens, asks and connects, and takes it back.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used)]

mod files;
mod kernel;
mod limits;
mod network;
mod processes;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::FromRawFd;

/// What the host has prepared, as given on the command line.
pub struct Host {
    /// Port of a TCP listener on the host's 127.0.0.1.
    pub port: u16,
    /// A directory of the host, readable by all, with `secret` and the listening `socket` in it.
    pub directory: String,
    /// Name of a listening abstract socket of the host.
    pub abstract_name: String,
    /// A process of the host with the same user where that is possible.
    pub pid: i32,
    /// Key of a System V shared memory segment of the host.
    pub shm_key: i32,
    /// Name of a file in the host's `/dev/shm`.
    pub shm_name: String,
    /// Descriptors that were open when the probe started.
    pub descriptors: Vec<String>,
}

/// Whether an attempt achieved what it tried, and the evidence.
pub enum Verdict {
    /// It did not: the reason.
    Stopped(String),
    /// It did: what it got.
    Escaped(String),
}

/// One way to try to get out.
pub struct Attempt {
    /// Stable name.
    pub name: &'static str,
    /// What it tries.
    pub tries: &'static str,
    /// Any user can do it where there is no sandbox.
    pub control: bool,
    /// Tries it.
    pub run: fn(&Host) -> Verdict,
}

/// Shorthand of the tables.
pub const fn attempt(name: &'static str, tries: &'static str, run: fn(&Host) -> Verdict) -> Attempt {
    Attempt { name, tries, control: false, run }
}

/// An [`attempt`] that succeeds outside.
pub const fn control(name: &'static str, tries: &'static str, run: fn(&Host) -> Verdict) -> Attempt {
    Attempt { name, tries, control: true, run }
}

/// Judges a C result: not negative is a success.
pub fn call(result: impl Into<i64>) -> Verdict {
    let result = result.into();
    if result < 0 { Verdict::Stopped(last()) } else { Verdict::Escaped(format!("returned {result}")) }
}

/// Judges an IO result.
pub fn io<T>(result: io::Result<T>) -> Verdict {
    match result {
        Ok(_) => Verdict::Escaped("succeeded".into()),
        Err(error) => Verdict::Stopped(name_of(&error)),
    }
}

/// Judges by a condition.
pub fn when(escaped: bool, detail: impl Into<String>) -> Verdict {
    if escaped { Verdict::Escaped(detail.into()) } else { Verdict::Stopped(detail.into()) }
}

/// Name of the last error, e.g. `EPERM`.
pub fn last() -> String {
    format!("{:?}", nix::errno::Errno::last())
}

/// Name of an error, e.g. `EPERM`.
pub fn name_of(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("{:?}", nix::errno::Errno::from_raw(number)),
        None => format!("{:?}", error.kind()),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--still-confined") => return files::still_confined(&arguments[2]),
        Some("--effective-user") => return println!("{}", nix::unistd::geteuid()),
        _ => {}
    }
    let host = host(&arguments);
    let controls_only = arguments.iter().any(|argument| argument == "--control");
    let all = [files::ATTEMPTS, processes::ATTEMPTS, kernel::ATTEMPTS, network::ATTEMPTS, limits::ATTEMPTS];
    for attempt in all.iter().flat_map(|table| table.iter()) {
        if attempt.control || !controls_only {
            let (escaped, detail) = isolated(attempt, &host);
            println!(
                "{}",
                serde_json::json!({
                    "name": attempt.name, "tries": attempt.tries, "escaped": escaped, "detail": detail
                })
            );
        }
    }
}

fn host(arguments: &[String]) -> Host {
    let value = |key: &str| {
        let prefix = format!("{key}=");
        arguments.iter().find_map(|argument| argument.strip_prefix(&prefix)).unwrap_or_default().to_owned()
    };
    let descriptors = std::fs::read_dir("/proc/self/fd").map(|entries| {
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let known = |name: &String| ["0", "1", "2"].contains(&name.as_str());
        // The directory being read is open too; it is gone by the time its link is read again.
        names.filter(|name| !known(name)).collect::<Vec<_>>()
    });
    let mut descriptors = descriptors.unwrap_or_default();
    descriptors.retain(|name| std::fs::read_link(format!("/proc/self/fd/{name}")).is_ok());
    Host {
        port: value("port").parse().unwrap_or(1),
        directory: value("directory"),
        abstract_name: value("abstract"),
        pid: value("pid").parse().unwrap_or(i32::MAX),
        shm_key: value("shm-key").parse().unwrap_or(-1),
        shm_name: value("shm-name"),
        descriptors,
    }
}

/// Runs one attempt in a process of its own, for at most 20 seconds.
fn isolated(attempt: &Attempt, host: &Host) -> (bool, String) {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for the two descriptors; this process has one thread.
    let child = unsafe {
        libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC);
        libc::fork()
    };
    // SAFETY: both descriptors have just been made and belong to nobody else.
    let (mut read, mut write) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
    if child == 0 {
        // SAFETY: integers only.
        unsafe { libc::alarm(20) };
        drop(read);
        let (mark, detail) = match (attempt.run)(host) {
            Verdict::Stopped(detail) => ('-', detail),
            Verdict::Escaped(detail) => ('+', detail),
        };
        let _ = write.write_all(format!("{mark}{detail}").as_bytes());
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    drop(write);
    let mut text = String::new();
    let _ = read.read_to_string(&mut text);
    let mut status = 0;
    // SAFETY: `status` is a valid place for the answer.
    unsafe { libc::waitpid(child, &raw mut status, libc::__WALL) };
    match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(detail), _) => (true, detail.to_owned()),
        (_, Some(detail)) => (false, detail.to_owned()),
        _ if libc::WIFSIGNALED(status) => {
            let signal = libc::WTERMSIG(status);
            // Being killed by the filter or by a limit stops an attempt; anything else is a
            // broken attempt and must be noticed.
            let by_design = [libc::SIGSYS, libc::SIGKILL, libc::SIGXFSZ].contains(&signal);
            let name = nix::sys::signal::Signal::try_from(signal).map_or("a signal", |s| s.as_str());
            (!by_design, format!("killed by {name}"))
        }
        _ => (true, "the attempt ended without a verdict".into()),
    }
}
