//! Running the sandbox in tests, by root and by an unprivileged user, from one root process.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sandbox::{Identity, Outcome, Spec};
use tempfile::TempDir;

/// The unprivileged user of the tests.
pub const NOBODY: u32 = 65_534;

/// Who starts the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Root,
    Unprivileged,
}

impl Caller {
    /// Host user of the command inside.
    pub fn inside_uid(self) -> u32 {
        match self {
            Self::Root => Identity::default().uid,
            Self::Unprivileged if is_root() => NOBODY,
            Self::Unprivileged => nix::unistd::getuid().as_raw(),
        }
    }

    /// Makes a command run as this caller.
    pub fn apply(self, command: &mut Command) {
        if self == Self::Unprivileged && is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
    }
}

pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Root halves of tests cannot be left out silently.
pub fn require_root() {
    assert!(is_root(), "this test needs root: it drops to unprivileged users itself (CI runs it as root)");
}

/// A directory that every user can enter, with the launcher and a work directory.
pub struct Stage {
    pub dir: TempDir,
    pub launcher: PathBuf,
    pub work: PathBuf,
    pub caller: Caller,
}

impl Stage {
    pub fn new(caller: Caller) -> Self {
        let dir = tempfile::Builder::new().prefix("proofhouse-sandbox-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let launcher = dir.path().join("sandbox-run");
        fs::copy(env!("CARGO_BIN_EXE_sandbox-run"), &launcher).unwrap();
        let work = dir.path().join("work");
        fs::create_dir(&work).unwrap();
        if is_root() {
            let uid = caller.inside_uid();
            chown(&work, Some(uid), Some(uid)).unwrap();
        }
        Self { dir, launcher, work, caller }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A shell script in this stage's work directory.
    pub fn script(&self, script: &str) -> Spec {
        self.spec(&["sh", "-c", script])
    }

    pub fn spec(&self, argv: &[&str]) -> Spec {
        let mut spec = Spec::new(&self.work, argv).env("PATH", "/usr/bin:/bin").env("HOME", "/work");
        spec.launcher = Some(self.launcher.clone());
        spec
    }

    /// Runs `spec` through the runner binary, as this stage's caller; its output and outcome.
    pub fn run(&self, spec: &Spec) -> (String, Outcome) {
        let output = self.command(spec).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (said, outcome) =
            text.trim_end().rsplit_once('\n').unwrap_or_else(|| panic!("{}", explain(&output)));
        (said.to_owned(), serde_json::from_str(outcome).unwrap_or_else(|_| panic!("{}", explain(&output))))
    }

    /// The runner binary with `spec` on its standard input, as this stage's caller.
    pub fn command(&self, spec: &Spec) -> Command {
        let order = self.path().join(format!("order-{}", uuid()));
        fs::write(&order, serde_json::to_vec(spec).unwrap()).unwrap();
        let mut command = Command::new(&self.launcher);
        command.stdin(fs::File::open(&order).unwrap()).current_dir("/");
        self.caller.apply(&mut command);
        command
    }
}

fn explain(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn uuid() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
