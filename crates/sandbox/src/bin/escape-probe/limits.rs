//! Attempts to use more than one's share. The test sets the limits named here.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::FromRawFd;

use super::{Attempt, Verdict, attempt, last, name_of, when};

/// Processes allowed.
const PROCESSES: usize = 64;
/// Memory allowed, in bytes.
const MEMORY: usize = 256 << 20;
/// Size of `/tmp`, in bytes.
const TMP: u64 = 16 << 20;
/// Largest file, in bytes.
const FILE: u64 = 32 << 20;
/// Open files allowed.
const OPEN: usize = 256;

pub const ATTEMPTS: &[Attempt] = &[
    attempt("fork-bomb", "fork without end", |_| fork_bomb()),
    attempt("thread-bomb", "start threads without end", |_| thread_bomb()),
    attempt("memory-bomb", "use twice the memory allowed", |_| memory_bomb()),
    attempt("disk-bomb", "write to /tmp without end", |_| fill("/tmp/fill", TMP)),
    attempt("shared-memory-bomb", "write to /dev/shm without end", |_| fill("/dev/shm/fill", TMP)),
    attempt("inode-bomb", "make files in /tmp without end", |_| inode_bomb()),
    attempt("file-bomb", "write one file in /work without end", |_| fill("fill", FILE)),
    attempt("memory-file-bomb", "write one memory file without end", |_| {
        // SAFETY: a NUL-terminated name; the new descriptor belongs to the file made from it.
        let file = unsafe { File::from_raw_fd(libc::memfd_create(c"fill".as_ptr(), 0)) };
        fill_file(file, FILE)
    }),
    attempt("descriptor-bomb", "open files without end", |_| {
        let mut open = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            open.push(file);
            if open.len() > OPEN {
                return Verdict::Escaped(format!("{} files", open.len()));
            }
        }
        Verdict::Stopped(last())
    }),
    attempt("core-dump", "leave a core file with the memory of a crashed program", |_| {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `limit` is a valid place for the answer.
        unsafe { libc::getrlimit(libc::RLIMIT_CORE, &raw mut limit) };
        when(limit.rlim_max != 0, "no core files, and no way to allow them")
    }),
];

fn fork_bomb() -> Verdict {
    let mut children = Vec::new();
    let mut reason = String::new();
    while children.len() <= PROCESSES {
        // SAFETY: this process has one thread.
        match unsafe { libc::fork() } {
            0 => {
                // SAFETY: waits to be killed.
                unsafe {
                    libc::alarm(15);
                    libc::pause();
                    libc::_exit(0);
                }
            }
            -1 => {
                reason = last();
                break;
            }
            child => children.push(child),
        }
    }
    for child in &children {
        // SAFETY: our own children.
        unsafe {
            libc::kill(*child, libc::SIGKILL);
            libc::waitpid(*child, std::ptr::null_mut(), libc::__WALL);
        }
    }
    when(children.len() > PROCESSES, reason)
}

fn thread_bomb() -> Verdict {
    for _ in 0..=PROCESSES {
        let started = std::thread::Builder::new().stack_size(64 << 10).spawn(std::thread::park);
        if let Err(error) = started {
            return Verdict::Stopped(name_of(&error));
        }
    }
    Verdict::Escaped(format!("{PROCESSES} threads"))
}

fn memory_bomb() -> Verdict {
    let size = 1 << 20;
    for _ in 0..2 * MEMORY / size {
        // SAFETY: a new private mapping, of which every page is written once.
        unsafe {
            let writable = libc::PROT_READ | libc::PROT_WRITE;
            let private = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let block = libc::mmap(std::ptr::null_mut(), size, writable, private, -1, 0);
            if block == libc::MAP_FAILED {
                return Verdict::Stopped(last());
            }
            std::ptr::write_bytes(block.cast::<u8>(), 1, size);
        }
    }
    Verdict::Escaped("all of it".into())
}

fn fill(path: &str, limit: u64) -> Verdict {
    let verdict = match File::create(path) {
        Ok(file) => fill_file(file, limit),
        Err(error) => Verdict::Stopped(name_of(&error)),
    };
    let _ = fs::remove_file(path);
    verdict
}

fn fill_file(mut file: File, limit: u64) -> Verdict {
    // SAFETY: the write then fails instead of ending the process.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let block = vec![1u8; 1 << 20];
    let mut written = 0;
    while written <= limit {
        match file.write_all(&block) {
            Ok(()) => written += block.len() as u64,
            Err(error) => return Verdict::Stopped(name_of(&error)),
        }
    }
    Verdict::Escaped(format!("{written} bytes"))
}

fn inode_bomb() -> Verdict {
    fs::create_dir_all("/tmp/many").expect("/tmp is writable");
    let mut verdict = Verdict::Escaped("100000 files".into());
    for number in 0..100_000 {
        if let Err(error) = File::create(format!("/tmp/many/{number}")) {
            verdict = Verdict::Stopped(name_of(&error));
            break;
        }
    }
    let _ = fs::remove_dir_all("/tmp/many");
    verdict
}
