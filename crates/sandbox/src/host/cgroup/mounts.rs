//! Where control groups are mounted, and which of them this process is in.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Directories of the groups that this process is in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mounts {
    /// Version 1, by controller.
    pub controllers: BTreeMap<String, PathBuf>,
    /// Version 2: mount point and our group below it.
    pub unified: Option<(PathBuf, PathBuf)>,
}

impl Mounts {
    /// Whether version 2 is in charge of memory.
    pub fn unified_has_memory(&self) -> bool {
        self.unified
            .as_ref()
            .is_some_and(|(_, own)| controllers(own, "cgroup.controllers").contains("memory"))
    }
}

/// The controllers that a file of a version 2 group lists.
pub fn controllers(group: &Path, file: &str) -> String {
    fs::read_to_string(group.join(file)).unwrap_or_default()
}

/// Reads both tables of this process.
pub fn read() -> io::Result<Mounts> {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    let own = fs::read_to_string("/proc/self/cgroup")?;
    Ok(parse(&table, &own))
}

/// Joins `/proc/self/mountinfo` and `/proc/self/cgroup` (`proc(5)`, `cgroups(7)`).
fn parse(table: &str, own: &str) -> Mounts {
    let mut groups: BTreeMap<&str, &str> = BTreeMap::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        if let (Some(names), Some(path)) = (fields.next(), fields.next()) {
            groups.extend(names.split(',').map(|name| (name, path)));
        }
    }
    let mut mounts = Mounts::default();
    for line in table.lines() {
        let Some((place, kind)) = line.split_once(" - ") else { continue };
        let mut place = place.split(' ').skip(3);
        let (Some(root), Some(point)) = (place.next(), place.next()) else { continue };
        let mut kind = kind.split(' ');
        let (kind, options) = (kind.next().unwrap_or_default(), kind.nth(1).unwrap_or_default());
        let below = |path: &str| {
            let rest = path.strip_prefix(root.trim_end_matches('/')).unwrap_or("");
            Path::new(point).join(rest.trim_start_matches('/'))
        };
        match kind {
            "cgroup2" => {
                mounts.unified = groups.get("").map(|path| (point.into(), below(path)));
            }
            "cgroup" => {
                for name in options.split(',') {
                    if let Some(path) = groups.get(name) {
                        mounts.controllers.insert(name.to_owned(), below(path));
                    }
                }
            }
            _ => {}
        }
    }
    mounts
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "4:memory:/ours/x\n1:cpu,cpuacct:/\n0::/init.scope\n";

    #[test]
    fn both_versions_side_by_side() {
        let table = "30 20 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                     31 20 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                     32 20 0:28 / /sys/fs/cgroup/unified rw shared:4 - cgroup2 cgroup2 rw\n";
        let mounts = parse(table, OWN);
        assert_eq!(mounts.controllers["memory"], Path::new("/sys/fs/cgroup/memory/ours/x"));
        assert_eq!(mounts.controllers["cpu"], Path::new("/sys/fs/cgroup/cpu/"));
        assert_eq!(mounts.unified.unwrap().1, Path::new("/sys/fs/cgroup/unified/init.scope"));
    }

    #[test]
    fn a_container_sees_its_own_part_as_the_root() {
        let table = "30 20 0:26 /ours/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        assert_eq!(parse(table, OWN).controllers["memory"], Path::new("/sys/fs/cgroup/memory/"));
        assert_eq!(parse("broken", "also"), Mounts::default());
    }
}
