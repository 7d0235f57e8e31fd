//! What a step writes to its tree, watched while it runs: the kernel bounds each file of a step, but
//! not their sum.
//!
//! Free space of the file system is cheap to ask for and says when to look closer; then the tree is
//! walked, without following links. A step that takes more than its share is ended.

use std::{
    collections::HashSet,
    io,
    os::fd::AsFd,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use nix::sys::{stat::SFlag, statvfs::statvfs};

use crate::cas::at;

/// Between two looks at the free space.
const TICK: Duration = Duration::from_millis(200);
/// Shortest time between two walks when the free space gives no reason.
const REGULAR: Duration = Duration::from_secs(2);
/// Deepest folder that is entered; each level costs a descriptor.
const DEEPEST: u32 = 128;
/// Most names of one folder that are looked at.
const MOST_NAMES: u64 = 4_000_000;
/// A file system with less room than this is full.
const FULL: u64 = 1 << 20;

/// The bound of one step's tree.
pub(super) struct Space {
    tree: PathBuf,
    /// Bytes in it before the step, and bytes it may add.
    before: u64,
    limit: u64,
    /// Free bytes of the file system before the step.
    free: u64,
}

impl Space {
    /// Measures the tree before the step.
    pub(super) fn new(tree: &Path, limit: u64) -> Self {
        let before = Walk::of(tree, u64::MAX).used;
        Self { tree: tree.to_owned(), before, limit, free: free(tree).unwrap_or(0) }
    }

    /// Whether the step has written as much as it may, or more.
    pub(super) fn is_used_up(&self) -> bool {
        let most = self.before.saturating_add(self.limit);
        let walk = Walk::of(&self.tree, most);
        // What the step hides from us still takes room.
        walk.used >= most || (walk.hidden && self.taken() >= self.limit)
    }

    fn taken(&self) -> u64 {
        self.free.saturating_sub(free(&self.tree).unwrap_or(self.free))
    }

    /// Watches until the other side of `ended` is gone; calls `used_up` once, if ever.
    pub(super) fn watch(&self, ended: &Receiver<()>, used_up: &dyn Fn()) {
        let mut last = Instant::now();
        let mut cost = Duration::ZERO;
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            let suspicious = self.taken() >= self.limit / 2;
            // Walking takes at most a tenth of a processor when something is wrong, else a fiftieth.
            let pause = if suspicious { cost * 10 } else { REGULAR.max(cost * 50) };
            if last.elapsed() < pause {
                continue;
            }
            let begun = Instant::now();
            if self.is_used_up() {
                return used_up();
            }
            last = Instant::now();
            cost = begun.elapsed();
        }
    }
}

/// Whether the file system of `path` has no room left to speak of.
pub(super) fn is_full(path: &Path) -> bool {
    free(path).is_some_and(|free| free < FULL)
}

fn free(path: &Path) -> Option<u64> {
    let stat = statvfs(path).ok()?;
    Some(stat.blocks_available().saturating_mul(stat.fragment_size()))
}

/// Sum of the disk space of a tree; ends early at `most`.
struct Walk {
    used: u64,
    most: u64,
    /// Something could not be looked at.
    hidden: bool,
    /// Files with several names count once.
    linked: HashSet<(u64, u64)>,
}

impl Walk {
    fn of(tree: &Path, most: u64) -> Self {
        let mut walk = Self { used: 0, most, hidden: false, linked: HashSet::new() };
        match at::open_root(tree) {
            Ok(root) => walk.folder(&root, 0).unwrap_or_else(|_| walk.hidden = true),
            Err(_) => walk.hidden = true,
        }
        walk
    }

    fn folder(&mut self, folder: impl AsFd, depth: u32) -> io::Result<()> {
        let Some(names) = at::names(&folder, MOST_NAMES)? else {
            self.hidden = true;
            return Ok(());
        };
        for name in names {
            if self.used >= self.most {
                return Ok(());
            }
            // What is gone by now takes no room.
            let Ok(stat) = at::stat(&folder, at::os(&name)) else { continue };
            if stat.st_nlink > 1
                && !is_folder(stat.st_mode)
                && !self.linked.insert((stat.st_dev, stat.st_ino))
            {
                continue;
            }
            let blocks = u64::try_from(stat.st_blocks).unwrap_or(0);
            self.used = self.used.saturating_add(blocks.saturating_mul(512));
            if !is_folder(stat.st_mode) {
                continue;
            }
            match at::open_folder(&folder, at::os(&name)) {
                Ok(inner) if depth < DEEPEST => {
                    self.folder(inner, depth + 1).unwrap_or_else(|_| self.hidden = true)
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                _ => self.hidden = true,
            }
        }
        Ok(())
    }
}

fn is_folder(mode: u32) -> bool {
    SFlag::from_bits_truncate(mode) & SFlag::S_IFMT == SFlag::S_IFDIR
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn counts_files_once_enters_folders_and_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::write(folder.path().join("outside"), vec![1; 1 << 20]).unwrap();
        let space = Space::new(&tree, 300 << 10);
        assert!(!space.is_used_up());
        fs::write(tree.join("a/b/one"), vec![1; 200 << 10]).unwrap();
        for n in 0..5 {
            fs::hard_link(tree.join("a/b/one"), tree.join(format!("a/{n}"))).unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), tree.join("out")).unwrap();
        assert!(!space.is_used_up());
        fs::write(tree.join("two"), vec![1; 200 << 10]).unwrap();
        assert!(space.is_used_up());
    }
}
