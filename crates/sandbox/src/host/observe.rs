//! The observer: one thread that reads what reported system calls are about and lets them pass.
//!
//! What is read from the observed process is untrusted, bounded, and never acted upon.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::thread::{Builder, JoinHandle};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::address;
use crate::sys::notify::{self, Call};
use crate::{ConnectEvent, ExecEvent, OpenEvent, Trace, TraceLog};

/// Most programs remembered.
const MAX_EXEC: usize = 20_000;
/// Most connections remembered.
const MAX_CONNECT: usize = 10_000;
/// Most distinct opened files remembered.
const MAX_OPENS: usize = 50_000;
/// Longest path, in bytes (`PATH_MAX`).
const MAX_PATH: usize = 4096;
/// Most arguments of a program, and bytes of one argument.
const MAX_ARGS: (usize, usize) = (32, 256);
/// Longest socket address that is looked at (`sockaddr_un` is 110 bytes).
const MAX_ADDRESS: usize = 128;

/// The thread and what it will have seen.
#[derive(Debug)]
pub struct Observer {
    thread: Option<JoinHandle<TraceLog>>,
}

impl Observer {
    /// Starts answering on `listener`.
    pub fn start(listener: OwnedFd, trace: Trace) -> io::Result<Self> {
        debug_assert!(trace != Trace::Off);
        let thread = Builder::new().name("sandbox-observer".into()).spawn(move || observe(&listener))?;
        Ok(Self { thread: Some(thread) })
    }

    /// What was seen. Call it when every observed process is gone.
    pub fn finish(mut self) -> TraceLog {
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

fn observe(listener: &OwnedFd) -> TraceLog {
    notify::prefer_sync_wake_up(listener.as_fd());
    let mut eye = Eye::default();
    loop {
        let mut fds = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            Err(_) => break,
            Ok(_) => {}
        }
        // Hang-up alone: no process has the filter any more.
        if !fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN)) {
            break;
        }
        match notify::receive(listener.as_fd()) {
            Ok(Some(call)) => {
                eye.look(&call);
                notify::let_pass(listener.as_fd(), &call);
            }
            Ok(None) => {}
            Err(_) => break,
        }
    }
    eye.log
}

/// What has been seen, and the memory last looked into.
#[derive(Default)]
struct Eye {
    log: TraceLog,
    opened: HashSet<(String, bool)>,
    memory: Option<(u32, File)>,
}

impl Eye {
    fn look(&mut self, call: &Call) {
        let args = &call.args;
        match call.number {
            libc::SYS_execve => self.exec(call.pid, args[0], args[1]),
            libc::SYS_execveat => self.exec(call.pid, args[1], args[2]),
            libc::SYS_connect => self.connect(call.pid, args[1], args[2]),
            libc::SYS_openat => self.open(call.pid, Some(args[0] as i32), args[1], args[2] as i32),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => self.open(call.pid, None, args[0], args[1] as i32),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_creat => self.open(call.pid, None, args[0], libc::O_CREAT | libc::O_WRONLY),
            _ => {}
        }
    }

    fn exec(&mut self, pid: u32, path: u64, argv: u64) {
        if self.log.exec.len() < MAX_EXEC {
            let path = self.text(pid, path, MAX_PATH).unwrap_or_default();
            let argv = self.arguments(pid, argv);
            self.log.exec.push(ExecEvent { pid, path, argv });
        } else {
            self.log.dropped += 1;
        }
        // Afterwards the same process has another memory.
        self.memory = None;
    }

    fn connect(&mut self, pid: u32, at: u64, length: u64) {
        if self.log.connect.len() >= MAX_CONNECT {
            self.log.dropped += 1;
            return;
        }
        let mut bytes = vec![0; MAX_ADDRESS.min(length as usize)];
        let got = self.read(pid, at, &mut bytes);
        bytes.truncate(got);
        if let Some((family, address, port)) = address::parse(&bytes) {
            self.log.connect.push(ConnectEvent { pid, family, address, port });
        }
    }

    fn open(&mut self, pid: u32, directory: Option<i32>, path: u64, flags: i32) {
        let Some(path) = self.text(pid, path, MAX_PATH) else { return };
        let path = absolute(pid, directory.unwrap_or(libc::AT_FDCWD), path);
        let write = flags & (libc::O_ACCMODE | libc::O_CREAT) != libc::O_RDONLY;
        if self.opened.contains(&(path.clone(), write)) {
            return;
        }
        if self.opened.len() >= MAX_OPENS {
            self.log.dropped += 1;
            return;
        }
        self.opened.insert((path.clone(), write));
        self.log.opens.push(OpenEvent { pid, path, write });
    }

    fn arguments(&mut self, pid: u32, argv: u64) -> Vec<String> {
        let mut pointers = [0u8; MAX_ARGS.0 * 8];
        let got = self.read(pid, argv, &mut pointers);
        let mut arguments = Vec::new();
        for pointer in pointers[..got].chunks_exact(8) {
            let pointer = u64::from_ne_bytes(pointer.try_into().unwrap_or_default());
            if pointer == 0 {
                break;
            }
            arguments.extend(self.text(pid, pointer, MAX_ARGS.1));
        }
        arguments
    }

    /// The text at `at`, up to its NUL or `limit` bytes.
    fn text(&mut self, pid: u32, at: u64, limit: usize) -> Option<String> {
        let mut bytes = vec![0; limit.min(256)];
        let mut got = self.read(pid, at, &mut bytes);
        if got == bytes.len() && got < limit && !bytes.contains(&0) {
            bytes.resize(limit, 0);
            got += self.read(pid, at.wrapping_add(got as u64), &mut bytes[got..]);
        }
        let end = bytes[..got].iter().position(|byte| *byte == 0).unwrap_or(got);
        (got > 0).then(|| String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    /// Fills as much of `into` as can be read (reading stops at the end of a mapping).
    fn read(&mut self, pid: u32, at: u64, into: &mut [u8]) -> usize {
        if self.memory.as_ref().map(|(of, _)| *of) != Some(pid) {
            self.memory = File::open(format!("/proc/{pid}/mem")).ok().map(|file| (pid, file));
        }
        let Some((_, file)) = &self.memory else { return 0 };
        let mut done = 0;
        while done < into.len() {
            match file.read_at(&mut into[done..], at.wrapping_add(done as u64)) {
                Ok(0) | Err(_) => break,
                Ok(count) => done += count,
            }
        }
        done
    }
}

/// Joins a relative path to the directory it is relative to, where that can be found out.
fn absolute(pid: u32, directory: i32, path: String) -> String {
    if path.starts_with('/') {
        return path;
    }
    let link = match directory {
        libc::AT_FDCWD => format!("/proc/{pid}/cwd"),
        fd => format!("/proc/{pid}/fd/{fd}"),
    };
    match fs::read_link(link) {
        Ok(base) => base.join(path).to_string_lossy().into_owned(),
        Err(_) => path,
    }
}
