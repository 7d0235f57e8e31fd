//! A PostgreSQL server of one test's own, that can be stopped and started again.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::postgres::{programs, unprivileged};

/// A server in a temporary folder; down when dropped.
#[derive(Debug)]
pub struct Stoppable {
    folder: tempfile::TempDir,
    programs: PathBuf,
    account: Option<(u32, u32)>,
    port: u16,
    server: Option<Child>,
}

impl Stoppable {
    /// Makes a cluster and starts its server.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start, with the reason.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("proofhouse-postgres-").tempdir().unwrap();
        let account = unprivileged().unwrap();
        if let Some((user, group)) = account {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut cluster = Self { folder, programs: programs().unwrap(), account, port, server: None };
        let made = cluster
            .command("initdb")
            .args(["-U", "proofhouse", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C", "-D"])
            .arg(cluster.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        cluster.up();
        cluster
    }

    /// URL of its database.
    pub fn url(&self) -> String {
        format!("postgres://proofhouse@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server again.
    ///
    /// # Panics
    /// When it does not start, with its log.
    pub fn up(&mut self) {
        let log = self.folder.path().join("log");
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.arg("-k").arg(self.folder.path()).args(["-c", "fsync=off", "-c", "shared_buffers=16MB"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.server = Some(command.stderr(fs::File::create(&log).unwrap()).spawn().unwrap());
        for _ in 0..600 {
            let mut ready = self.command("pg_isready");
            if ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).status().unwrap().success()
            {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL did not start: {}", fs::read_to_string(log).unwrap_or_default());
    }

    /// Stops the server at once; clients lose their connections.
    pub fn down(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // SIGINT is PostgreSQL's fast shutdown.
        let _ = Command::new("kill").args(["-INT", &server.id().to_string()]).status();
        let _ = server.wait();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir("/");
        // The server refuses to run as root.
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group).env_remove("HOME");
        }
        command
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        self.down();
    }
}
