//! Real tools do real work inside: what builds and tests are made of.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::PathBuf;
use std::process::Command;

use sandbox::{Bind, Spec, Status, Trace};
use support::{Caller, Stage};

/// Runs a script as both callers and compares what it prints.
fn works(script: &str, expected: &str) {
    works_as(&[Caller::Unprivileged, Caller::Root], script, expected, |_| {});
}

fn works_as(callers: &[Caller], script: &str, expected: &str, change: impl Fn(&mut Spec)) {
    for caller in callers.iter().copied() {
        if caller == Caller::Root {
            support::require_root();
        }
        let stage = Stage::new(caller);
        let mut spec = stage.spec(&["bash", "-euc", script]);
        spec.trace = Trace::Processes;
        change(&mut spec);
        let (said, outcome) = stage.run(&spec);
        assert_eq!(outcome.status, Status::Exited(0), "{caller:?}: {said}");
        assert_eq!(said.trim(), expected, "{caller:?}");
    }
}

fn missing(program: &str) -> bool {
    let absent = !PathBuf::from("/usr/bin").join(program).exists();
    if absent {
        println!("{program} is not in /usr/bin here: not tried");
    }
    absent
}

#[test]
fn python_with_processes_threads_sockets_and_names() {
    if missing("python3") {
        return;
    }
    let script = "python3 - <<'E'
import asyncio, multiprocessing, socket, ssl, subprocess, tempfile, threading
def square(n): return n * n
with multiprocessing.Pool(2) as pool: print(pool.map(square, [1, 2, 3]))
print(subprocess.run(['echo', 'child'], capture_output=True, text=True).stdout.strip())
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(('localhost', server.getsockname()[1]))
async def nap(): await asyncio.sleep(0.01); return 'slept'
print(asyncio.run(nap()))
with tempfile.NamedTemporaryFile() as f: f.write(b'x')
try: socket.getaddrinfo('packages.example', 443)
except socket.gaierror: print('no such name')
E";
    works(script, "[1, 4, 9]\nchild\nslept\nno such name");
}

#[test]
fn the_c_compiler_and_make() {
    if missing("cc") || missing("make") {
        return;
    }
    let script = r#"
printf '#include <stdio.h>\nint main(void) { puts("compiled"); }\n' > hello.c
printf 'hello: hello.c\n\tcc -O1 -o hello hello.c\n' > Makefile
make -s -j2 && ./hello"#;
    works(script, "compiled");
}

#[test]
fn git_makes_and_clones_a_repository() {
    if missing("git") {
        return;
    }
    let script = r#"
git -c init.defaultBranch=main init -q one && cd one && echo text > file && git add file
git -c user.name=a -c user.email=a@b.example commit -q -m first
cd .. && git clone -q one two && git -C two log --format=%s && git -C two fsck"#;
    works(script, "first");
}

#[test]
fn node_runs_scripts_and_workers() {
    if missing("node") {
        return;
    }
    let script = r#"node -e '
const { Worker } = require("worker_threads"), fs = require("fs");
fs.writeFileSync("made", "x");
new Worker("require(\"worker_threads\").parentPort.postMessage(\"from a worker\")", { eval: true })
  .on("message", m => console.log(m));'"#;
    works(script, "from a worker");
}

#[test]
fn cargo_builds_and_tests_a_crate_with_its_own_toolchain() {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let script = "cargo init -q --vcs none --lib inside && cd inside && cargo test -q --offline 2>&1 | grep -c '^test result: ok'";
    // As root only: a toolchain in root's home cannot be read by another user, sandbox or not.
    works_as(&[Caller::Root], script, "2", |spec| {
        spec.read_only = vec![Bind { host: sysroot.clone(), inside: "/opt/rust".into() }];
        *spec = spec.clone().env("PATH", "/opt/rust/bin:/usr/bin:/bin");
    });
}
