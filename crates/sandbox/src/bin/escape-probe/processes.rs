//! Attempts on other processes, on namespaces and on the rights of one's own.

use std::fs::{self, File};

use libc::c_long;

use super::files::first_escape;
use super::{Attempt, Verdict, attempt, call, control, io, last, when};

pub const ATTEMPTS: &[Attempt] = &[
    control("see-host-processes", "find processes of the host in /proc", |host| {
        let own = fs::read_dir("/proc").expect("a /proc").flatten();
        let pids: Vec<i32> = own.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        when(pids.contains(&host.pid) || pids.contains(&1), "only its own are there")
    }),
    control("signal-host-process", "signal a process of the host", |host| {
        // SAFETY: integers only; signal 0 only asks whether it could be sent.
        call(unsafe { libc::kill(host.pid, 0) })
    }),
    attempt("signal-init", "signal the sandbox's own supervisor", |_| {
        // SAFETY: integers only.
        call(unsafe { libc::kill(1, 0) })
    }),
    attempt("signal-init-by-descriptor", "the same by a process descriptor", |_| {
        // SAFETY: integers and an allowed null pointer.
        unsafe {
            let fd = libc::syscall(libc::SYS_pidfd_open, 1, 0);
            if fd < 0 { call(fd) } else { call(libc::syscall(libc::SYS_pidfd_send_signal, fd, 0, 0, 0)) }
        }
    }),
    attempt("signal-launcher", "signal the parent of the supervisor by guessing its number", |_| {
        let own = std::process::id() as i32;
        // SAFETY: integers only.
        let hit = (2..5000).find(|pid| *pid != own && !family(*pid) && unsafe { libc::kill(*pid, 0) } == 0);
        when(hit.is_some(), "no other process answers")
    }),
    control("trace-own-child", "attach a debugger to a child", |_| {
        with_child(|child| {
            // SAFETY: integers and allowed null pointers.
            call(unsafe { libc::ptrace(libc::PTRACE_SEIZE, child, 0, 0) })
        })
    }),
    attempt("trace-init", "attach a debugger to the supervisor", |_| {
        // SAFETY: integers and allowed null pointers.
        call(unsafe { libc::ptrace(libc::PTRACE_SEIZE, 1, 0, 0) })
    }),
    control("read-memory-of-child", "read another process's memory", |_| {
        with_child(|child| vm_read(child, libc::SYS_process_vm_readv))
    }),
    control("write-memory-of-child", "write another process's memory", |_| {
        with_child(|child| vm_read(child, libc::SYS_process_vm_writev))
    }),
    attempt("read-memory-of-init", "read the supervisor's memory", |_| {
        vm_read(1, libc::SYS_process_vm_readv)
    }),
    control("steal-descriptor", "take a descriptor out of another process", |_| {
        with_child(|child| {
            // SAFETY: integers only.
            unsafe {
                let fd = libc::syscall(libc::SYS_pidfd_open, child, 0);
                call(libc::syscall(libc::SYS_pidfd_getfd, fd, 0, 0))
            }
        })
    }),
    control("compare-kernel-objects", "compare kernel objects of two processes (kcmp)", |_| {
        let own = std::process::id();
        with_child(|child| raw(libc::SYS_kcmp, [own.into(), child.into(), 1, 0, 0]))
    }),
    control("new-user-namespace", "become root in a new user namespace", |_| {
        // SAFETY: integers only.
        call(unsafe { libc::unshare(libc::CLONE_NEWUSER) })
    }),
    attempt("new-mount-namespace", "make a mount namespace", |_| {
        // SAFETY: integers only.
        call(unsafe { libc::unshare(libc::CLONE_NEWNS) })
    }),
    attempt("new-net-namespace", "make a network namespace", |_| {
        // SAFETY: integers only.
        call(unsafe { libc::unshare(libc::CLONE_NEWNET) })
    }),
    control("clone-user-namespace", "the same as root, by clone", |_| {
        ended(raw(libc::SYS_clone, [(libc::CLONE_NEWUSER | libc::SIGCHLD).into(), 0, 0, 0, 0]))
    }),
    control("clone3-user-namespace", "the same by clone3, whose flags no filter can see", |_| {
        let mut arguments = [0u64; 11];
        (arguments[0], arguments[4]) = (libc::CLONE_NEWUSER as u64, libc::SIGCHLD as u64);
        ended(raw(libc::SYS_clone3, [arguments.as_ptr() as c_long, 88, 0, 0, 0]))
    }),
    attempt("join-init-namespaces", "join the supervisor's namespaces", |_| {
        let kinds = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"];
        first_escape(kinds.map(|kind| match File::open(format!("/proc/1/ns/{kind}")) {
            Ok(file) => {
                use std::os::fd::AsRawFd;
                // SAFETY: an open descriptor and an integer.
                call(unsafe { libc::setns(file.as_raw_fd(), 0) })
            }
            error => io(error),
        }))
    }),
    attempt("join-own-namespace", "use setns at all", |_| {
        let own = File::open("/proc/self/ns/uts").expect("one's own namespaces");
        use std::os::fd::AsRawFd;
        // SAFETY: an open descriptor and an integer.
        call(unsafe { libc::setns(own.as_raw_fd(), libc::CLONE_NEWUTS) })
    }),
    attempt("become-root", "setuid(0)", |_| {
        // SAFETY: integers only.
        call(unsafe { libc::setresuid(0, 0, 0) })
    }),
    attempt("become-root-group", "setgid(0)", |_| {
        // SAFETY: integers only.
        call(unsafe { libc::setresgid(0, 0, 0) })
    }),
    attempt("join-groups", "take supplementary groups", |_| {
        let groups = [0u32, 1];
        // SAFETY: two groups are passed, two are there.
        call(unsafe { libc::setgroups(2, groups.as_ptr()) })
    }),
    attempt("raise-capabilities", "give oneself CAP_SYS_ADMIN", |_| {
        let (header, data) = ([0x2008_0522u32, 0], [1u32 << 21, 1 << 21, 0, 0, 0, 0]);
        raw(libc::SYS_capset, [header.as_ptr() as c_long, data.as_ptr() as c_long, 0, 0, 0])
    }),
    attempt("keep-capabilities", "have any capability in any set", |_| {
        let status = fs::read_to_string("/proc/self/status").expect("one's own status");
        let sets: Vec<&str> = status.lines().filter(|line| line.starts_with("Cap")).collect();
        let full = sets.iter().any(|line| !line.ends_with("0000000000000000"));
        when(full || sets.len() != 5, "all five sets are empty")
    }),
    attempt("clear-no-new-privileges", "take no_new_privs back", |_| {
        raw(libc::SYS_prctl, [libc::PR_SET_NO_NEW_PRIVS.into(), 0, 0, 0, 0])
    }),
    attempt("more-processes", "raise one's own limits again", |_| {
        let limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: `limit` outlives the call.
        call(unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &raw const limit) })
    }),
    attempt("real-time-priority", "take the processor by real-time priority", |_| {
        let first = libc::sched_param { sched_priority: 1 };
        // SAFETY: `first` outlives the call.
        call(unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const first) })
    }),
    attempt("move-memory-map", "forge one's own memory map (PR_SET_MM)", |_| {
        raw(libc::SYS_prctl, [libc::PR_SET_MM.into(), libc::PR_SET_MM_START_BRK.into(), 4096, 0, 0])
    }),
    control("read-implies-exec", "switch protections off by personality", |_| {
        raw(libc::SYS_personality, [0x0040_0000, 0, 0, 0, 0])
    }),
    attempt("terminal-injection", "type into the caller's terminal (TIOCSTI)", |_| {
        // SAFETY: the request reads one byte.
        call(unsafe { libc::ioctl(0, libc::TIOCSTI as _, c"x".as_ptr()) })
    }),
    attempt("terminal-paste", "paste into the console (TIOCLINUX)", |_| {
        // SAFETY: the request reads a few bytes, which are there.
        call(unsafe { libc::ioctl(0, libc::TIOCLINUX as _, [3u8; 16].as_ptr()) })
    }),
    attempt("controlling-terminal", "have a controlling terminal", |_| {
        // SAFETY: NUL-terminated path.
        call(unsafe { libc::open(c"/dev/tty".as_ptr(), libc::O_RDWR) })
    }),
];

