//! Start-up of `/bin/true`: this sandbox and bubblewrap, as root and as an unprivileged user.
//!
//! `cargo run --release -p proofhouse-sandbox --example startup` prints one JSON object per
//! measurement: `{"name": …, "value_ms": …}`, the median of many runs taken in turns. As root it
//! measures both kinds of caller, otherwise only the unprivileged one; what is not installed is
//! left out and said so on standard error.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sandbox::{Identity, Spec, Trace, spawn};

const ROUNDS: usize = 60;
const NOBODY: u32 = 65_534;

fn main() {
    sandbox::run_if_launcher();
    if let Some(work) = std::env::args().nth(1) {
        return measure(Path::new(&work));
    }
    let root = nix::unistd::geteuid().is_root();
    if root {
        child(&Identity::default());
    } else {
        eprintln!("not root: only the unprivileged half is measured");
    }
    child(&Identity { uid: NOBODY, gid: NOBODY });
}

/// Measures in a process of its own, so that it can be another user's.
fn child(identity: &Identity) {
    let dir = tempfile::Builder::new().prefix("proofhouse-startup-").tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (program, work) = (dir.path().join("startup"), dir.path().join("work"));
    fs::copy("/proc/self/exe", &program).unwrap();
    fs::create_dir(&work).unwrap();
    let mut command = Command::new(&program);
    command.arg(&work).current_dir("/");
    if nix::unistd::geteuid().is_root() {
        chown(&work, Some(identity.uid), Some(identity.gid)).unwrap();
        if identity.uid == NOBODY {
            command.uid(NOBODY).gid(NOBODY);
        }
    }
    assert!(command.status().unwrap().success());
}

type Run<'a> = (&'a str, Box<dyn Fn() -> bool + 'a>);

fn measure(work: &Path) {
    let kind = if nix::unistd::geteuid().is_root() { "root" } else { "rootless" };
    let mut runs: Vec<Run> = vec![
        ("none", Box::new(|| quiet(&mut Command::new("/usr/bin/true")))),
        ("sandbox", Box::new(|| ours(work, Trace::Off, None))),
        ("sandbox-traced", Box::new(|| ours(work, Trace::Processes, None))),
    ];
    if kind == "root" {
        runs.push(("sandbox-limited", Box::new(|| ours(work, Trace::Off, Some(1 << 30)))));
    }
    match bubblewrap() {
        Some(program) => runs.push(("bubblewrap", Box::new(move || theirs(&program, work)))),
        None => eprintln!("bubblewrap is not installed: not measured"),
    }
    let mut taken = vec![Vec::with_capacity(ROUNDS); runs.len()];
    for round in 0..ROUNDS + 3 {
        for (index, (name, run)) in runs.iter().enumerate() {
            let start = Instant::now();
            assert!(run(), "{name} failed");
            // The first rounds warm caches up.
            if round >= 3 {
                taken[index].push(start.elapsed());
            }
        }
    }
    for ((name, _), times) in runs.iter().zip(&mut taken) {
        let value = median(times).as_secs_f64() * 1000.0;
        println!(
            "{}",
            serde_json::json!({"name": format!("start-{name}-{kind}"), "value_ms": (value * 100.0).round() / 100.0})
        );
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ours(work: &Path, trace: Trace, memory: Option<u64>) -> bool {
    let mut spec = Spec::new(work, ["/usr/bin/true"]);
    spec.trace = trace;
    spec.limits.memory_bytes = memory;
    spawn(&spec).unwrap().wait().unwrap().status.success()
}

fn bubblewrap() -> Option<PathBuf> {
    Some(PathBuf::from("/usr/bin/bwrap")).filter(|path| path.exists())
}

/// The nearest that bubblewrap offers: the same namespaces and trees (no seccomp, no Landlock).
fn theirs(program: &Path, work: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(["--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr"]);
    for link in ["bin", "lib", "lib64", "sbin"] {
        command.args(["--symlink", &format!("usr/{link}"), &format!("/{link}")]);
    }
    command.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind"]).arg(work).arg("/work");
    quiet(command.args(["--chdir", "/work", "/usr/bin/true"]))
}

fn quiet(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}
