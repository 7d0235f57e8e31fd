//! Running commands: how they end, what they leave behind, what was observed of them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::{Bind, Family, Isolation, Limits, SandboxError, Status, Stdin, Trace, spawn};
use support::{Caller, Stage};

const BOTH: [Caller; 2] = [Caller::Unprivileged, Caller::Root];

/// Runs a test as each caller; root is not optional.
fn as_each(test: impl Fn(&Stage)) {
    for caller in BOTH {
        if caller == Caller::Root {
            support::require_root();
        }
        test(&Stage::new(caller));
    }
}

/// Processes of the host whose command line has `marker`.
fn alive(marker: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.contains(marker)).collect()
}

/// Waits until no process has `marker`; for deaths that nobody here can wait for.
fn until_gone(marker: &str) {
    for _ in 0..1000 {
        if alive(marker).is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("still there: {:?}", alive(marker));
}

/// A number of seconds that no other process sleeps.
fn marker() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("7{}.{:03}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A script that has written to the work directory of `stage` when it is under way.
fn until_file(path: &Path) {
    for _ in 0..2000 {
        if path.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{} never appeared", path.display());
}

#[test]
fn exit_codes_and_signals_are_reported() {
    as_each(|stage| {
        for (script, status) in [
            ("exit 0", Status::Exited(0)),
            ("exit 37", Status::Exited(37)),
            ("exit 255", Status::Exited(255)),
            ("kill -SEGV $$", Status::Signaled(11)),
            ("kill -9 $$", Status::Signaled(9)),
        ] {
            let (_, outcome) = stage.run(&stage.script(script));
            assert_eq!(outcome.status, status, "{script} as {:?}", stage.caller);
            let expected = if stage.caller == Caller::Root { Isolation::Root } else { Isolation::Rootless };
            assert_eq!(outcome.isolation, expected);
            assert_eq!(outcome.warnings, Vec::<String>::new());
        }
    });
}

#[test]
fn the_command_has_what_it_was_given_and_nothing_else() {
    as_each(|stage| {
        let script = "pwd; id -u; hostname; env | sort; ls /proc/self/fd | wc -l; ls -A /work; cat";
        let (said, _) = stage.run(&stage.script(script).env("GREETING", "two words"));
        let expected =
            "/work\n1000\nsandbox\nGREETING=two words\nHOME=/work\nPATH=/usr/bin:/bin\nPWD=/work\n4\n";
        assert_eq!(said, expected);
    });
}

#[test]
fn what_it_writes_to_work_stays_and_belongs_to_its_user() {
    as_each(|stage| {
        stage.run(&stage.script("umask; echo done > result; mkdir -p a/b; ln -s /etc/shadow a/link"));
        let written = fs::metadata(stage.work.join("result")).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&written), stage.caller.inside_uid());
        assert_eq!(fs::read_to_string(stage.work.join("result")).unwrap(), "done\n");
    });
}

#[test]
fn a_missing_program_is_an_error_not_an_exit_code() {
    let stage = Stage::new(Caller::Root);
    let error = spawn(&stage.spec(&["no-such-program"])).unwrap_err();
    assert!(matches!(&error, SandboxError::Exec { program, .. } if program == "no-such-program"), "{error}");
    let error = spawn(&stage.spec(&["/work"])).unwrap_err();
    assert!(matches!(error, SandboxError::Exec { .. }), "{error}");
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    let stage = Stage::new(Caller::Root);
    let good = stage.spec(&["true"]);
    let mut bad = vec![good.clone(); 6];
    bad[0].argv.clear();
    bad[1].identity.uid = 0;
    bad[2].cwd = "../up".into();
    bad[3].read_only = vec![Bind { host: "/usr".into(), inside: "/proc/x".into() }];
    bad[4].read_only = vec![Bind { host: "/usr".into(), inside: "/opt/../work".into() }];
    bad[5].read_only = vec![Bind { host: "/usr".into(), inside: "/".into() }];
    for spec in bad {
        assert!(matches!(spawn(&spec), Err(SandboxError::InvalidSpec { .. })));
    }
    let mut missing = good;
    missing.read_only = vec![Bind { host: "/no/such/tree".into(), inside: "/opt/x".into() }];
    let error = spawn(&missing).unwrap_err();
    assert!(error.to_string().contains("/no/such/tree"), "{error}");
}

#[test]
fn a_work_directory_below_a_closed_one_can_be_used_by_root() {
    support::require_root();
    let stage = Stage::new(Caller::Root);
    fs::set_permissions(stage.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let (said, _) = stage.run(&stage.script("touch here && ls"));
    assert_eq!(said.trim(), "here");
}

#[test]
fn at_its_limit_of_time_everything_is_killed_even_what_ignores_signals() {
    as_each(|stage| {
        let marker = marker();
        let mut spec = stage.script(&format!("trap '' TERM INT HUP; setsid sleep {marker} & sleep {marker}"));
        spec.limits.wall = Some(Duration::from_millis(300));
        let (_, outcome) = stage.run(&spec);
        assert_eq!(outcome.status, Status::TimedOut);
        assert_eq!(alive(&marker), Vec::<String>::new());
    });
}

#[test]
fn a_daemon_left_behind_dies_with_the_command() {
    as_each(|stage| {
        let marker = marker();
        let script =
            format!("(setsid sh -c 'trap \"\" TERM; sleep {marker}' </dev/null >/dev/null 2>&1 &) ; exit 3");
        let (_, outcome) = stage.run(&stage.script(&script));
        assert_eq!(outcome.status, Status::Exited(3));
        assert_eq!(alive(&marker), Vec::<String>::new());
    });
}

#[test]
fn forking_without_end_ends() {
    as_each(|stage| {
        let marker = marker();
        let mut spec = stage.spec(&["bash", "-c", &format!("f() {{ f | f & }}; f; sleep {marker}")]);
        spec.limits = Limits { processes: Some(50), wall: Some(Duration::from_secs(2)), ..Limits::default() };
        let (_, outcome) = stage.run(&spec);
        assert!(!outcome.status.success(), "{:?}", outcome.status);
        assert_eq!(alive(&marker), Vec::<String>::new());
    });
}

#[test]
fn a_gigabyte_of_output_flows_through_bounded_memory() {
    let stage = Stage::new(Caller::Root);
    let spec = stage.script("head -c 1073741824 /dev/zero; echo end >&2");
    let mut running = spawn(&spec).unwrap();
    let mut pipe = running.stdout().unwrap();
    let count = io::copy(&mut pipe, &mut io::sink()).unwrap();
    let mut errors = String::new();
    running.stderr().unwrap().read_to_string(&mut errors).unwrap();
    let outcome = running.wait().unwrap();
    assert_eq!((count, errors.as_str()), (1 << 30, "end\n"));
    assert!(outcome.status.success());
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 200 * 1024, "this process used {kib} KiB");
}

#[test]
fn output_that_nobody_takes_does_not_block() {
    let stage = Stage::new(Caller::Root);
    let running = spawn(&stage.script("head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2")).unwrap();
    assert!(running.wait().unwrap().status.success());
}

#[test]
fn killing_the_launcher_leaves_no_process() {
    support::require_root();
    let stage = Stage::new(Caller::Root);
    let marker = marker();
    let spec = stage.script(&format!("setsid sleep {marker} & touch up; sleep {marker}"));
    let running = spawn(&spec).unwrap();
    until_file(&stage.work.join("up"));
    let launcher = fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let ours = status.contains(&format!("PPid:\t{}\n", std::process::id()));
        let line = fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let root = fs::read_link(entry.path().join("exe")).ok()?;
        (ours && line.starts_with("proofhouse-launcher") && root == stage.launcher)
            .then(|| entry.file_name().to_string_lossy().parse::<i32>().unwrap())
    });
    kill(Pid::from_raw(launcher.expect("the launcher is our child")), Signal::SIGKILL).unwrap();
    assert_eq!(running.wait().unwrap().status, Status::Killed);
    assert_eq!(alive(&marker), Vec::<String>::new());
}