fn raw(number: c_long, a: [c_long; 5]) -> Verdict {
    // SAFETY: every caller passes what the call reads, kept alive by it.
    call(unsafe { libc::syscall(number, a[0], a[1], a[2], a[3], a[4]) })
}

/// A fork that worked comes back twice: the second one must not go on.
fn ended(verdict: Verdict) -> Verdict {
    if let Verdict::Escaped(detail) = &verdict
        && detail == "returned 0"
    {
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    verdict
}

/// Whether a process is one of the probe's own: this one, its parents inside, its siblings.
fn family(pid: i32) -> bool {
    fs::metadata(format!("/proc/{pid}")).is_ok()
}

/// Runs something about a child that waits to be killed.
fn with_child(run: impl FnOnce(i32) -> Verdict) -> Verdict {
    // SAFETY: this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: waits for a signal.
        unsafe {
            libc::alarm(10);
            libc::pause();
            libc::_exit(0);
        }
    }
    if child < 0 {
        return Verdict::Escaped(format!("the attempt itself failed: {}", last()));
    }
    let verdict = run(child);
    // SAFETY: our own child.
    unsafe {
        libc::kill(child, libc::SIGKILL);
        libc::waitpid(child, std::ptr::null_mut(), libc::__WALL);
    }
    verdict
}

fn vm_read(pid: i32, number: c_long) -> Verdict {
    let mut byte = [0u8; 1];
    // The same address in a child; in another program, whatever is there.
    let part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
    // SAFETY: both vectors have one element, which outlives the call.
    call(unsafe { libc::syscall(number, pid, &raw const part, 1, &raw const part, 1, 0) })
}
