//! The new root: a small read-only tmpfs with the host's trees attached, `/proc`, `/dev`, `/tmp`.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::identity::INSIDE_ID;
use super::trees::{Part, Parts};
use crate::Limits;
use crate::sys::mount::{Attributes, Tree, make_read_only};
use crate::wire::{Failure, Stage};

/// Where the new root is put together before it becomes the root; exists on every system.
const STAGING: &str = "/tmp";

/// Files of `/proc` that tell about, or act on, the whole machine: they cannot be opened (what
/// covers them is a device on a mount without devices).
const MASKED_FILES: [&str; 25] = [
    "/proc/cmdline",
    "/proc/config.gz",
    "/proc/interrupts",
    "/proc/iomem",
    "/proc/ioports",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/kpagecgroup",
    "/proc/kpagecount",
    "/proc/kpageflags",
    "/proc/latency_stats",
    "/proc/locks",
    "/proc/modules",
    "/proc/mtrr",
    "/proc/pagetypeinfo",
    "/proc/sched_debug",
    "/proc/slabinfo",
    "/proc/softirqs",
    "/proc/sysrq-trigger",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/vmallocinfo",
];

/// Directories of `/proc` about hardware and drivers: shown empty.
const MASKED_DIRECTORIES: [&str; 11] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/bus",
    "/proc/dma-mappings",
    "/proc/driver",
    "/proc/dynamic_debug",
    "/proc/fs",
    "/proc/irq",
    "/proc/pressure",
    "/proc/scsi",
    "/proc/tty",
];

/// Builds the new root and makes it the only one.
pub fn enter(parts: Parts, limits: &Limits) -> Result<(), Failure> {
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).stage("cut mount propagation")?;
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    tmpfs(STAGING, plain, "mode=755,size=4m,nr_inodes=4096")?;
    // Before the old /proc goes out of sight: the kernel asks for a visible one to copy its rights.
    let proc = Path::new(STAGING).join("proc");
    fs::create_dir(&proc).stage("create /proc")?;
    let flags = plain | MsFlags::MS_NOEXEC;
    mount(Some("proc"), &proc, Some("proc"), flags, Some("hidepid=invisible")).stage("mount /proc")?;
    pivot_into(STAGING)?;

    // From here on every path is one inside: a link in a mounted tree cannot lead to the host.
    memory_file_systems(limits)?;
    for part in parts.mounts {
        attach(part)?;
    }
    for (name, target) in parts.links {
        symlink(target, &name).stage(format!("link {}", name.display()))?;
    }
    mask_proc()?;
    write_etc()?;
    link_dev()?;
    make_read_only(Path::new("/dev")).stage("make /dev read-only")?;
    make_read_only(Path::new("/")).stage("make / read-only")
}

fn tmpfs(at: &str, flags: MsFlags, options: &str) -> Result<(), Failure> {
    mount(Some("tmpfs"), at, Some("tmpfs"), flags, Some(options)).stage(format!("mount a tmpfs at {at}"))
}

/// Stacks the old root on the new one's place, then lets go of it: no directory of it is left.
fn pivot_into(new: &str) -> Result<(), Failure> {
    nix::unistd::chdir(new).stage("enter the new root")?;
    nix::unistd::pivot_root(".", ".").stage("change the root")?;
    umount2(".", MntFlags::MNT_DETACH).stage("let go of the old root")?;
    nix::unistd::chdir("/").stage("enter the new root")
}

fn memory_file_systems(limits: &Limits) -> Result<(), Failure> {
    for directory in ["/dev", "/tmp", "/etc", "/run", "/var", crate::WORK] {
        fs::create_dir(directory).stage(format!("create {directory}"))?;
    }
    symlink("/tmp", "/var/tmp").stage("link /var/tmp")?;
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    tmpfs("/tmp", plain, &sized(limits.tmp_bytes))?;
    // Without nodev: the device nodes are mounts of their own here.
    tmpfs("/dev", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "mode=755,size=64k,nr_inodes=64")?;
    fs::create_dir("/dev/shm").stage("create /dev/shm")?;
    tmpfs("/dev/shm", plain | MsFlags::MS_NOEXEC, &sized(limits.tmp_bytes / 4))
}

/// Files cost memory too: one inode per 4 KiB of size, within sensible bounds.
fn sized(bytes: u64) -> String {
    // A size of zero would mean no limit.
    let bytes = bytes.max(4096);
    format!("mode=1777,size={bytes},nr_inodes={}", (bytes / 4096).clamp(256, 1 << 20))
}

fn attach(part: Part) -> Result<(), Failure> {
    let name = part.inside.display().to_string();
    if !part.inside.exists() {
        if part.directory {
            fs::create_dir_all(&part.inside).stage(format!("create {name}"))?;
        } else {
            if let Some(parent) = part.inside.parent() {
                fs::create_dir_all(parent).stage(format!("create the directory of {name}"))?;
            }
            File::create(&part.inside).stage(format!("create {name}"))?;
        }
    }
    part.tree.attach(&part.inside).stage(format!("mount {name}"))
}

fn mask_proc() -> Result<(), Failure> {
    cover(Path::new("/proc/sys"), Path::new("/proc/sys"))?;
    for path in MASKED_FILES.map(Path::new).iter().filter(|path| open_to_others(path)) {
        cover(path, Path::new("/dev/null"))?;
    }
    for path in MASKED_DIRECTORIES.map(Path::new).iter().filter(|path| path.exists()) {
        cover(path, Path::new("/run"))?;
    }
    Ok(())
}

/// Whether users of no particular rights may open a file. The command is one: it is not the
/// host's root, so what is closed to others needs no cover.
fn open_to_others(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.mode() & 0o007 != 0)
}

/// Mounts `with` read-only over `path`.
fn cover(path: &Path, with: &Path) -> Result<(), Failure> {
    let stage = || format!("cover {}", path.display());
    Tree::clone(with, Attributes::READ_ONLY).stage(stage())?.attach(path).stage(stage())
}

fn write_etc() -> Result<(), Failure> {
    let files = [
        ("/etc/passwd", format!("builder:x:{INSIDE_ID}:{INSIDE_ID}::{}:/bin/sh\n", crate::WORK)),
        ("/etc/group", format!("builder:x:{INSIDE_ID}:\n")),
        ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n".into()),
        ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".into()),
        ("/etc/resolv.conf", String::new()),
    ];
    for (path, text) in files {
        fs::write(path, text).stage(format!("write {path}"))?;
    }
    Ok(())
}

fn link_dev() -> Result<(), Failure> {
    let links = [
        ("/dev/fd", "/proc/self/fd"),
        ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"),
    ];
    for (name, target) in links {
        symlink(target, name).stage(format!("link {name}"))?;
    }
    Ok(())
}
