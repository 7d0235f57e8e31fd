//! A hostile repository: what it configures, and what it puts where a file is expected.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{config, service};
use crate::support::{Answer, Site};

/// Runs the command for at most a minute: what waits for ever fails the test instead of stopping it.
#[track_caller]
fn bounded(site: &Site, arguments: &[&str]) -> Answer {
    let mut child = site.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{arguments:?} waits for ever");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Answer::of(child.wait_with_output().unwrap())
}

#[test]
fn git_runs_no_program_that_the_repository_configures() {
    let site = service("");
    let proof = site.path().join("proof");
    let program = format!("sh -c 'date >> {}; cat'", proof.display());
    site.write(".gitattributes", "*.sh filter=evil\n");
    site.commit("A filter");
    for (key, value) in [
        ("filter.evil.clean", program.as_str()),
        ("filter.evil.required", "true"),
        ("core.fsmonitor", &program),
        ("core.hooksPath", site.path().to_str().unwrap()),
    ] {
        site.git(&["config", key, value]);
    }
    // The same size and another time: git has to look into the file to know.
    site.write("app.sh", fs::read_to_string(site.project().join("app.sh")).unwrap());
    site.proofhouse(&["scan"]).expect(0);
    site.proofhouse(&["run"]).expect(0);
    assert!(!proof.exists(), "it ran a program: {}", fs::read_to_string(&proof).unwrap());
}

#[test]
fn a_repository_hidden_in_the_tree_as_plain_files_is_not_used() {
    let site = service("");
    let proof = site.path().join("proof");
    let hidden = site.project().join("part");
    fs::create_dir(&hidden).unwrap();
    site.write("part/proofhouse.yaml", config(""));
    site.write("part/app.sh", "#!/bin/sh\n");
    site.write("part/.gitattributes", "* filter=evil\n");
    let git = |arguments: &[&str]| {
        let done = Command::new("git").current_dir(&hidden).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    for name in fs::read_dir(hidden.join(".git")).unwrap().flatten() {
        fs::rename(name.path(), hidden.join(name.file_name())).unwrap();
    }
    fs::remove_dir(hidden.join(".git")).unwrap();
    let program = format!("sh -c 'date >> {}; cat'", proof.display());
    site.write(
        "part/config",
        format!(
            "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\nfsmonitor = \"{program}\"\n\
             [filter \"evil\"]\nclean = \"{program}\"\n"
        ),
    );
    site.write("part/app.sh", "#!/bin/sg\n");
    let refused = site.proofhouse(&["-C", "part", "scan"]);
    assert!(!proof.exists(), "it ran a program");
    assert!(refused.err.contains("git-refused"), "{}", refused.err);
}

#[test]
fn a_changed_file_never_passes_for_its_commit() {
    let dirty = |site: &Site| {
        let run = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
        run["dirty"].as_bool().unwrap()
    };
    let change = |site: &Site| {
        let path = site.project().join("app.sh");
        fs::write(&path, fs::read_to_string(&path).unwrap().replace("exec", "eval")).unwrap();
    };
    let clean = service("");
    assert!(!dirty(&clean), "nothing was changed");
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let site = service("");
        site.git(&["update-index", flag, "app.sh"]);
        change(&site);
        assert!(dirty(&site), "{flag}");
    }
    // Times put back, and a repository that says to believe them.
    let site = service("");
    let path = site.project().join("app.sh");
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let set_time = || fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    set_time();
    site.git(&["update-index", "--refresh"]);
    site.git(&["config", "core.trustctime", "false"]);
    site.git(&["config", "core.checkStat", "minimal"]);
    // Git compares times of change by the second.
    std::thread::sleep(Duration::from_millis(1100));
    change(&site);
    set_time();
    assert!(dirty(&site), "the times are as before");
    // A configuration that no commit has.
    let site = service("");
    site.git(&["rm", "--quiet", "--cached", "proofhouse.yaml"]);
    site.write(".gitignore", "proofhouse.yaml\n");
    site.commit("Without its configuration");
    assert!(dirty(&site), "the configuration is not of the commit");
}

#[test]
fn what_is_not_a_regular_file_keeps_nobody_waiting_and_is_not_written_through() {
    let site = service("tools: { sh: { command: sh } }\n");
    let lock = site.project().join("proofhouse.lock");
    site.write(".gitignore", "proofhouse.lock\npackage.json\n");
    site.commit("Ignored files");
    nix::unistd::mkfifo(&lock, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let refused = bounded(&site, &["run"]).expect(2);
    assert!(refused.err.contains("not-a-file"), "{}", refused.err);
    fs::remove_file(&lock).unwrap();

    let outside = site.path().join("outside");
    symlink(&outside, &lock).unwrap();
    bounded(&site, &["run"]);
    assert!(!outside.exists(), "a file outside of the project was written");

    let endless = Site::new();
    symlink("/dev/zero", endless.project().join("package.json")).unwrap();
    bounded(&endless, &["init"]).expect(0);
}

#[test]
fn outputs_are_not_written_through_a_link_that_lies_in_the_project() {
    let site = service("");
    site.proofhouse(&["run"]).expect(0);
    let elsewhere = site.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, site.project().join("dist")).unwrap();
    let refused = site.proofhouse(&["outputs", "--to", "."]).expect(2);
    assert!(refused.err.contains("output-behind-link"), "{}", refused.err);
    assert!(!elsewhere.join("app").exists());
}

#[test]
fn a_git_folder_that_a_step_makes_is_no_output() {
    let site = service("");
    let text = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let text = text.replace(
        "cp app.sh dist/app &&",
        "cp app.sh dist/app && mkdir dist/.Git && touch dist/.Git/config &&",
    );
    site.write("proofhouse.yaml", text.replace("outputs: [dist/app]", "outputs: [dist]"));
    site.commit("A repository in the outputs");
    let failed = site.proofhouse(&["run"]).expect(1);
    assert!(failed.err.contains("the output `dist/.Git` is a git folder"), "{}", failed.err);
}

#[test]
fn a_project_reaches_nothing_inside_that_the_machine_does_not_open() {
    let site = service("");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let here = format!("127.0.0.1:{port}");
    let asked = |rule: &str| {
        let get = format!(
            "import urllib.request, os; \
             urllib.request.build_opener(urllib.request.ProxyHandler({{'http': os.environ['HTTP_PROXY']}}))\
             .open('http://{here}/', timeout=1)"
        );
        let step =
            format!("  reach: {{ kind: test, run: [python3, -c, \"{get}\"], network: [\"{rule}\"] }}\n");
        site.write("proofhouse.yaml", config("").replace("steps:\n", &format!("steps:\n{step}")));
        site.commit("A step that reaches inside");
    };
    // Another spelling is a name that leads there, not an address; and what a cloud tells its machines.
    for rule in [here.as_str(), "169.254.169.254", "[::1]:8080", "::ffff:127.0.0.1"] {
        asked(rule);
        let refused = site.proofhouse(&["run", "reach"]).expect(1);
        assert!(refused.err.contains("an address inside"), "{rule}: {}", refused.text());
    }
    for rule in ["2130706433:80", "0x7f000001:80", "127.1:80", "localhost:80"] {
        asked(&rule.replace("80", &port.to_string()));
        let _ = site.proofhouse(&["run", "reach"]);
    }
    let nobody = listener.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "no step came through");
    asked(&here);
    let mut allowed = site.command(&["run", "reach"]);
    let answer = Answer::of(allowed.env("PROOFHOUSE_INNER_NETWORK", &here).output().unwrap());
    assert!(listener.accept().is_ok(), "{}", answer.text());
}
