//! Limits on all processes of a sandbox together, by control groups.
//!
//! Our groups are made beside or below the caller's own, never above: a limit that the caller
//! itself is under keeps holding. Where no group can be made, limits per process remain and the
//! outcome says so.

mod mounts;
mod v1;
mod v2;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::Limits;

/// The groups of one sandbox; empty where none are needed or possible.
#[derive(Debug, Default)]
pub struct Group {
    made: Vec<PathBuf>,
    memory: Option<Memory>,
}

/// Where to read about memory.
#[derive(Debug)]
struct Memory {
    peak: PathBuf,
    events: PathBuf,
}

/// What a version of the interface has made.
struct Made {
    directories: Vec<PathBuf>,
    memory: Option<Memory>,
}

impl Group {
    /// Puts process `pid`, and so all its descendants, under `limits`.
    pub fn around(pid: u32, limits: &Limits, warnings: &mut Vec<String>) -> Self {
        let mut group = Self::default();
        let name = format!("proofhouse-{}-{pid}", std::process::id());
        if limits.memory_bytes.is_none() && limits.cpu_percent.is_none() {
            // The number of processes alone is limited as well by RLIMIT_NPROC, which counts in
            // the sandbox's own user namespace.
            return group;
        }
        let made = match mounts::read() {
            Ok(mounts) if mounts.unified_has_memory() => v2::make(&mounts, &name, pid, limits),
            Ok(mounts) => v1::make(&mounts, &name, pid, limits),
            Err(error) => Err(error),
        };
        match made {
            Ok(made) => {
                group.made = made.directories;
                group.memory = made.memory;
            }
            Err(error) => warnings.push(without_groups(limits, &error)),
        }
        group
    }

    /// Highest memory use of all processes together, in bytes.
    pub fn peak_memory(&self) -> Option<u64> {
        let text = fs::read_to_string(&self.memory.as_ref()?.peak).ok()?;
        text.trim().parse().ok()
    }

    /// Whether any process was killed at the memory limit.
    pub fn out_of_memory(&self) -> bool {
        let Some(memory) = &self.memory else { return false };
        let text = fs::read_to_string(&memory.events).unwrap_or_default();
        text.lines().filter_map(|line| line.strip_prefix("oom_kill ")).any(|count| count.trim() != "0")
    }

    /// Removes the groups; their processes must be gone.
    pub fn remove(&mut self, warnings: &mut Vec<String>) {
        for directory in self.made.drain(..).rev() {
            if let Err(error) = remove_patiently(&directory) {
                warnings.push(format!("could not remove {}: {error}", directory.display()));
            }
        }
    }
}

/// The kernel lets go of a group a moment after its last process has ended.
fn remove_patiently(directory: &Path) -> io::Result<()> {
    for pause in 0..10 {
        match fs::remove_dir(directory) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                thread::sleep(Duration::from_millis(1 << pause));
            }
            other => return other,
        }
    }
    fs::remove_dir(directory)
}

fn without_groups(limits: &Limits, error: &io::Error) -> String {
    let mut left = Vec::new();
    if limits.memory_bytes.is_some() {
        left.push("memory is limited for each process, not for all together");
    }
    if limits.cpu_percent.is_some() {
        left.push("processor time is not limited");
    }
    format!("no control group could be made ({error}): {}", left.join("; "))
}

/// Makes one directory and writes its settings, the process last; removes it when one fails.
fn make_one(directory: &Path, settings: &[(&str, String)]) -> io::Result<()> {
    let named =
        |path: &Path, error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    fs::create_dir(directory).map_err(|error| named(directory, error))?;
    for (file, value) in settings {
        let path = directory.join(file);
        if let Err(error) = fs::write(&path, value) {
            let _ = fs::remove_dir(directory);
            return Err(named(&path, error));
        }
    }
    Ok(())
}