#[test]
fn killing_the_caller_leaves_no_process() {
    as_each(|stage| {
        let marker = marker();
        let spec = stage.script(&format!("setsid sleep {marker} & touch up; sleep {marker}"));
        let mut caller = stage.command(&spec).stdout(Stdio::null()).spawn().unwrap();
        until_file(&stage.work.join("up"));
        caller.kill().unwrap();
        caller.wait().unwrap();
        until_gone(&marker);
    });
}

#[test]
fn a_killer_ends_it_from_another_thread_and_dropping_does_too() {
    let stage = Stage::new(Caller::Root);
    let marker = marker();
    let running = spawn(&stage.script(&format!("sleep {marker}"))).unwrap();
    let killer = running.killer();
    let thread = thread::spawn(move || killer.kill());
    assert_eq!(running.wait().unwrap().status, Status::Killed);
    thread.join().unwrap();
    drop(spawn(&stage.script(&format!("sleep {marker}"))).unwrap());
    assert_eq!(alive(&marker), Vec::<String>::new());
}

#[test]
fn the_thread_that_started_it_may_end() {
    let stage = Stage::new(Caller::Root);
    let spec = stage.script("sleep 0.3; echo survived");
    let mut running = thread::spawn(move || spawn(&spec).unwrap()).join().unwrap();
    let mut said = String::new();
    running.stdout().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((said.as_str(), running.wait().unwrap().status), ("survived\n", Status::Exited(0)));
}

