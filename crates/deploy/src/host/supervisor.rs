//! The supervisor: one small process per environment that starts the application with dropped
//! privileges, keeps its log, restarts it when it ends, and answers on a socket.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener},
    os::unix::{
        net::{UnixListener, UnixStream},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use model::Sha256;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use super::{
    control::{Status, socket_path},
    layout::Layout,
    service::Service,
};
use crate::error::DeployError;

/// After this many quick ends in a row it stays down.
const MOST_QUICK_ENDS: u32 = 5;
/// An end within this time is quick.
const QUICK: Duration = Duration::from_secs(10);
/// Time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
/// A log is turned over at this size; one old one is kept.
const LOG_LIMIT: u64 = 16 * 1024 * 1024;

/// Runs the supervisor of the environment at `root` until it is told to stop. It ends the one that ran
/// before and takes over, whatever becomes of the deployment that started it.
///
/// # Errors
/// It cannot read the environment or open its socket.
pub fn supervise(root: &Path) -> Result<(), DeployError> {
    let layout = Layout { root: root.to_owned() };
    // A session of its own: the terminal and the deployer may go away.
    let _ = nix::unistd::setsid();
    let _ = nix::sys::prctl::set_no_new_privs();
    // What the application leaves behind becomes our child, so that it can be ended too.
    let _ = nix::sys::prctl::set_child_subreaper(true);
    super::control::stop(root)?;
    let folder = File::open(root).map_err(DeployError::io(root, "open"))?;
    let socket = root.join("control.sock");
    let _ = fs::remove_file(&socket);
    let old = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(socket_path(&folder)).map_err(DeployError::io(&socket, "listen"))?;
    nix::sys::stat::umask(old);
    let shared = Arc::new(Shared::new());
    let for_socket = Arc::clone(&shared);
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| for_socket.answer(stream)));
    keep_running(&layout, &shared);
    let _ = fs::remove_file(socket);
    Ok(())
}

/// What the socket and the watching loop share.
struct Shared {
    status: Mutex<Status>,
    stop: AtomicBool,
}

impl Shared {
    fn new() -> Self {
        let status = Status {
            supervisor: std::process::id(),
            pid: None,
            digest: None,
            starts: 0,
            gave_up: false,
            detail: "starting".into(),
        };
        Self { status: Mutex::new(status), stop: AtomicBool::new(false) }
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn answer(&self, mut stream: UnixStream) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
        let mut line = String::new();
        let Ok(clone) = stream.try_clone() else { return };
        let _ = BufReader::new(clone.take(64)).read_line(&mut line);
        if line.trim() == "stop" {
            self.stop.store(true, Ordering::Release);
        }
        let status = self.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let _ = serde_json::to_writer(&mut stream, &status);
        let _ = stream.write_all(b"\n");
    }
}

/// Starts the application again and again until told to stop or it keeps ending at once.
fn keep_running(layout: &Layout, shared: &Shared) {
    let mut quick_ends = 0;
    while !shared.stop.load(Ordering::Acquire) {
        let began = Instant::now();
        let ended = run_once(layout, shared);
        let detail = match ended {
            Ok(detail) => detail,
            Err(error) => format!("it cannot be started: {error}"),
        };
        eprintln!("supervisor: {detail}");
        quick_ends = if began.elapsed() < QUICK { quick_ends + 1 } else { 0 };
        let gave_up = quick_ends >= MOST_QUICK_ENDS;
        shared.update(|s| {
            s.pid = None;
            s.gave_up = gave_up;
            s.detail = if gave_up {
                format!("{detail}; ended {quick_ends} times at once, so it stays down")
            } else {
                detail
            };
        });
        let pause = if gave_up { Duration::MAX } else { Duration::from_millis(100 << quick_ends.min(8)) };
        sleep_unless(&shared.stop, pause);
    }
}

fn sleep_unless(stop: &AtomicBool, time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time && !stop.load(Ordering::Acquire) {
        thread::sleep(Duration::from_millis(20));
    }
}

