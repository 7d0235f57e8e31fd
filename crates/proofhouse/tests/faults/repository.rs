//! Repositories that hold what a build must not see, or cannot.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, os::unix::fs::symlink, process::Command};

use crate::{
    kit::{disk_use, entries, intact, measured, project, refused},
    support::Site,
};

const LIST: &str =
    "  list: { kind: build, run: find . | sort > list, inputs: ['**', '!*.bin'], outputs: [list] }\n";

fn listed(site: &Site) -> String {
    let run = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    let hash = run["steps"][0]["outputs"][0]["digest"]["hash"].as_str().unwrap().to_owned();
    fs::read_to_string(site.home().join("cache/cas").join(&hash[..2]).join(&hash[2..])).unwrap()
}

#[test]
fn links_out_of_the_tree() {
    for (name, target) in
        [("absolute", "/etc/passwd"), ("climbing", "../../elsewhere"), ("sneaking", "a/../../..")]
    {
        let site = project(LIST);
        symlink(target, site.project().join(name)).unwrap();
        site.commit("A link");
        for command in ["run", "scan"] {
            refused(site.proofhouse(&[command]), 2, "snapshot-symlink-escapes", &[name, target, "hint:"]);
        }
        assert!(entries(&site).is_empty());
    }
    let site = project(LIST);
    site.write("kept", "inside");
    symlink("kept", site.project().join("fine")).unwrap();
    assert!(listed(&site).contains("./fine"), "a link that stays inside is fine");
}

#[test]
fn submodules() {
    let other = Site::new();
    other.write("inner.txt", "inner");
    other.commit("Inner");
    let site = project(LIST);
    let url = other.project().to_string_lossy().into_owned();
    site.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "sub"]);
    site.commit("A submodule");
    let told = site.proofhouse(&["run"]).expect(0);
    assert!(told.err.contains("sub is not part of the source: a submodule"), "{}", told.err);
    assert!(!listed(&site).contains("inner.txt"), "what is not pinned by the commit's tree is not built");
    intact(&site);
}

#[test]
fn names_that_are_not_text() {
    let site = project(LIST);
    let name = OsStr::from_bytes(b"bad\xff\xfe\x1b[31mname");
    fs::write(site.project().join(name), "x").unwrap();
    for command in ["run", "scan"] {
        let told = site.proofhouse(&[command]);
        assert!(!told.text().contains('\u{1b}'), "it does not steer the terminal");
        refused(told, 2, "snapshot-name-not-utf8", &["bad\\xff\\xfe", "hint:"]);
    }
    assert!(entries(&site).is_empty());
    fs::remove_file(site.project().join(name)).unwrap();
    for odd in ["line\nbreak", " blank ", "-dash", "quote\"'", "ünï"] {
        site.write(odd, "x");
    }
    let list = listed(&site);
    assert!(list.contains("./ünï") && list.contains("./-dash") && list.contains("./line"), "{list}");
}

#[test]
fn a_file_of_two_gigabytes() {
    let site = project(LIST);
    let path = site.project().join("big.bin");
    fs::File::create(&path).unwrap().set_len(2 << 30).unwrap();
    let small = measured(project(LIST).command(&["run"]).arg("--quiet")).1;
    let (answer, peak) = measured(site.command(&["run"]).arg("--quiet"));
    answer.expect(0);
    assert!(peak < small + (32 << 10), "{peak} KiB with the file, {small} KiB without");
    // Known by its status from now on, not read again.
    let stored = disk_use(&site.home());
    site.proofhouse(&["run", "--quiet"]).expect(0);
    assert!(disk_use(&site.home()) < stored + (4 << 20));
    crate::kit::run(Command::new("rm").arg("-rf").arg(site.home().join("cache")));
    intact(&site);
}