#[test]
fn memory_of_all_processes_together_is_limited_as_root() {
    support::require_root();
    let stage = Stage::new(Caller::Root);
    // Four processes, each of which alone stays below the limit.
    let hog = "python3 -c 'b = bytearray(100 << 20); import time; time.sleep(20)' &";
    let mut spec = stage.script(&format!("{hog} {hog} {hog} {hog} wait -n; exit 1"));
    spec.argv[0] = "bash".into();
    spec.limits = Limits { memory_bytes: Some(200 << 20), cpu_percent: Some(150), ..Limits::default() };
    let (_, outcome) = stage.run(&spec);
    assert_eq!(outcome.status, Status::OutOfMemory, "{:?}", outcome.warnings);
    assert!(outcome.peak_memory.is_some_and(|peak| peak > 100 << 20 && peak <= 200 << 20), "{outcome:?}");
    assert_eq!(outcome.warnings, Vec::<String>::new());
}

#[test]
fn limits_that_cannot_be_had_without_root_are_named_and_not_silent() {
    let stage = Stage::new(Caller::Unprivileged);
    let mut spec = stage.script("python3 -c 'bytearray(300 << 20)'");
    spec.limits = Limits { memory_bytes: Some(200 << 20), cpu_percent: Some(50), ..Limits::default() };
    let (_, outcome) = stage.run(&spec);
    assert!(!outcome.status.success());
    if !outcome.warnings.is_empty() {
        let warning = &outcome.warnings[0];
        assert!(warning.contains("for each process") && warning.contains("not limited"), "{warning}");
    }
}

#[test]
fn the_trace_shows_programs_of_children_and_refused_connections() {
    as_each(|stage| {
        let mut spec = stage.spec(&[
            "bash",
            "-c",
            "/usr/bin/env sh -c 'cat /etc/hostname-not-there; true'; : < /dev/tcp/192.0.2.9/443; exit 0",
        ]);
        spec.trace = Trace::Files;
        let (_, outcome) = stage.run(&spec);
        let programs: Vec<&str> = outcome.trace.exec.iter().map(|exec| exec.path.as_str()).collect();
        for program in ["/usr/bin/bash", "/usr/bin/env", "/usr/bin/sh", "/usr/bin/cat"] {
            assert!(programs.contains(&program), "{program} in {programs:?}");
        }
        let env = outcome.trace.exec.iter().find(|exec| exec.path == "/usr/bin/env").unwrap();
        assert_eq!(env.argv[..3], ["/usr/bin/env", "sh", "-c"]);
        let tried = outcome.trace.connect.iter().find(|connect| connect.family == Family::Inet).unwrap();
        assert_eq!((tried.address.as_str(), tried.port), ("192.0.2.9", 443));
        assert!(outcome.trace.opens.iter().any(|open| open.path == "/etc/hostname-not-there" && !open.write));
        assert_eq!(outcome.trace.dropped, 0);
    });
}

