//! Attempts on the kernel's large or old interfaces, on mounts, and by foreign calling conventions.

use libc::c_long;

use super::files::first_escape;
use super::{Attempt, Verdict, attempt, call, control, when};

pub const ATTEMPTS: &[Attempt] = &[
    attempt("mount-tmpfs", "mount a file system", |_| {
        raw(libc::SYS_mount, [c"tmpfs".as_ptr() as _, c"/tmp".as_ptr() as _, c"tmpfs".as_ptr() as _, 0, 0])
    }),
    attempt("mount-proc", "mount a second, uncovered /proc", |_| {
        raw(libc::SYS_mount, [c"proc".as_ptr() as _, c"/tmp".as_ptr() as _, c"proc".as_ptr() as _, 0, 0])
    }),
    attempt("remount-writable", "make the root writable again", |_| {
        let flags = (libc::MS_REMOUNT | libc::MS_BIND) as c_long;
        raw(libc::SYS_mount, [0, c"/".as_ptr() as _, 0, flags, 0])
    }),
    attempt("unmount-cover", "take the cover off /proc/sys", |_| {
        raw(libc::SYS_umount2, [c"/proc/sys".as_ptr() as _, libc::MNT_DETACH.into(), 0, 0, 0])
    }),
    attempt("mount-api-open", "make a file system by the new mount calls", |_| {
        raw(libc::SYS_fsopen, [c"tmpfs".as_ptr() as _, 0, 0, 0, 0])
    }),
    attempt("mount-api-clone", "clone a mount to change its rights", |_| {
        raw(libc::SYS_open_tree, [libc::AT_FDCWD.into(), c"/usr".as_ptr() as _, 1, 0, 0])
    }),
    attempt("mount-api-attributes", "clear the read-only attribute of a mount", |_| {
        let attributes = [0u64, 1, 0, 0];
        raw(
            libc::SYS_mount_setattr,
            [libc::AT_FDCWD.into(), c"/usr".as_ptr() as _, 0, attributes.as_ptr() as _, 32],
        )
    }),
    attempt("mount-api-move", "move a mount away", |_| {
        let at = libc::AT_FDCWD.into();
        raw(libc::SYS_move_mount, [at, c"/work".as_ptr() as _, at, c"/tmp".as_ptr() as _, 0])
    }),
    attempt("change-root", "chroot, the start of the classic way out", |_| {
        raw(libc::SYS_chroot, [c"/tmp".as_ptr() as _, 0, 0, 0, 0])
    }),
    attempt("pivot-root", "exchange the root", |_| {
        raw(libc::SYS_pivot_root, [c"/work".as_ptr() as _, c"/work".as_ptr() as _, 0, 0, 0])
    }),
    attempt("bpf", "load a program into the kernel", |_| {
        // A socket filter that returns 0; array maps are open to users on some kernels.
        let mut attributes = [0u32; 32];
        (attributes[0], attributes[1], attributes[2], attributes[3]) = (2, 4, 8, 1);
        raw(libc::SYS_bpf, [0, attributes.as_ptr() as _, 128, 0, 0])
    }),
    attempt("perf-events", "observe the machine by performance counters", |_| {
        let mut attributes = [0u64; 16];
        attributes[0] = 1 | (128 << 32);
        // exclude_kernel and exclude_hv, as an unprivileged user would.
        attributes[5] = 0b110_0000;
        raw(libc::SYS_perf_event_open, [attributes.as_ptr() as _, 0, -1, -1, 0])
    }),
    control("user-fault", "stop the kernel in the middle of a copy (userfaultfd)", |_| {
        raw(libc::SYS_userfaultfd, [1, 0, 0, 0, 0])
    }),
    control("io-uring", "system calls that no filter sees (io_uring)", |_| {
        let mut parameters = [0u32; 30];
        raw(libc::SYS_io_uring_setup, [1, parameters.as_mut_ptr() as _, 0, 0, 0])
    }),
    control("keyring-read", "reach the session keyring", |_| raw(libc::SYS_keyctl, [0, -4, 1, 0, 0])),
    control("keyring-add", "store a key in the kernel", |_| {
        let (kind, name) = (c"user".as_ptr() as _, c"escape".as_ptr() as _);
        raw(libc::SYS_add_key, [kind, name, c"x".as_ptr() as _, 1, -2])
    }),
    attempt("keyring-request", "make the kernel run its key helper", |_| {
        raw(
            libc::SYS_request_key,
            [c"user".as_ptr() as _, c"escape".as_ptr() as _, c"x".as_ptr() as _, -2, 0],
        )
    }),
    control("file-events", "watch every file of a mount (fanotify)", |_| {
        // FAN_REPORT_FID, which users have since Linux 5.13.
        raw(libc::SYS_fanotify_init, [0x200, 0, 0, 0, 0])
    }),
    attempt("load-module", "load a kernel module", |_| {
        first_escape([
            raw(libc::SYS_init_module, [[0u8; 8].as_ptr() as _, 8, c"".as_ptr() as _, 0, 0]),
            raw(libc::SYS_finit_module, [0, c"".as_ptr() as _, 0, 0, 0]),
        ])
    }),
    attempt("load-kernel", "load another kernel to start", |_| raw(libc::SYS_kexec_load, [0, 0, 0, 0, 0])),
    attempt("swap", "swap to a file of one's own", |_| {
        raw(libc::SYS_swapon, [c"none".as_ptr() as _, 0, 0, 0, 0])
    }),
    attempt("kernel-log-call", "read the kernel log by syslog", |_| {
        let mut buffer = [0u8; 256];
        raw(libc::SYS_syslog, [3, buffer.as_mut_ptr() as _, 256, 0, 0])
    }),
    attempt("set-clock", "set the machine's clock (to what it is)", |_| {
        let mut now = [0i64; 2];
        // SAFETY: room for a `timespec`.
        unsafe { libc::syscall(libc::SYS_clock_gettime, 0, now.as_mut_ptr()) };
        raw(libc::SYS_clock_settime, [0, now.as_ptr() as _, 0, 0, 0])
    }),
    attempt("set-host-name", "rename the machine", |_| {
        raw(libc::SYS_sethostname, [c"sandbox".as_ptr() as _, 7, 0, 0, 0])
    }),
    attempt("accounting", "make the kernel write to a file", |_| {
        raw(libc::SYS_acct, [c"none".as_ptr() as _, 0, 0, 0, 0])
    }),
    attempt("quota", "ask for and change disk quotas", |_| {
        raw(libc::SYS_quotactl, [0x0080_0001_u32.into(), 0, 0, 0, 0])
    }),
    attempt("port-access", "talk to hardware ports", |_| {
        #[cfg(target_arch = "x86_64")]
        return first_escape([
            raw(libc::SYS_iopl, [3, 0, 0, 0, 0]),
            raw(libc::SYS_ioperm, [0x70, 1, 1, 0, 0]),
        ]);
        #[cfg(not(target_arch = "x86_64"))]
        Verdict::Stopped("this architecture has none".into())
    }),
    attempt("move-pages", "move another process's pages", |_| raw(libc::SYS_migrate_pages, [1, 64, 0, 0, 0])),
    control("filter-listener", "become a supervisor by a filter of one's own", |_| {
        let program = [6u64 | (0x7fff_0000 << 32)];
        let header = [1u64, program.as_ptr() as u64];
        // SAFETY: integers only.
        unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        raw(libc::SYS_seccomp, [1, 8, header.as_ptr() as _, 0, 0])
    }),
    control("path-resolution-call", "a call whose flags no filter can see (openat2)", |_| {
        let how = [0u64; 3];
        raw(libc::SYS_openat2, [libc::AT_FDCWD.into(), c"/".as_ptr() as _, how.as_ptr() as _, 24, 0])
    }),
    attempt("foreign-numbers", "x32 system call numbers", |_| {
        // getpid and unshare(CLONE_NEWUSER) with the x32 bit.
        first_escape([
            raw(0x4000_0000 | 39, [0, 0, 0, 0, 0]),
            raw(0x4000_0000 | 272, [libc::CLONE_NEWUSER.into(), 0, 0, 0, 0]),
        ])
    }),
    attempt("foreign-calling-convention", "32-bit system calls by int 0x80", |_| int80()),
];

fn raw(number: c_long, a: [c_long; 5]) -> Verdict {
    // SAFETY: every caller passes what the call reads, kept alive by it.
    call(unsafe { libc::syscall(number, a[0], a[1], a[2], a[3], a[4]) })
}

/// `getpid` of the 32-bit interface: an answer means that the filter does not look there.
#[cfg(target_arch = "x86_64")]
fn int80() -> Verdict {
    let answer: i32;
    // SAFETY: the call reads no memory; the instruction changes no other register than these.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("eax") 20 => answer, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    when(answer > 0, format!("answered {answer}"))
}

#[cfg(not(target_arch = "x86_64"))]
fn int80() -> Verdict {
    when(false, "this architecture has none")
}
