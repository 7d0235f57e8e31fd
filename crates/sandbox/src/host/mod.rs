//! The caller's side: starts the launcher, limits it, observes it, follows it to its end.

pub mod address;
pub mod cgroup;
pub mod observe;
pub mod probe;
pub mod running;
pub mod spawn;
pub mod work_dir;
