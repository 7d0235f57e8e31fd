//! Attempts on files: the host's, the kernel's, and ways around a read-only mount.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use sandbox::WORK;

use super::{Attempt, Host, Verdict, attempt, call, control, io, last, name_of, when};

/// A path in the folder that a step works in.
fn inside(name: &str) -> String {
    format!("{WORK}/{name}")
}

pub const ATTEMPTS: &[Attempt] = &[
    attempt("write-etc", "create a file in /etc", |_| create("/etc/escape")),
    attempt("write-usr", "create a file in /usr", |_| create("/usr/escape")),
    attempt("write-root", "create a file in /", |_| create("/escape")),
    attempt("write-dev", "create a file in /dev", |_| create("/dev/escape")),
    attempt("write-tools", "create a file in a read-only tool tree", |_| create("/opt/probe/escape")),
    attempt("write-host-directory", "create a file in a directory of the host", |h| {
        create(&format!("{}/escape", h.directory))
    }),
    attempt("write-sys", "open a file of /sys for writing", |_| open_write("/sys/kernel/mm/ksm/run")),
    attempt("write-proc-sys", "open a kernel setting for writing", |_| {
        open_write("/proc/sys/kernel/hostname")
    }),
    attempt("core-pattern", "make the kernel run a program on a crash", |_| {
        open_write("/proc/sys/kernel/core_pattern")
    }),
    attempt("modprobe-path", "make the kernel run a program to load a module", |_| {
        open_write("/proc/sys/kernel/modprobe")
    }),
    attempt("uevent-helper", "make the kernel run a program on a device event", |_| {
        open_write("/sys/kernel/uevent_helper")
    }),
    attempt("binfmt-misc", "register an interpreter for the whole machine", |_| {
        open_write("/proc/sys/fs/binfmt_misc/register")
    }),
    attempt("sysrq-trigger", "open the machine's emergency switch", |_| open_write("/proc/sysrq-trigger")),
    attempt("cgroup-release-agent", "make the kernel run a program when a control group ends", |_| {
        let places = ["/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/memory/release_agent"];
        first_escape(places.map(open_write))
    }),
    attempt("read-shadow", "read the host's password hashes", |_| read("/etc/shadow")),
    control("read-host-file", "read a world-readable file of the host", |h| {
        read(&format!("{}/secret", h.directory))
    }),
    control("read-host-file-by-dots", "the same, climbing out of /work by `..`", |h| {
        read(&format!("{WORK}/../../../../..{}/secret", h.directory))
            .or(|| read(&format!("/tmp/../../../../..{}/secret", h.directory)))
    }),
    attempt("read-host-file-by-link", "the same, through a symbolic link in /work", |h| {
        let _ = fs::remove_file(inside("link"));
        symlink(format!("{}/secret", h.directory), inside("link")).expect("links can be made");
        read(&inside("link"))
    }),
    attempt("read-host-file-by-init", "the same, through /proc/1/root", |h| {
        read(&format!("/proc/1/root{}/secret", h.directory))
    }),
    attempt("list-root-home", "list /root", |_| io(fs::read_dir("/root"))),
    attempt("list-home", "list /home", |_| io(fs::read_dir("/home"))),
    attempt("init-environment", "read /proc/1/environ", |_| read("/proc/1/environ")),
    attempt("init-memory", "open /proc/1/mem", |_| io(File::open("/proc/1/mem"))),
    attempt("init-descriptors", "list /proc/1/fd", |_| io(fs::read_dir("/proc/1/fd"))),
    attempt("init-directory", "read /proc/1/cwd and /proc/1/exe", |_| {
        first_escape(["/proc/1/cwd", "/proc/1/exe"].map(|link| io(fs::read_link(link))))
    }),
    attempt("kernel-log", "read the kernel log", |_| first_escape(["/dev/kmsg", "/proc/kmsg"].map(read))),
    attempt("kernel-memory", "read physical or kernel memory", |_| {
        first_escape(["/dev/mem", "/dev/kmem", "/dev/port", "/proc/kcore"].map(|path| io(File::open(path))))
    }),
    attempt("kernel-symbols", "read addresses of kernel functions", |_| read("/proc/kallsyms")),
    attempt("kernel-keys", "list the keys of the host", |_| read("/proc/keys")),
    attempt("boot-command-line", "read the boot parameters of the machine", |_| read("/proc/cmdline")),
    attempt("raw-disk", "open the disks of the host", |_| {
        let disks = ["/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/loop0", "/dev/dm-0"];
        first_escape(disks.map(|path| io(File::open(path))))
    }),
    attempt("device-nodes", "open devices with much kernel code behind them", |_| {
        let devices = ["/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vhost-vsock", "/dev/tty", "/dev/ptmx"];
        first_escape(devices.map(|path| io(File::open(path))))
    }),
    attempt("make-block-device", "make a node for the host's disk and open it", |_| {
        make_node(libc::S_IFBLK, libc::makedev(254, 0))
    }),
    attempt("make-character-device", "make a node for physical memory and open it", |_| {
        make_node(libc::S_IFCHR, libc::makedev(1, 1))
    }),
    attempt("open-by-handle", "open a file of the host by its inode number", |_| {
        let handle: [u32; 4] = [8, 1, 2, 0];
        // SAFETY: a `file_handle` of eight bytes: length, type, two words.
        call(unsafe {
            libc::syscall(libc::SYS_open_by_handle_at, libc::AT_FDCWD, handle.as_ptr(), libc::O_RDONLY)
        })
    }),
    attempt("handle-of-file", "learn the inode handle of a file", |_| {
        let mut handle = [0u32; 34];
        handle[0] = 128;
        let mut mount = 0;
        // SAFETY: room for a `file_handle` of 128 bytes and for the mount number.
        call(unsafe {
            let handle = handle.as_mut_ptr();
            let path = c"/usr".as_ptr();
            libc::syscall(libc::SYS_name_to_handle_at, libc::AT_FDCWD, path, handle, &raw mut mount, 0)
        })
    }),
    attempt("hard-link-in", "hard-link a tool into /work to change it there", |_| {
        let _ = fs::remove_file(inside("hard"));
        io(fs::hard_link("/usr/bin/env", inside("hard")))
    }),
    attempt("rename-out", "move a file from /work into /usr", |_| {
        fs::write(inside("moved"), "x").expect("it is writable");
        io(fs::rename(inside("moved"), "/usr/moved"))
    }),
    attempt("reopen-writable", "open a tool for reading, then again for writing by /proc/self/fd", |_| {
        let file = File::open("/usr/bin/env").expect("tools are readable");
        open_write(&format!("/proc/self/fd/{}", file.as_raw_fd()))
    }),
    attempt("write-through-mapping", "change a mapped tool through /proc/self/mem", write_through_mapping),
    control("set-user-id-bit", "leave a set-user-id program in the work directory", |_| {
        let path = work_file("suid");
        File::create(&path).expect("the work directory is writable");
        io(fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)))
    }),
    control("set-user-id-at-creation", "the same, with the bit set while creating the file", |_| {
        let path = work_file("suid-new");
        let _ = fs::remove_file(&path);
        match OpenOptions::new().write(true).create_new(true).mode(0o4755).open(&path) {
            Ok(file) => when(file.metadata().is_ok_and(|m| m.mode() & 0o6000 != 0), "the bit was dropped"),
            Err(error) => Verdict::Stopped(name_of(&error)),
        }
    }),
    attempt("set-user-id-program", "become root by a set-user-id program in a tool tree", |_| {
        let output = Command::new("/opt/probe/set-user-id").arg("--effective-user").output();
        match output {
            Ok(output) => {
                let user = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                when(user != "1000", format!("effective user stays {user}"))
            }
            Err(error) => Verdict::Stopped(name_of(&error)),
        }
    }),
    attempt("run-from-memory", "leave the sandbox by running a program from a memory file", run_from_memory),
    control("inherited-descriptors", "use a descriptor that the caller forgot to close", |host| {
        when(!host.descriptors.is_empty(), format!("{} beyond 0, 1, 2", host.descriptors.len()))
    }),
    control("inherited-environment", "find the caller's secret in the environment", |_| {
        let everything = fs::read("/proc/self/environ").unwrap_or_default();
        when(String::from_utf8_lossy(&everything).contains("CALLER_SECRET"), "only what was given")
    }),
];

