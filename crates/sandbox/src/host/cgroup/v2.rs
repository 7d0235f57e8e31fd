//! Version 2: one hierarchy; needs root or a delegated group.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::mounts::{Mounts, controllers};
use super::{Made, Memory, make_one};
use crate::Limits;

/// Period of the processor quota, in microseconds.
const PERIOD: u64 = 100_000;

/// Makes one group with every limit asked for.
pub fn make(mounts: &Mounts, name: &str, pid: u32, limits: &Limits) -> io::Result<Made> {
    let needed = needed(limits);
    let parent = parent(mounts, &needed)?;
    let directory = parent.join(name);
    let mut settings = Vec::new();
    if let Some(bytes) = limits.memory_bytes {
        settings.push(("memory.max", bytes.to_string()));
        // A kernel without swap accounting has no such file, and nothing to limit.
        if Path::new("/proc/swaps").exists() && swap_accounted(&parent) {
            settings.push(("memory.swap.max", "0".into()));
        }
    }
    if let Some(processes) = limits.processes {
        settings.push(("pids.max", processes.saturating_add(2).to_string()));
    }
    if let Some(percent) = limits.cpu_percent {
        settings.push(("cpu.max", format!("{} {PERIOD}", u64::from(percent) * PERIOD / 100)));
    }
    settings.push(("cgroup.procs", pid.to_string()));
    make_one(&directory, &settings)?;
    let memory = Memory { peak: directory.join("memory.peak"), events: directory.join("memory.events") };
    Ok(Made { directories: vec![directory], memory: Some(memory) })
}

fn swap_accounted(parent: &Path) -> bool {
    // The root group has no limit files at all; its children are like every other group.
    parent.join("memory.swap.max").exists() || !parent.join("memory.max").exists()
}

fn needed(limits: &Limits) -> Vec<&'static str> {
    [
        ("memory", limits.memory_bytes.is_some()),
        ("pids", limits.processes.is_some()),
        ("cpu", limits.cpu_percent.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, wanted)| wanted.then_some(name))
    .collect()
}

/// A group whose children have the controllers: our own, else (a group with processes in it
/// cannot have limited children) the one that we are in side by side with.
fn parent(mounts: &Mounts, needed: &[&str]) -> io::Result<PathBuf> {
    let Some((top, own)) = &mounts.unified else { return Err(io::Error::other("not mounted")) };
    let mut candidates = vec![own.clone()];
    if let Some(above) = own.parent().filter(|above| above.starts_with(top)) {
        candidates.push(above.to_owned());
    }
    for candidate in candidates {
        let request: Vec<String> = needed.iter().map(|name| format!("+{name}")).collect();
        if !has(&candidate, needed) {
            let _ = fs::write(candidate.join("cgroup.subtree_control"), request.join(" "));
        }
        if has(&candidate, needed) && nix::unistd::access(&candidate, nix::unistd::AccessFlags::W_OK).is_ok()
        {
            return Ok(candidate);
        }
    }
    Err(io::Error::other(format!("{} is not delegated to this user", own.display())))
}

fn has(group: &Path, needed: &[&str]) -> bool {
    let enabled = controllers(group, "cgroup.subtree_control");
    needed.iter().all(|name| enabled.split_whitespace().any(|have| have == *name))
}
