//! Any bytes as messages of the Remote Execution API: a tree that is accepted can be stored, loaded
//! and written to disk, and nothing of it lies or leads outside.

#![no_main]

use std::{
    fs,
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use libfuzzer_sys::fuzz_target;
use model::Digest;
use proofhouse_fuzz::is_inside;
use prost::Message;
use runner::{
    Cas, Folder,
    action::messages::{Action, ActionResult, Command, Directory, Tree},
    cas::{MaterializeOptions, materialize, remove_tree},
};
use tempfile::TempDir;

static SCRATCH: LazyLock<TempDir> = LazyLock::new(proofhouse_fuzz::scratch);
static RUNS: AtomicU64 = AtomicU64::new(0);

fuzz_target!(|bytes: &[u8]| {
    again::<Command>(bytes);
    again::<Action>(bytes);
    again::<ActionResult>(bytes);
    again::<Directory>(bytes);
    let cas = store();
    if let Some(tree) = again::<Tree>(bytes)
        && let Ok(folder) = Folder::from_tree(&Digest::of(bytes), tree)
    {
        kept(&cas, &folder);
    }
    if let Ok(result) = ActionResult::decode(bytes) {
        let mut folder = Folder::default();
        if folder.add_outputs(&cas, &result).is_ok() {
            kept(&cas, &folder);
        }
    }
});

/// Reads a message; written again it is the same.
fn again<M: Message + Default + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<M> {
    let message = M::decode(bytes).ok()?;
    assert_eq!(M::decode(message.encode_to_vec().as_slice()).as_ref(), Ok(&message));
    Some(message)
}

/// The store, made anew now and then so that it stays small. It holds one blob, the empty one.
fn store() -> Cas {
    let folder = SCRATCH.path().join("cas");
    if RUNS.fetch_add(1, Ordering::Relaxed).is_multiple_of(500) {
        let _ = fs::remove_dir_all(&folder);
    }
    let cas = Cas::open(folder).expect("a store");
    cas.put(b"").expect("writing");
    cas
}

fn kept(cas: &Cas, folder: &Folder) {
    let mut entries = 0;
    folder.walk(&mut |path, _| {
        assert!(is_inside(path) && runner::action::check_relative(path).is_ok(), "{path:?}");
        entries += 1;
    });
    if entries > 100 {
        return;
    }
    let Ok(root) = folder.store(cas) else { return };
    assert_eq!(Folder::load(cas, &root).as_ref().ok(), Some(folder));
    let out = SCRATCH.path().join("top/out");
    fs::create_dir_all(&out).expect("a folder");
    let made = materialize(cas, &root, &out, &MaterializeOptions::default());
    let counted = lies_inside(&out, &out.canonicalize().expect("a folder"));
    assert!(made.is_err() || made.is_ok_and(|made| made == counted));
    assert_eq!(fs::read_dir(SCRATCH.path().join("top")).expect("a folder").count(), 1, "beside the tree");
    remove_tree(&out).expect("removing");
}

/// Counts what is in a folder. Where a link leads, if anywhere, is below `top`.
fn lies_inside(folder: &Path, top: &Path) -> u64 {
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        count += 1;
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            count += lies_inside(&entry.path(), top);
        } else if let Ok(real) = entry.path().canonicalize() {
            assert!(real.starts_with(top), "{:?} leads to {real:?}", entry.path());
        }
    }
    count
}
