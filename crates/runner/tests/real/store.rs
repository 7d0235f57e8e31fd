//! The store under damage, pruning and odd folders.

use std::{
    fs,
    io::{Read, Write},
    time::{Duration, SystemTime},
};

use model::{Digest, UserError};
use runner::{Cas, PrunePolicy, WorkDir, cas::remove_tree};

use crate::Test;

pub const TESTS: &[Test] = &[
    ("store_a_changed_blob_is_found_removed_and_can_be_stored_again", changed),
    ("store_content_is_streamed_and_checked_against_its_promise", streamed),
    ("store_pruning_removes_the_least_recently_used", pruning),
    ("store_work_folders_of_dead_processes_are_swept", sweeping),
];

fn store() -> (tempfile::TempDir, Cas) {
    let dir = tempfile::tempdir().unwrap();
    let cas = Cas::open(dir.path()).unwrap();
    (dir, cas)
}

fn changed() {
    let (_dir, cas) = store();
    let digest = cas.put(b"hello").unwrap();
    fs::write(cas.path(&digest.hash), b"jello").unwrap();
    let mut text = String::new();
    let error = cas.open_blob(&digest).unwrap().read_to_string(&mut text).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert_eq!(cas.get(&digest, 100).unwrap_err().code(), "cas-blob-changed");
    assert_eq!(cas.get(&digest, 100).unwrap_err().code(), "cas-blob-missing");
    cas.put(b"hello").unwrap();
    assert_eq!(cas.get(&digest, 100).unwrap(), b"hello");
    assert_eq!(cas.get(&digest, 4).unwrap_err().code(), "cas-blob-too-large");
}

fn streamed() {
    let (_dir, cas) = store();
    let size = 300 << 20;
    let digest = cas.put_from(&mut std::io::repeat(7).take(size)).unwrap();
    assert_eq!(digest.size, size);
    cas.verify(&digest).unwrap();
    let other = Digest::of(b"other");
    let error = cas.put_expected(&mut &b"hello"[..], &other).unwrap_err();
    assert_eq!(error.code(), "cas-digest-mismatch");
    assert!(!cas.contains(&other) && !cas.contains(&Digest::of(b"hello")));
    assert_eq!(fs::read_dir(cas.root().join("tmp")).unwrap().count(), 0, "nothing half-written stays");
}

fn pruning() {
    let (_dir, cas) = store();
    let now = SystemTime::now();
    let digests: Vec<Digest> = (0..4u8).map(|n| cas.put(&[n; 100]).unwrap()).collect();
    for (days, digest) in [30, 20, 10, 0].into_iter().zip(&digests) {
        let file = fs::File::options().write(true).open(cas.path(&digest.hash)).unwrap();
        file.set_modified(now - Duration::from_secs(days * 86_400)).unwrap();
    }
    let month = PrunePolicy { max_age: Some(Duration::from_secs(25 * 86_400)), max_bytes: Some(200) };
    let pruned = cas.prune(&month, now).unwrap();
    assert_eq!((pruned.removed, pruned.removed_bytes, pruned.kept, pruned.kept_bytes), (2, 200, 2, 200));
    let left: Vec<bool> = digests.iter().map(|digest| cas.contains(digest)).collect();
    assert_eq!(left, [false, false, true, true]);
}

fn sweeping() {
    let dir = tempfile::tempdir().unwrap();
    let alive = WorkDir::create(dir.path()).unwrap();
    fs::create_dir(dir.path().join("1-0")).unwrap();
    fs::File::create(dir.path().join("1-0/left")).unwrap().write_all(b"x").unwrap();
    fs::write(dir.path().join("1-0.lock"), b"").unwrap();
    assert_eq!(WorkDir::sweep(dir.path()), 1);
    assert!(!dir.path().join("1-0").exists() && alive.path().exists());
    let path = alive.path().to_owned();
    fs::create_dir_all(path.join("a/b")).unwrap();
    std::os::unix::fs::symlink(dir.path(), path.join("a/out")).unwrap();
    fs::set_permissions(path.join("a/b"), std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    drop(alive);
    assert!(!path.exists() && dir.path().exists());
    assert!(remove_tree(&path).is_ok(), "nothing there is fine");
}
