//! A private PostgreSQL cluster: one per test process, one database per test.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Keeps the cluster; the shell that runs it sees the end of its standard input when this process ends.
const SUPERVISOR: &str = include_str!("postgres.sh");

/// A running cluster.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    programs: PathBuf,
    _supervisor: Child,
}

/// The cluster of this test process, started at the first call.
///
/// # Panics
/// When PostgreSQL is not installed or does not start, with the reason.
pub fn postgres() -> &'static Postgres {
    static CLUSTER: OnceLock<Result<Postgres, String>> = OnceLock::new();
    match CLUSTER.get_or_init(start) {
        Ok(cluster) => cluster,
        Err(reason) => panic!("PostgreSQL could not be started: {reason}"),
    }
}

impl Postgres {
    /// URL of a new, empty database.
    ///
    /// # Panics
    /// When the server refuses to make one.
    pub fn database(&self) -> String {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNTER.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        let made = Command::new(self.programs.join("createdb"))
            .args(["-h", "127.0.0.1", "-U", "proofhouse", "-p", &port, &name])
            .output();
        match made {
            Ok(output) if output.status.success() => {
                format!("postgres://proofhouse@127.0.0.1:{port}/{name}")
            }
            Ok(output) => panic!("createdb: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => panic!("createdb: {error}"),
        }
    }

    /// Runs SQL in a database, as somebody who changes it behind our back would.
    ///
    /// # Panics
    /// When the command fails.
    pub fn sql(&self, url: &str, sql: &str) {
        let done = Command::new(self.programs.join("psql"))
            .args(["-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
            .output();
        match done {
            Ok(output) if output.status.success() => {}
            Ok(output) => panic!("psql: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => panic!("psql: {error}"),
        }
    }
}

fn start() -> Result<Postgres, String> {
    let programs = programs()?;
    let mut reason = String::new();
    // The port is free when it is chosen, but somebody else may take it before the server does.
    for _ in 0..3 {
        match try_start(&programs) {
            Ok(cluster) => return Ok(cluster),
            Err(error) => reason = error,
        }
    }
    Err(reason)
}

fn try_start(programs: &PathBuf) -> Result<Postgres, String> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = free.map_err(|error| error.to_string())?.port();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SUPERVISOR, "postgres"]).arg(programs).arg(port.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    // In a group of its own, so that an interrupt from the terminal reaches it only through us.
    command.current_dir("/").process_group(0);
    // The server refuses to run as root.
    if let Some((uid, gid)) = unprivileged()? {
        command.uid(uid).gid(gid).env_remove("HOME");
    }
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let Some(output) = child.stdout.take() else { return Err("no output".into()) };
    let mut output = BufReader::new(output);
    let mut first = String::new();
    output.read_line(&mut first).map_err(|error| error.to_string())?;
    if first != "ready\n" {
        let mut rest = String::new();
        // Whatever can be read of the log explains more than a read error would.
        let _ = output.read_to_string(&mut rest);
        return Err(format!("{first}{rest}"));
    }
    Ok(Postgres { port, programs: programs.clone(), _supervisor: child })
}

/// The newest installed version's programs, where Debian and most others put them.
pub(crate) fn programs() -> Result<PathBuf, String> {
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<f32>().ok());
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> =
        folders.filter_map(|entry| Some((version(&entry.path())?, entry.path()))).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let newest = found.pop().map(|(_, path)| path.join("bin"));
    let others = ["/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    newest
        .into_iter()
        .chain(others)
        .find(|folder| folder.join("initdb").exists())
        .ok_or_else(|| "it is not installed (no initdb found); install the package `postgresql`".to_owned())
}

/// User and group for the server when this process is root: `postgres`, or else `nobody`.
pub(crate) fn unprivileged() -> Result<Option<(u32, u32)>, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().nth(1));
    if uid != Some("0") {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == name).then_some(())?;
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        })
    };
    find("postgres").or_else(|| find("nobody")).map(Some).ok_or_else(|| "no user to run it as".to_owned())
}
