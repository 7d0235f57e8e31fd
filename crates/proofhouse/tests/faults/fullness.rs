//! The disk is full at every moment: the command says so, nothing is half-written, and when there is
//! room again the same command works.

use std::path::Path;

use crate::{
    kit::{Disk, NO_CHECKS, SARIF, Tiny, entries, files, intact, no_process_left},
    support::{Answer, Site},
};

/// Room left in KiB, from nothing to nearly enough.
const ROOM: [u64; 8] = [0, 4, 16, 48, 96, 160, 256, 512];

/// A site whose home is on a disk of its own.
fn site() -> (Tiny, Disk) {
    let site = Site::new();
    let disk = Disk::new(&site.home(), "24m");
    let tiny = Tiny::with(site);
    tiny.site.proofhouse(&["run"]).expect(0);
    tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
    (tiny, disk)
}

/// Tries `arguments` with ever more room: each attempt works or says that the disk is full.
fn squeeze(tiny: &Tiny, disk: &Disk, mut attempt: impl FnMut(u64) -> Answer) {
    let mut refused = 0;
    for room in ROOM {
        let before = entries(&tiny.site);
        disk.fill_but(room << 10);
        let answer = attempt(room);
        no_process_left(&tiny.site);
        disk.clear();
        assert!([0, 3].contains(&answer.code), "with {room} KiB: {}", answer.text());
        if answer.code == 3 {
            refused += 1;
            let text = &answer.err;
            assert!(
                text.contains("disk-full]") && text.contains("hint: free some space"),
                "with {room} KiB: {text}"
            );
        }
        intact(&tiny.site);
        assert_eq!(entries(&tiny.site)[..before.len()], before, "nothing acknowledged is lost");
        let unfinished = |path: &Path| {
            path.to_string_lossy().contains("/.tmp") || path.to_string_lossy().ends_with(".tmp")
        };
        let left: Vec<_> = files(&tiny.site.home()).into_iter().filter(|path| unfinished(path)).collect();
        assert!(left.is_empty(), "half-written: {left:?}");
        assert!(tiny.says().is_some(), "the environment runs on");
    }
    assert!(refused > 0, "the disk was never full");
}

#[test]
fn during_a_run() {
    let (tiny, disk) = site();
    squeeze(&tiny, &disk, |room| {
        tiny.answer(&format!("{room:03}"));
        tiny.site.proofhouse(&["run"])
    });
    tiny.site.proofhouse(&["run"]).expect(0);
    tiny.stop();
}

#[test]
fn during_a_step() {
    // The step has less room than it needs, though more than it may use.
    let site = Site::new();
    let disk = Disk::new(&site.home(), "24m");
    site.write(
        "proofhouse.yaml",
        format!("version: 1\nproject: fat\n{NO_CHECKS}steps:\n  fat: {{ kind: build, run: head -c 6000000 /dev/urandom > out, outputs: [out] }}\n"),
    );
    site.commit("Fat");
    site.proofhouse(&["ledger", "show"]).expect(0);
    for room in [3 << 20, 8 << 20] {
        disk.fill_but(room);
        let told = site.proofhouse(&["run"]).expect(3).err;
        assert!(told.contains("disk-full]"), "{told}");
        disk.clear();
        let next = site.proofhouse(&["findings"]).expect(0).err;
        assert!(next.contains("was interrupted"), "{next}");
        intact(&site);
    }
    disk.fill_but(22 << 20);
    disk.clear();
    site.proofhouse(&["run"]).expect(0);
}

#[test]
fn during_an_import() {
    let (tiny, disk) = site();
    let result = SARIF.find("{\"ruleId\"").unwrap();
    let many: Vec<String> =
        (0..600).map(|n| SARIF[result..SARIF.len() - 4].replace("r1", &format!("r{n}"))).collect();
    let report = tiny.site.path().join("report.sarif");
    std::fs::write(&report, format!("{}{}]}}]}}", &SARIF[..result], many.join(","))).unwrap();
    squeeze(&tiny, &disk, |_| tiny.site.proofhouse(&["import", report.to_str().unwrap()]));
    tiny.site.proofhouse(&["import", report.to_str().unwrap()]).expect(0);
    tiny.stop();
}

#[test]
fn during_a_deployment() {
    let (tiny, disk) = site();
    squeeze(&tiny, &disk, |_| tiny.site.proofhouse(&["deploy", "staging"]));
    tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
    tiny.stop();
}

#[test]
fn on_the_target() {
    // The environment is on another, full disk than the home.
    let tiny = Tiny::new();
    let disk = Disk::new(&tiny.site.path().join("target"), "2m");
    tiny.configure(&format!("    root: {}\n", disk.path.join("live").display()));
    tiny.site.proofhouse(&["run"]).expect(0);
    tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
    tiny.answer("two");
    tiny.site.proofhouse(&["run"]).expect(0);
    for room in [0, 8 << 10] {
        disk.fill_but(room);
        let told = tiny.site.proofhouse(&["deploy", "staging"]).expect(3).err;
        assert!(told.contains("disk-full]"), "{told}");
        assert_eq!(tiny.says().as_deref(), Some("one"));
        disk.clear();
        intact(&tiny.site);
    }
    tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
    assert_eq!(tiny.says().as_deref(), Some("two"));
    tiny.stop();
}