#[test]
fn the_egress_port_leads_to_the_caller_and_nowhere_else() {
    let stage = Stage::new(Caller::Root);
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = host.local_addr().unwrap().port();
    let mut spec = stage.spec(&[
        "bash",
        "-c",
        &format!("cat < /dev/tcp/127.0.0.1/3128; : < /dev/tcp/127.0.0.1/{port} && echo through; exit 0"),
    ]);
    spec.egress = true;
    let mut running = spawn(&spec).unwrap();
    let listener = running.egress_listener().unwrap();
    let server = thread::spawn(move || listener.accept().unwrap().0.write_all(b"from the caller\n").unwrap());
    let mut said = String::new();
    running.stdout().unwrap().read_to_string(&mut said).unwrap();
    running.wait().unwrap();
    server.join().unwrap();
    assert_eq!(said, "from the caller\n");
}

#[test]
fn standard_input_is_a_pipe_when_asked_for() {
    let stage = Stage::new(Caller::Root);
    let mut spec = stage.spec(&["tr", "a-z", "A-Z"]);
    spec.stdin = Stdin::Piped;
    let mut running = spawn(&spec).unwrap();
    running.stdin().unwrap().write_all(b"louder").unwrap();
    let mut said = String::new();
    running.stdout().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((said.as_str(), running.wait().unwrap().status), ("LOUDER", Status::Exited(0)));
}

#[test]
fn the_host_is_as_it_was() {
    support::require_root();
    let stage = Stage::new(Caller::Root);
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    let mut spec = stage.script("exit 1");
    spec.limits.memory_bytes = Some(100 << 20);
    spec.limits.cpu_percent = Some(100);
    let outcome = spawn(&spec).unwrap().wait().unwrap();
    assert_eq!(outcome.warnings, Vec::<String>::new(), "groups are removed without complaint");
    assert_eq!(before, mounts());
}

#[test]
fn a_work_directory_is_given_away_without_following_links() {
    support::require_root();
    let stage = Stage::new(Caller::Root);
    let identity = sandbox::Identity::default();
    let outside = stage.path().join("outside");
    fs::write(&outside, "ours").unwrap();
    let work = stage.path().join("fresh");
    fs::create_dir_all(work.join("a/b")).unwrap();
    fs::write(work.join("a/b/file"), "").unwrap();
    std::os::unix::fs::symlink(&outside, work.join("a/link")).unwrap();
    sandbox::prepare_work_dir(&work, identity).unwrap();
    let uid = |path: &Path| std::os::unix::fs::MetadataExt::uid(&fs::symlink_metadata(path).unwrap());
    for path in ["", "a", "a/b", "a/b/file", "a/link"] {
        assert_eq!(uid(&work.join(path)), identity.uid, "{path}");
    }
    assert_eq!(uid(&outside), 0);
    fs::hard_link(&outside, work.join("hard")).unwrap();
    assert!(sandbox::prepare_work_dir(&work, identity).is_err());
    assert_eq!(uid(&outside), 0);
}

#[test]
fn this_machine_can_do_all_of_it() {
    support::require_root();
    let stage = Stage::new(Caller::Root);
    let found = sandbox::probe_with(Some(stage.launcher.clone()));
    let names: Vec<&str> = found.iter().map(|capability| capability.name).collect();
    assert_eq!(names, ["sandbox", "landlock", "trace", "limits"]);
    assert!(found[0].available && found[2].available, "{found:?}");
}
