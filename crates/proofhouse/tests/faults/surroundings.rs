//! Surroundings that lack something: a home that cannot be used, a missing git, an empty PATH.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    process::Command,
};

use crate::{
    kit::{SARIF, Tiny, entries, intact, refused, require_root, run},
    support::{Answer, PROOFHOUSE},
};

/// Nobody's user id.
const NOBODY: u32 = 65534;

fn output(command: &mut Command) -> Answer {
    Answer::of(command.output().unwrap())
}

#[test]
fn a_home_that_cannot_be_made() {
    let tiny = Tiny::new();
    for home in ["/proc", "/dev/null"] {
        let mut command = tiny.site.command(&["run"]);
        refused(
            output(command.env_remove("PROOFHOUSE_HOME").env("HOME", home)),
            3,
            "error[",
            &["home folder", home, "hint:"],
        );
    }
    let mut command = tiny.site.command(&["run"]);
    refused(
        output(command.env_remove("PROOFHOUSE_HOME").env_remove("HOME")),
        3,
        "home-unknown",
        &["PROOFHOUSE_HOME"],
    );
    fs::write(tiny.site.path().join("file"), "").unwrap();
    let mut command = tiny.site.command(&["run"]);
    refused(
        output(command.env("PROOFHOUSE_HOME", tiny.site.path().join("file"))),
        3,
        "error[",
        &["home folder", "hint:"],
    );
}

#[test]
fn a_home_of_somebody_else() {
    require_root("it gives a folder away");
    let tiny = Tiny::new();
    let home = tiny.site.path().join("theirs");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
    for command in [&["run"][..], &["ledger", "verify"], &["findings"]] {
        refused(
            output(tiny.site.command(command).env("PROOFHOUSE_HOME", &home)),
            3,
            "home-foreign",
            &["theirs", "hint:"],
        );
    }
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0, "nothing was written there");
    // The other way round: root's installation is closed to others.
    tiny.site.proofhouse(&["run"]).expect(0);
    let program = tiny.site.path().join("proofhouse");
    fs::hard_link(PROOFHOUSE, &program).or_else(|_| fs::copy(PROOFHOUSE, &program).map(drop)).unwrap();
    let mut command = Command::new(program);
    command.env("PROOFHOUSE_HOME", tiny.site.home()).arg("findings").arg("--project=tiny").current_dir("/");
    refused(output(command.uid(NOBODY).gid(NOBODY)), 3, "home-foreign", &["home", "hint:"]);
}

#[test]
fn a_home_that_is_read_only() {
    require_root("it mounts");
    let tiny = Tiny::new();
    tiny.site.proofhouse(&["run"]).expect(0);
    let before = entries(&tiny.site);
    let home = tiny.site.home();
    let report = tiny.site.path().join("report.sarif");
    fs::write(&report, SARIF).unwrap();
    run(Command::new("mount").arg("--bind").arg(&home).arg(&home));
    run(Command::new("mount").args(["-o", "remount,bind,ro"]).arg(&home));
    let commands = [
        &["run"][..],
        &["scan"],
        &["deploy", "staging"],
        &["import", report.to_str().unwrap()],
        &["ledger", "verify"],
        &["feeds", "list"],
    ];
    let told: Vec<Answer> = commands.iter().map(|command| tiny.site.proofhouse(command)).collect();
    run(Command::new("umount").arg(&home));
    told.into_iter().for_each(|answer| refused(answer, 3, "read-only", &["home", "hint:"]));
    assert_eq!(entries(&tiny.site), before);
    tiny.site.proofhouse(&["run"]).expect(0);
}

#[test]
fn without_git() {
    let tiny = Tiny::new();
    let bin = tiny.site.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink("/bin/sh", bin.join("sh")).unwrap();
    for path in [bin.as_os_str(), std::ffi::OsStr::new(""), std::ffi::OsStr::new("/nonexistent")] {
        for command in [&["run"][..], &["scan"], &["init"]] {
            refused(output(tiny.site.command(command).env("PATH", path)), 3, "git-missing", &["install git"]);
        }
    }
    assert!(entries(&tiny.site).is_empty());
    // What needs no git works without it: a folder that is no repository, and everything recorded.
    fs::remove_dir_all(tiny.site.project().join(".git")).unwrap();
    output(tiny.site.command(&["run"]).env("PATH", "")).expect(0);
    output(tiny.site.command(&["deploy", "staging"]).env("PATH", "")).expect(0);
    output(tiny.site.command(&["ledger", "verify"]).env("PATH", "")).expect(0);
}

#[test]
fn a_repository_of_somebody_else() {
    require_root("it gives a repository away");
    let tiny = Tiny::new();
    run(Command::new("chown").args(["-R", "65534:65534"]).arg(tiny.site.project()));
    let mut command = tiny.site.command(&["run"]);
    refused(output(command.env("HOME", tiny.site.path())), 3, "git-refused", &["dubious ownership", "hint:"]);
    assert!(entries(&tiny.site).is_empty());
}

#[test]
fn output_that_nobody_reads() {
    let tiny = Tiny::new();
    // The reader of a pipe goes away at once; what was asked for is done all the same, or told by the
    // exit status, and never by a crash.
    let script = "\"$0\" \"$@\" 2>\"$ERRORS\" | true";
    for arguments in [&["run"][..], &["ledger", "show"], &["schema"], &["findings", "--format", "json"]] {
        let errors = tiny.site.path().join("errors");
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(script)
            .arg(crate::support::PROOFHOUSE)
            .args(arguments)
            .current_dir(tiny.site.project());
        run(command.env("PROOFHOUSE_HOME", tiny.site.home()).env("ERRORS", &errors));
        let told = fs::read_to_string(&errors).unwrap();
        assert!(!told.contains("panicked"), "{arguments:?}: {told}");
    }
    intact(&tiny.site);
}
