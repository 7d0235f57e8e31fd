//! A ledger that grows by a command, web servers for its files, and people who look at it.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::support::{Answer, PROOFHOUSE, Site, free_port};

/// A process that ends with the test.
pub struct Running {
    child: Child,
    pub port: u16,
}

impl Running {
    /// Starts it and waits until its port answers.
    pub fn start(mut command: Command, port: u16) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Self { child: command.spawn().unwrap(), port };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return running;
            }
            assert!(running.child.try_wait().unwrap().is_none(), "it ended");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("nothing answers on port {port}");
    }

    /// Somebody else's static web server over a folder.
    pub fn python(folder: &Path) -> Self {
        let port = free_port();
        let mut command = Command::new("python3");
        command.args(["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory"]);
        command.arg(folder);
        Self::start(command, port)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An installation whose ledger is published.
pub struct Log {
    pub site: Site,
}

impl Log {
    /// A ledger of `entries` entries, published.
    pub fn new(entries: usize) -> Self {
        let log = Self { site: Site::bookshelf() };
        log.grow("home", entries - 1);
        log.publish("home", "public");
        log.save("key", &log.command("home", &["ledger", "trust", "--log-key"]).expect(0).out);
        log.save("trust.json", &log.command("home", &["ledger", "trust"]).expect(0).out);
        log
    }

    /// A command of the installation whose home has this name.
    pub fn command(&self, home: &str, arguments: &[&str]) -> Answer {
        let mut command = self.site.command(arguments);
        Answer::of(command.env("PROOFHOUSE_HOME", self.path(home)).output().unwrap())
    }

    /// Records so many more statements.
    pub fn grow(&self, home: &str, entries: usize) {
        for _ in 0..entries {
            self.command(home, &["feeds", "import", "advisories"]).expect(0);
        }
    }

    pub fn publish(&self, home: &str, to: &str) -> serde_json::Value {
        let to = self.text(to);
        self.command(home, &["ledger", "publish", "--to", &to, "--format", "json"]).expect(0).json()
    }

    /// A second installation with the same keys and the same past: what a backup, or a thief, has.
    pub fn copy_home(&self, to: &str) {
        let copied = Command::new("cp").arg("-a").arg(self.path("home")).arg(self.path(to)).status();
        assert!(copied.unwrap().success());
    }

    /// Somebody without an installation looks at the log.
    pub fn monitor(&self, log: &str, state: &str, more: &[&str]) -> Answer {
        let (key, state) = (self.text("key"), self.text(state));
        let start = ["ledger", "monitor", log, "--key", &key, "--state", &state, "--quiet"];
        let mut command = Command::new(PROOFHOUSE);
        command.env_clear().current_dir(self.site.path()).args(start).args(more);
        Answer::of(command.output().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.site.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn save(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }
}