impl Verdict {
    /// This, unless it was stopped and the other one is not.
    fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Stopped(_) => other(),
            escaped => escaped,
        }
    }
}

/// The first that escaped, else the last reason.
pub fn first_escape<const N: usize>(verdicts: [Verdict; N]) -> Verdict {
    verdicts.into_iter().reduce(|found, next| found.or(|| next)).expect("at least one")
}

fn create(path: &str) -> Verdict {
    let result = io(OpenOptions::new().write(true).create_new(true).open(path));
    let _ = fs::remove_file(path);
    result
}

/// Opens without writing: success is enough to judge, and does no harm.
fn open_write(path: &str) -> Verdict {
    io(OpenOptions::new().write(true).open(path))
}

fn read(path: &str) -> Verdict {
    let mut bytes = [0; 64];
    match File::open(path).and_then(|mut file| file.read(&mut bytes)) {
        Ok(0) => Verdict::Stopped("empty".into()),
        Ok(count) => Verdict::Escaped(format!("read {count} bytes")),
        Err(error) => Verdict::Stopped(name_of(&error)),
    }
}

/// A place for own files: `/work` inside, the temporary directory where there is none.
fn work_file(name: &str) -> String {
    let base = if fs::metadata(inside(".inside")).is_ok() { WORK.into() } else { std::env::temp_dir() };
    base.join(format!("escape-{name}-{}", std::process::id())).to_string_lossy().into_owned()
}

