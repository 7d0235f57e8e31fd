//! An installation of its own for each test: home, project, environments, all in one folder.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// The binary under test.
pub const PROOFHOUSE: &str = env!("CARGO_BIN_EXE_proofhouse");

/// A home and a project in a folder that goes away, with everything that was started in it.
pub struct Site {
    folder: tempfile::TempDir,
}

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Answer {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Fails the test unless the exit status is `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }

    /// Everything that was printed.
    pub fn text(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl Site {
    /// An empty project folder beside a new home.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("proofhouse-test-").tempdir().unwrap();
        // As root the deployed application runs as somebody else and must get there.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        Self { folder }
    }

    /// The bundled application, committed, with free ports and its advisories.
    pub fn bookshelf() -> Self {
        let site = Self::new();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bookshelf");
        copy(&from, &site.project());
        let config = site.project().join("proofhouse.yaml");
        let text = fs::read_to_string(&config).unwrap();
        let text = text.replace("18080", &free_port().to_string()).replace("18081", &free_port().to_string());
        fs::write(config, text).unwrap();
        site.commit("Bookshelf");
        site.proofhouse(&["feeds", "import", "advisories"]).expect(0);
        site
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    pub fn project(&self) -> PathBuf {
        self.path().join("project")
    }

    /// Folder of an environment.
    pub fn environment(&self, name: &str) -> PathBuf {
        let candidates = ["environments", "home/environments"];
        let all = candidates.map(|place| self.path().join(place).join("bookshelf").join(name));
        all.iter().find(|path| path.exists()).unwrap_or(&all[0]).clone()
    }

    /// The binary in this installation, with a clean environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROOFHOUSE);
        command
            .args(arguments)
            .current_dir(self.project())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", std::env::var_os("HOME").unwrap())
            .env("PROOFHOUSE_HOME", self.home())
            .stdin(Stdio::null());
        command
    }

    pub fn proofhouse(&self, arguments: &[&str]) -> Answer {
        Answer::of(self.command(arguments).output().unwrap())
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Commits everything in the project.
    pub fn commit(&self, message: &str) {
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }

    pub fn git(&self, arguments: &[&str]) {
        let author =
            ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
        let output =
            Command::new("git").current_dir(self.project()).args(author).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for name in ["staging", "production"] {
            let _ = self.proofhouse(&["env", "stop", name]);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let name = entry.file_name();
        if name == "dist" || name == "__pycache__" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(to.join(&name)).unwrap();
            copy(&entry.path(), &to.join(&name));
        } else {
            fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The body of an HTTP answer on loopback.
pub fn get(port: u16, path: &str) -> Option<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text.split_once("\r\n\r\n")?.1.to_owned())
}