/// One life of the application; returns how it ended.
fn run_once(layout: &Layout, shared: &Shared) -> io::Result<String> {
    let digest =
        layout.current().map_err(io::Error::other)?.ok_or(io::Error::other("no release is active"))?;
    // At every start, so that nothing else runs after a roll-back or a crash either.
    layout.check_bytes(&digest).map_err(io::Error::other)?;
    let service = layout.read_service(&digest).map_err(io::Error::other)?;
    let mut child = start(layout, &digest, &service)?;
    shared.update(|s| {
        s.pid = Some(child.id());
        s.digest = Some(digest);
        s.starts += 1;
        s.detail = "running".into();
    });
    let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let ended = loop {
        if let Some(status) = child.try_wait()? {
            break format!("it ended: {status}");
        }
        if shared.stop.load(Ordering::Acquire) {
            end(&mut child, group)?;
            break "stopped".to_owned();
        }
        thread::sleep(Duration::from_millis(20));
    };
    let _ = killpg(group, Signal::SIGKILL);
    end_strays();
    Ok(ended)
}

/// Ends processes that left the application's group; they are our children by now.
fn end_strays() {
    for _ in 0..1000 {
        let path = format!("/proc/self/task/{}/children", std::process::id());
        let children = fs::read_to_string(path).unwrap_or_default();
        let pids: Vec<i32> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
        if pids.is_empty() {
            return;
        }
        for pid in pids.into_iter().map(Pid::from_raw) {
            let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
            let _ = nix::sys::wait::waitpid(pid, None);
        }
    }
}

/// The command that starts the application: itself under an account of its own, else by way of this
/// program, which confines itself first.
fn command(layout: &Layout, digest: &Sha256, service: &Service) -> io::Result<Command> {
    let (program, arguments) = service.argv.split_first().ok_or(io::Error::other("the command is empty"))?;
    let mut command = match service.account {
        Some(account) => {
            let mut command = Command::new(program);
            command.args(arguments).env_clear().envs(&service.env).uid(account.uid).gid(account.gid);
            command
        }
        None => {
            // Our own file, also when another version has taken its place since.
            let mut command = Command::new("/proc/self/exe");
            command.env_clear().arg("launch").arg(&layout.root).arg(digest.hex());
            command
        }
    };
    for (name, usual) in [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("LANG", "C.UTF-8")] {
        if !service.env.contains_key(name) || service.account.is_none() {
            command.env(name, usual);
        }
    }
    Ok(command)
}

fn start(layout: &Layout, digest: &Sha256, service: &Service) -> io::Result<Child> {
    let mut command = command(layout, digest, service)?;
    command
        .current_dir(layout.data())
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Somebody else's answers on this port must not count as ours.
    TcpListener::bind((Ipv4Addr::LOCALHOST, service.port)).map_err(|e| match e.kind() {
        io::ErrorKind::AddrInUse => {
            io::Error::new(e.kind(), format!("port {} is taken by another program", service.port))
        }
        _ => e,
    })?;
    let mut child = command.spawn()?;
    let log = Arc::new(Mutex::new(Log::open(layout.log("app"))?));
    for stream in [child.stdout.take().map(boxed), child.stderr.take().map(boxed)].into_iter().flatten() {
        let log = Arc::clone(&log);
        thread::spawn(move || copy_lines(stream, &log));
    }
    Ok(child)
}

fn boxed(stream: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(stream)
}

fn copy_lines(mut stream: Box<dyn Read + Send>, log: &Mutex<Log>) {
    let mut buffer = [0; 8192];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write(&buffer[..n]);
    }
}

/// Asks politely, then insists; the whole process group goes.
fn end(child: &mut Child, group: Pid) -> io::Result<()> {
    let _ = killpg(group, Signal::SIGTERM);
    let start = Instant::now();
    while start.elapsed() < GRACE {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = killpg(group, Signal::SIGKILL);
    child.wait().map(drop)
}

/// A log file that is turned over before it grows without end.
struct Log {
    path: std::path::PathBuf,
    file: File,
    size: u64,
}

impl Log {
    fn open(path: std::path::PathBuf) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.size > LOG_LIMIT {
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
            *self = Self::open(self.path.clone())?;
        }
        self.size += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}