fn make_node(kind: u32, device: u64) -> Verdict {
    let path = CString::new("/tmp/node").expect("no NUL");
    // SAFETY: `path` is NUL-terminated and outlives the call.
    if unsafe { libc::mknod(path.as_ptr(), kind | 0o600, device) } < 0 {
        return Verdict::Stopped(last());
    }
    let opened = io(File::open("/tmp/node"));
    let _ = fs::remove_file("/tmp/node");
    opened
}

fn write_through_mapping(_: &Host) -> Verdict {
    let file = File::open("/usr/bin/env").expect("tools are readable");
    let mut before = [0; 16];
    file.read_exact_at(&mut before, 0).expect("tools are readable");
    // SAFETY: a shared read-only mapping of one page of an open file; never dereferenced here.
    let page = unsafe {
        libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0)
    };
    let memory = OpenOptions::new().write(true).open("/proc/self/mem").expect("one's own memory");
    let written = memory.write_at(b"changed", page as u64);
    let mut after = [0; 16];
    file.read_exact_at(&mut after, 0).expect("tools are readable");
    let reason = written.err().map_or("written to a private copy".into(), |error| name_of(&error));
    when(before != after, reason)
}

fn run_from_memory(host: &Host) -> Verdict {
    // SAFETY: a NUL-terminated name.
    let fd = unsafe { libc::memfd_create(c"program".as_ptr(), 0) };
    if fd < 0 {
        return Verdict::Stopped(last());
    }
    let path = format!("/proc/self/fd/{fd}");
    let program = fs::read("/proc/self/exe").expect("own program");
    OpenOptions::new().write(true).open(&path).and_then(|mut f| f.write_all(&program)).expect("memory file");
    let secret = format!("{}/secret", host.directory);
    let ran = Command::new(&path).args(["--still-confined", &secret]).stderr(Stdio::null()).output();
    match ran {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            when(said != "confined", format!("it runs, and is {said}"))
        }
        Err(error) => Verdict::Stopped(name_of(&error)),
    }
}

/// What the program run from memory does: looks for the way out again.
pub fn still_confined(secret: &str) {
    // SAFETY: integers only.
    let unshared = unsafe { libc::unshare(libc::CLONE_NEWUSER) } == 0;
    let free = unshared || fs::read(secret).is_ok() || fs::write("/usr/escape", "x").is_ok();
    println!("{}", if free { "free" } else { "confined" });
}
