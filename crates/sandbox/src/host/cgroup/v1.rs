//! Version 1: one hierarchy per controller; needs root.

use std::io;

use super::mounts::Mounts;
use super::{Made, Memory, make_one};
use crate::Limits;

/// Period of the processor quota, in microseconds.
const PERIOD: u64 = 100_000;

/// Makes one group for each limit asked for.
pub fn make(mounts: &Mounts, name: &str, pid: u32, limits: &Limits) -> io::Result<Made> {
    let mut made = Made { directories: Vec::new(), memory: None };
    let wanted = [
        ("memory", "memory.limit_in_bytes", limits.memory_bytes),
        ("pids", "pids.max", limits.processes.map(|processes| processes.saturating_add(2))),
        ("cpu", "cpu.cfs_quota_us", limits.cpu_percent.map(|percent| u64::from(percent) * PERIOD / 100)),
    ];
    for (controller, file, value) in wanted {
        let Some(value) = value else { continue };
        let result = match mounts.controllers.get(controller) {
            Some(own) => {
                let directory = own.join(name);
                let settings = [(file, value.to_string()), ("cgroup.procs", pid.to_string())];
                make_one(&directory, &settings).map(|()| made.directories.push(directory))
            }
            None => Err(io::Error::other(format!("no {controller} controller"))),
        };
        if let Err(error) = result {
            undo(&made);
            return Err(error);
        }
        if controller == "memory"
            && let Some(directory) = made.directories.last()
        {
            made.memory = Some(Memory {
                peak: directory.join("memory.max_usage_in_bytes"),
                events: directory.join("memory.oom_control"),
            });
        }
    }
    Ok(made)
}

/// Groups that the process was moved to can only go when it has gone: it is moved back first.
fn undo(made: &Made) {
    for directory in &made.directories {
        if let (Some(parent), Ok(inside)) =
            (directory.parent(), std::fs::read_to_string(directory.join("cgroup.procs")))
        {
            for pid in inside.lines() {
                let _ = std::fs::write(parent.join("cgroup.procs"), pid);
            }
        }
        let _ = std::fs::remove_dir(directory);
    }
}
