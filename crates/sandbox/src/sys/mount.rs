//! Mounts by descriptor (`open_tree`, `mount_setattr`, `move_mount`; Linux 5.12 and later).
//!
//! A tree is cloned and given its attributes while it is attached nowhere, so there is no moment
//! at which it is visible with too many rights, and no fallback when an attribute is refused.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use super::{c_path, check};

/// Attributes of a mount, from `linux/mount.h`.
#[derive(Clone, Copy, Debug)]
pub struct Attributes(u64);

impl Attributes {
    /// Read-only, no set-user-id, no devices.
    pub const READ_ONLY: Self =
        Self(libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV);
    /// Writable, no set-user-id, no devices.
    pub const WRITABLE: Self = Self(libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV);
    /// A device node: writable, no set-user-id, not executable.
    pub const DEVICE: Self = Self(libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC);
}

/// A mount tree that is attached nowhere yet.
#[derive(Debug)]
pub struct Tree(OwnedFd);

impl Tree {
    /// Clones what is at `path`, with everything mounted below it, cut off from the original
    /// (neither side sees later mounts of the other).
    pub fn clone(path: &Path, attributes: Attributes) -> io::Result<Self> {
        let c = c_path(path)?;
        let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE as u32;
        // SAFETY: `c` is a NUL-terminated string that outlives the call; the rest are integers.
        let fd = check(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, c.as_ptr(), flags) })?;
        // SAFETY: the call has just returned this descriptor to us alone.
        let tree = Self(unsafe { OwnedFd::from_raw_fd(fd as i32) });
        set_attributes(tree.0.as_raw_fd(), c"", libc::AT_EMPTY_PATH | libc::AT_RECURSIVE, attributes.0)?;
        Ok(tree)
    }

    /// Attaches the tree over the existing file or directory `target`.
    pub fn attach(self, target: &Path) -> io::Result<()> {
        let c = c_path(target)?;
        // SAFETY: both strings are NUL-terminated and outlive the call; the rest are integers.
        check(unsafe {
            libc::syscall(
                libc::SYS_move_mount,
                self.0.as_raw_fd(),
                c"".as_ptr(),
                libc::AT_FDCWD,
                c.as_ptr(),
                libc::MOVE_MOUNT_F_EMPTY_PATH,
            )
        })?;
        Ok(())
    }
}

/// Makes the mount at `path` (not those below it) read-only.
pub fn make_read_only(path: &Path) -> io::Result<()> {
    set_attributes(libc::AT_FDCWD, &c_path(path)?, 0, libc::MOUNT_ATTR_RDONLY)
}

fn set_attributes(dir: i32, path: &std::ffi::CStr, flags: i32, set: u64) -> io::Result<()> {
    let attributes =
        libc::mount_attr { attr_set: set, attr_clr: 0, propagation: libc::MS_PRIVATE, userns_fd: 0 };
    // SAFETY: `path` and `attributes` outlive the call and the size passed is that of `attributes`.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            dir,
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })?;
    Ok(())
}
