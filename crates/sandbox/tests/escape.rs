//! Ways out of the sandbox, tried from inside: as started by root and by an unprivileged user.
//!
//! `PROOFHOUSE_WRITE_EVIDENCE=1 cargo test -p proofhouse-sandbox --test escape` rewrites
//! `docs/evidence/escapes.md`; without the variable its list of attempts is compared.
#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};

use sandbox::{Bind, Limits, Status};
use serde::Deserialize;
use support::{Caller, Stage};

#[derive(Deserialize)]
struct Tried {
    name: String,
    tries: String,
    escaped: bool,
    detail: String,
}

/// Names of the host's objects must differ between tests that run at the same time.
static NEXT: AtomicI32 = AtomicI32::new(0);

/// What the host has that nobody inside may reach.
struct Host {
    stage: Stage,
    listener: TcpListener,
    abstract_name: String,
    _sockets: (UnixListener, UnixListener),
    process: Child,
    shm_key: i32,
    shm: i32,
    shm_name: String,
}

impl Host {
    fn new(caller: Caller) -> Self {
        let stage = Stage::new(caller);
        let probe = stage.path().join("probe");
        fs::create_dir(&probe).unwrap();
        for (name, mode) in [("escape-probe", 0o755), ("set-user-id", 0o4755)] {
            fs::copy(env!("CARGO_BIN_EXE_escape-probe"), probe.join(name)).unwrap();
            fs::set_permissions(probe.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let open = stage.path().join("host");
        fs::create_dir(&open).unwrap();
        fs::write(open.join("secret"), "the host's secret").unwrap();
        let socket = UnixListener::bind(open.join("socket")).unwrap();
        fs::set_permissions(open.join("socket"), fs::Permissions::from_mode(0o777)).unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let unique = format!("{}-{number}", std::process::id());
        let abstract_name = format!("proofhouse-escape-{unique}");
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let shm_name = format!("proofhouse-escape-{unique}");
        fs::write(format!("/dev/shm/{shm_name}"), "the host's memory").unwrap();
        let shm_key = 0x5072_0000 + (std::process::id() & 0x7fff) as i32 * 8 + number;
        // SAFETY: integers only.
        let shm = unsafe { libc::shmget(shm_key, 4096, libc::IPC_CREAT | 0o666) };
        assert!(shm >= 0);
        fs::write(stage.work.join(".inside"), "").unwrap();
        let mut process = Command::new("sleep");
        process.arg("600").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let bound = UnixListener::bind_addr(&address).unwrap();
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            _sockets: (socket, bound),
            stage,
            abstract_name,
            process: as_inside_user(&mut process, caller).spawn().unwrap(),
            shm_key,
            shm,
            shm_name,
        }
    }

    fn arguments(&self) -> Vec<String> {
        vec![
            format!("port={}", self.listener.local_addr().unwrap().port()),
            format!("directory={}", self.stage.path().join("host").display()),
            format!("abstract={}", self.abstract_name),
            format!("pid={}", self.process.id()),
            format!("shm-key={}", self.shm_key),
            format!("shm-name={}", self.shm_name),
        ]
    }

    /// A caller with a secret in its environment and a file it forgot to close.
    fn careless(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new("/bin/sh");
        let secret = self.stage.path().join("host/secret");
        command.args(["-c", "exec 7<\"$1\"; shift; exec \"$@\"", "sh"]).arg(secret).arg(program);
        command.env("CALLER_SECRET", "hunter2").current_dir("/");
        self.stage.caller.apply(&mut command);
        command
    }

    fn try_everything(&self) -> Vec<Tried> {
        let mut spec = self.stage.spec(&["/opt/probe/escape-probe"]);
        spec.argv.extend(self.arguments().into_iter().map(Into::into));
        spec.read_only = vec![Bind { host: self.stage.path().join("probe"), inside: "/opt/probe".into() }];
        spec.egress = true;
        spec.limits = Limits {
            memory_bytes: Some(256 << 20),
            processes: Some(64),
            cpu_percent: None,
            file_bytes: Some(32 << 20),
            open_files: 256,
            tmp_bytes: 16 << 20,
            wall: Some(std::time::Duration::from_secs(300)),
        };
        let order = self.stage.path().join("order");
        fs::write(&order, serde_json::to_vec(&spec).unwrap()).unwrap();
        let mut command = self.careless(&self.stage.launcher);
        let output = command.stdin(fs::File::open(order).unwrap()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (tried, outcome) = text.trim_end().rsplit_once('\n').unwrap_or_else(|| {
            panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
        });
        let outcome: sandbox::Outcome = serde_json::from_str(outcome).unwrap();
        assert_eq!(outcome.status, Status::Exited(0), "{text}");
        parse(tried)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_file(format!("/dev/shm/{}", self.shm_name));
        // SAFETY: an id that we have made, and an allowed null pointer.
        unsafe { libc::shmctl(self.shm, libc::IPC_RMID, std::ptr::null_mut()) };
    }
}

fn as_inside_user(command: &mut Command, caller: Caller) -> &mut Command {
    use std::os::unix::process::CommandExt;
    if support::is_root() {
        command.uid(caller.inside_uid()).gid(caller.inside_uid());
    }
    command
}

fn parse(lines: &str) -> Vec<Tried> {
    lines.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The attempts must be able to succeed, or their failing inside would prove nothing.
#[test]
fn outside_the_sandbox_the_same_attempts_succeed() {
    /// Switched off on some hosts by the kernel's configuration.
    const OPTIONAL: [&str; 5] =
        ["user-fault", "io-uring", "compare-kernel-objects", "new-user-namespace", "file-events"];
    let host = Host::new(Caller::Unprivileged);
    let mut command = host.careless(&host.stage.path().join("probe/escape-probe"));
    command.arg("--control").args(host.arguments()).env("TMPDIR", &host.stage.work).stdin(Stdio::null());
    let output = command.output().unwrap();
    let tried = parse(&String::from_utf8(output.stdout).unwrap());
    assert!(tried.len() >= 20, "{} controls", tried.len());
    let failed: Vec<_> = tried
        .iter()
        .filter(|t| !t.escaped && !OPTIONAL.contains(&t.name.as_str()))
        .map(|t| format!("{}: {}", t.name, t.detail))
        .collect();
    assert!(failed.is_empty(), "cannot judge by these: {failed:#?}");
}

#[test]
fn no_attempt_gets_out() {
    let unprivileged = Host::new(Caller::Unprivileged).try_everything();
    assert_none_escaped(&unprivileged, "unprivileged");
    support::require_root();
    let root = Host::new(Caller::Root).try_everything();
    assert_none_escaped(&root, "root");
    assert!(root.len() >= 60, "{} attempts", root.len());
    assert_eq!(root.len(), unprivileged.len());
    evidence(&root, &unprivileged);
}

fn assert_none_escaped(tried: &[Tried], who: &str) {
    let escaped: Vec<_> = tried
        .iter()
        .filter(|t| t.escaped)
        .map(|t| format!("{}: {} ({})", t.name, t.tries, t.detail))
        .collect();
    assert!(escaped.is_empty(), "as {who}: {escaped:#?}");
}

fn evidence(root: &[Tried], unprivileged: &[Tried]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/evidence/escapes.md");
    if std::env::var_os("PROOFHOUSE_WRITE_EVIDENCE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, render(root, unprivileged)).unwrap();
        return;
    }
    let committed =
        fs::read_to_string(&path).expect("docs/evidence/escapes.md, written by this test when told to");
    let names = |text: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
            .collect()
    };
    let now = render(root, unprivileged);
    assert_eq!(names(&committed), names(&now), "run this test with PROOFHOUSE_WRITE_EVIDENCE=1");
}

fn render(root: &[Tried], unprivileged: &[Tried]) -> String {
    let other: BTreeMap<&str, &Tried> = unprivileged.iter().map(|t| (t.name.as_str(), t)).collect();
    let mut text = format!(
        "# Ways out of the sandbox, tried\n\n\
         {} attempts from inside, in a sandbox started by root and in one started by an unprivileged\n\
         user. \"What stopped it\" is what the attempt got for an answer. Regenerate with\n\
         `PROOFHOUSE_WRITE_EVIDENCE=1 cargo test -p proofhouse-sandbox --test escape` (as root).\n\n\
         | attempt | tries to | root | unprivileged | what stopped it |\n|---|---|---|---|---|\n",
        root.len()
    );
    for tried in root {
        let twin = other[tried.name.as_str()];
        let word = |t: &Tried| if t.escaped { "**escaped**" } else { "stopped" };
        let reason = if tried.detail == twin.detail {
            tried.detail.clone()
        } else {
            format!("{}; unprivileged: {}", tried.detail, twin.detail)
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {reason} |",
            tried.name,
            tried.tries,
            word(tried),
            word(twin)
        );
    }
    text
}
