//! Who the command is: a powerless host user, alone in its own user namespace.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, getgid, getuid, setgroups, setresgid, setresuid};

use crate::Identity;
use crate::wire::{Failure, Stage};

/// User and group id inside.
pub const INSIDE_ID: u32 = 1000;

/// Stops being root, for good. A user namespace alone would not do: its processes would still be
/// root to every host file that a mount makes reachable.
pub fn drop_root(identity: Identity) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(identity.uid), Gid::from_raw(identity.gid));
    setgroups(&[]).stage("drop supplementary groups")?;
    setresgid(gid, gid, gid).stage("drop group")?;
    setresuid(uid, uid, uid).stage("drop user")?;
    // Changing identity has given our /proc entries to root; the id maps are written through them.
    nix::sys::prctl::set_dumpable(true).stage("own /proc/self again")
}

/// Leaves every namespace of the host (the pid namespace takes effect for the next child).
pub fn enter_namespaces() -> Result<(), Failure> {
    let (uid, gid) = (getuid(), getgid());
    let all = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    unshare(all).stage("create namespaces")?;
    fs::write("/proc/self/setgroups", "deny").stage("deny setgroups")?;
    fs::write("/proc/self/uid_map", format!("{INSIDE_ID} {uid} 1")).stage("map user")?;
    fs::write("/proc/self/gid_map", format!("{INSIDE_ID} {gid} 1")).stage("map group")
}
