//! Real folders become trees.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener},
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use model::UserError;
use runner::{Folder, SnapshotOptions, cas::materialize, snapshot, tree::Entry};

use crate::{
    Test,
    lab::{Lab, paths_below},
};

pub const TESTS: &[Test] = &[
    ("snapshot_keeps_links_modes_and_odd_names", odd_names),
    ("snapshot_refuses_what_cannot_be_in_a_tree_or_leaves_it_out_with_a_reason", refused),
    ("snapshot_does_not_read_what_is_behind_a_link", behind),
    ("snapshot_of_an_unchanged_repository_reads_no_file", unchanged),
    ("snapshot_survives_a_damaged_stat_cache", damaged_cache),
    ("snapshot_streams_a_file_larger_than_memory_would_allow", large),
];

fn odd_names() {
    let lab = Lab::new();
    lab.file("run.sh", "#!/bin/sh\n").file("a b/new\nline", "1").file("é/-rf", "2").file("empty", "");
    symlink("../run.sh", lab.src().join("a b/up")).unwrap();
    let options = SnapshotOptions::default();
    let taken = snapshot(&lab.cas, &lab.src(), &paths_below(&lab.src()), &options).unwrap();
    assert_eq!(taken.files, 5);
    assert_eq!(taken.folder.get("a b/up"), Some(&Entry::Link("../run.sh".into())));
    assert!(matches!(taken.folder.get("run.sh"), Some(Entry::File { executable: true, .. })));
    assert_eq!(Folder::load(&lab.cas, &taken.root).unwrap(), taken.folder);
    let copy = lab.dir.path().join("copy");
    fs::create_dir(&copy).unwrap();
    materialize(&lab.cas, &taken.root, &copy, &Default::default()).unwrap();
    let again = snapshot(&lab.cas, &copy, &paths_below(&copy), &options).unwrap();
    assert_eq!(again.root, taken.root, "out and in again is the same tree");
}

fn refused() {
    let lab = Lab::new();
    let src = lab.src();
    lab.file("ok", "1").file("sub/file", "2");
    symlink("../secret", src.join("out")).unwrap();
    symlink("/etc/passwd", src.join("abs")).unwrap();
    let _socket = UnixListener::bind(src.join("socket")).unwrap();
    let bad_name = PathBuf::from(OsStr::from_bytes(b"caf\xe9"));
    fs::write(src.join(&bad_name), "x").unwrap();
    let code = |paths: &[&str], options: &SnapshotOptions| {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        snapshot(&lab.cas, &src, &paths, options).map_or_else(|error| error.code(), |_| "fine")
    };
    let strict = SnapshotOptions::default();
    assert_eq!(code(&["out"], &strict), "snapshot-symlink-escapes");
    assert_eq!(code(&["abs"], &strict), "snapshot-symlink-escapes");
    assert_eq!(code(&["sub"], &strict), "snapshot-submodule");
    assert_eq!(code(&["sub/"], &strict), "snapshot-submodule");
    assert_eq!(code(&["socket"], &strict), "snapshot-special-file");
    assert_eq!(code(&["../src/ok"], &strict), "snapshot-bad-path");
    let error = snapshot(&lab.cas, &src, std::slice::from_ref(&bad_name), &strict).unwrap_err();
    assert_eq!(error.code(), "snapshot-name-not-utf8");
    assert!(error.to_string().contains("caf\\xe9"), "{error}");
    let lenient = SnapshotOptions {
        skip_escaping_links: true,
        skip_special: true,
        skip_submodules: true,
        skip_not_utf8: true,
        ..SnapshotOptions::default()
    };
    let mut paths: Vec<PathBuf> = ["ok", "out", "abs", "sub", "socket", "gone"].map(PathBuf::from).to_vec();
    paths.push(bad_name);
    let taken = snapshot(&lab.cas, &src, &paths, &lenient).unwrap();
    assert_eq!((taken.files, taken.skipped.len()), (1, 6), "{:?}", taken.skipped);
}

fn behind() {
    let lab = Lab::new();
    fs::create_dir(lab.dir.path().join("elsewhere")).unwrap();
    fs::write(lab.dir.path().join("elsewhere/key"), "private").unwrap();
    symlink("../elsewhere", lab.src().join("folder")).unwrap();
    let error = snapshot(&lab.cas, &lab.src(), &["folder/key".into()], &Default::default()).unwrap_err();
    assert_eq!(error.code(), "snapshot-behind-link");
}

fn unchanged() {
    let lab = Lab::new();
    for n in 0..5000 {
        lab.file(&format!("d{}/e{}/f{n}.txt", n % 20, n % 100), &format!("content {n}"));
    }
    // Files older than the snapshot, as in a repository that was not just checked out.
    std::thread::sleep(Duration::from_millis(120));
    let options =
        SnapshotOptions { stat_cache: Some(lab.dir.path().join("stat")), ..SnapshotOptions::default() };
    let paths = paths_below(&lab.src());
    let take = || {
        let began = Instant::now();
        let taken = snapshot(&lab.cas, &lab.src(), &paths, &options).unwrap();
        println!("  5000 files, {} read: {:?}", taken.hashed, began.elapsed());
        taken
    };
    let first = take();
    let second = take();
    assert_eq!((first.hashed, second.hashed), (5000, 0));
    assert_eq!(first.root, second.root);
    // Same size and same mtime: only ctime tells.
    let victim = lab.src().join(&paths[17]);
    let old = fs::metadata(&victim).unwrap();
    let text = fs::read_to_string(&victim).unwrap().replace("content", "CONTENT");
    fs::write(&victim, text).unwrap();
    fs::File::options().write(true).open(&victim).unwrap().set_modified(old.modified().unwrap()).unwrap();
    let third = take();
    assert_eq!(third.hashed, 1);
    assert_ne!(third.root, second.root);
    // A store that lost a blob gets it again although nothing changed on disk.
    lab.cas.prune(&runner::PrunePolicy { max_age: None, max_bytes: Some(0) }, SystemTime::now()).unwrap();
    assert_eq!(take().root, third.root);
    materialize(
        &lab.cas,
        &third.root,
        tempfile::tempdir_in(lab.dir.path()).unwrap().path(),
        &Default::default(),
    )
    .unwrap();
}

fn damaged_cache() {
    let lab = Lab::new();
    lab.file("a", "1");
    let cache = lab.dir.path().join("stat");
    let options = SnapshotOptions { stat_cache: Some(cache.clone()), ..SnapshotOptions::default() };
    let root = snapshot(&lab.cas, &lab.src(), &["a".into()], &options).unwrap().root;
    for damage in [&b""[..], b"PHSTAT1\n", &[0xff; 5000]] {
        fs::write(&cache, damage).unwrap();
        assert_eq!(snapshot(&lab.cas, &lab.src(), &["a".into()], &options).unwrap().root, root);
    }
}

fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

fn large() {
    let lab = Lab::new();
    let file = fs::File::create(lab.src().join("large")).unwrap();
    file.set_len(2 << 30).unwrap();
    let before = peak_memory();
    let taken = snapshot(&lab.cas, &lab.src(), &["large".into()], &Default::default()).unwrap();
    assert_eq!(taken.bytes, 2 << 30);
    assert!(peak_memory() - before < 16 << 20, "the file is not held in memory");
}
