//! Without any network: everything but `registry:` rules works.

use std::{fs, process::Command};

use crate::{
    kit::{SARIF, Tiny, require_root},
    support::{Answer, PROOFHOUSE, Site},
};

/// A command in a network namespace of its own; loopback is up only when asked for.
fn command(site: &Site, loopback: bool, arguments: &[&str]) -> Command {
    // As `ip link set lo up`, which may not be installed.
    let up = "import fcntl,os,socket,struct,sys; s=socket.socket(); \
              fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 1)); os.execv(sys.argv[1], sys.argv[1:])";
    let mut command = Command::new("unshare");
    command.arg("--net").current_dir(site.project()).env("PROOFHOUSE_HOME", site.home());
    if loopback {
        command.args(["python3", "-c", up]);
    }
    command.arg(PROOFHOUSE).args(arguments);
    command
}

#[test]
fn everything_but_registries() {
    require_root("it makes a network namespace");
    let tiny = Tiny::new();
    let report = tiny.site.path().join("report.sarif");
    fs::write(&report, SARIF).unwrap();
    tiny.site.write("requirements.txt", "jinja2==3.1.0\n");
    let mut config = fs::read_to_string(tiny.site.project().join("proofhouse.yaml")).unwrap();
    config = config.replace("sca: false", "sca: true").replace("sbom: false", "sbom: true");
    tiny.site.write("proofhouse.yaml", config);
    tiny.site.commit("With components");
    let advisory = r#"{"id":"TEST-1","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"jinja2"},"versions":["3.1.0"]}]}"#;
    let feed = tiny.site.path().join("feed.json");
    fs::write(&feed, advisory).unwrap();
    let report = report.to_str().unwrap();
    for arguments in [
        &["doctor"][..],
        &["plan"],
        &["feeds", "import", feed.to_str().unwrap()],
        &["run"],
        &["scan"],
        &["import", report],
        &["findings"],
        &["gate", "explain", "staging"],
        &["ledger", "verify"],
        &["ledger", "trust"],
        &["schema"],
    ] {
        let answer = Answer::of(command(&tiny.site, false, arguments).output().unwrap());
        assert!(
            [0, 1].contains(&answer.code) && !answer.err.contains("error["),
            "{arguments:?}: {}",
            answer.text()
        );
    }
    let found =
        tiny.site.proofhouse(&["findings", "--technique", "sca", "--format", "json"]).expect(0).json();
    assert_eq!(found.as_array().unwrap().len(), 1, "advisories are matched offline: {found}");

    // The application and its health check need loopback, and nothing more.
    let script = Answer::of(command(&tiny.site, true, &["deploy", "staging"]).output().unwrap());
    script.expect(0);
    tiny.site.proofhouse(&["env", "stop", "staging"]).expect(0);
}

#[test]
fn a_step_with_a_registry() {
    require_root("it makes a network namespace");
    let site = crate::kit::project(
        "  get: { kind: build, run: 'echo no tool here can fetch; exit 5', network: [\"registry:pypi\"], outputs: [x] }\n",
    );
    let answer = Answer::of(command(&site, false, &["run"]).output().unwrap());
    let answer = answer.expect(1);
    assert!(!answer.text().contains("panicked"), "{}", answer.text());
    crate::kit::intact(&site);
}
