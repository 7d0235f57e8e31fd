//! Steps that misbehave: each is ended or bounded, and nothing of it stays.

use std::fs;

use serde_json::Value;

use crate::{
    kit::{disk_use, intact, measured, no_process_left, processes_with, project},
    support::Site,
};

/// Runs the site's only step; it must end in `result`, with `message` when it failed.
#[track_caller]
fn ends(site: &Site, exit: i32, message: &str) -> Value {
    let (answer, peak) = measured(site.command(&["run"]).args(["--format", "json"]));
    let run = answer.expect(exit).json();
    let step = run["steps"][0].clone();
    if exit != 0 {
        assert_eq!(step["result"], "failed");
        assert!(step["message"].as_str().unwrap().contains(message), "{step}");
    }
    assert!(peak < 200 << 10, "{peak} KiB");
    assert_eq!(fs::read_dir(site.home().join("cache/work")).unwrap().count(), 0, "its folder is gone");
    no_process_left(site);
    intact(site);
    step
}

#[test]
fn never_ending() {
    let site = project(
        "  wait: { kind: test, run: \"trap '' TERM INT HUP; sleep 86311 & sleep 86311\", timeout: 1s }\n",
    );
    ends(&site, 1, "timeout of 1s");
    let site = project("  spin: { kind: test, run: \"trap '' TERM; while :; do :; done\", timeout: 1s }\n");
    ends(&site, 1, "timeout of 1s");
    assert!(processes_with("sleep 86311").is_empty());
}

#[test]
fn printing_a_gigabyte() {
    let site = project(
        "  print: { kind: test, run: yes 0123456789012345678901234567890123456789012345 | head -c 1073741824, limits: { output: 1MiB } }\n",
    );
    let step = ends(&site, 0, "");
    let hash = step["log"]["hash"].as_str().unwrap();
    let log = fs::read_to_string(site.home().join("blobs").join(&hash[..2]).join(&hash[2..])).unwrap();
    assert!(log.ends_with("[1072693248 more bytes of output were not kept]\n"), "what is left out is told");
    assert!(disk_use(&site.home()) < 16 << 20, "{} bytes", disk_use(&site.home()));
}

#[test]
fn forking_without_end() {
    let site = project(
        "  fork: { kind: test, run: 'f() { f | f & }; f; sleep 86312', timeout: 2s, limits: { processes: 50, output: 64KiB } }\n",
    );
    ends(&site, 1, "timeout of 2s");
    assert!(processes_with("sleep 86312").is_empty());
}

#[test]
fn leaving_daemons() {
    let site = project(
        "  leave:\n    kind: build\n    outputs: [out]\n    run: |\n      for n in 1 2 3; do\n        \
         setsid sh -c \"trap '' HUP TERM; sleep 86313\" >/dev/null 2>&1 &\n      done\n      \
         (setsid setsid sleep 86313 &)\n      echo done > out\n",
    );
    ends(&site, 0, "");
    assert!(processes_with("sleep 86313").is_empty());
}

#[test]
fn filling_its_folder() {
    // One file, which the kernel bounds; many files, which we count; and files in a hidden corner.
    let one = "head -c 200000000 /dev/zero > big || true; sleep 86314";
    let many = "for n in 1 2 3 4 5 6 7 8 9; do head -c 10000000 /dev/zero > big$n; done";
    let deep = "mkdir -p a/b/c; cd a/b/c; for n in 1 2 3 4 5 6 7 8 9; do head -c 10000000 /dev/zero > $n; done; sleep 86314";
    for run in [one, many, deep] {
        let site = project(&format!(
            "  fill: {{ kind: test, run: '{run}', limits: {{ disk: 20MiB }}, timeout: 60s }}\n"
        ));
        ends(&site, 1, "wrote more than the 20971520 bytes of disk");
        assert!(disk_use(&site.home()) < 16 << 20);
    }
    let site = project(
        "  fits: { kind: test, run: 'head -c 15000000 /dev/zero > big; ln big again', limits: { disk: 20MiB } }\n",
    );
    ends(&site, 0, "");
}

#[test]
fn filling_tmp() {
    for place in ["/tmp", "/dev/shm"] {
        let run = format!("for n in 1 2 3 4 5; do head -c 10000000 /dev/zero > {place}/big$n; done");
        let site = project(&format!("  fill: {{ kind: test, run: '{run}', limits: {{ disk: 20MiB }} }}\n"));
        ends(&site, 1, "exit status");
    }
}

#[test]
fn eating_memory() {
    let eat = "perl -e \"my @a; push @a, chr(65) x 1000000 while 1\"";
    let site = project(&format!(
        "  eat: {{ kind: test, run: '{eat}', limits: {{ memory: 64MiB }}, timeout: 60s }}\n"
    ));
    let step = ends(&site, 1, "");
    assert!(!step["message"].as_str().unwrap().contains("timeout"), "{step}");
}
