//! The runner's own files with foreign content and right checksums: stat cache, run journal, action
//! cache.

#![no_main]

use std::{fs, sync::LazyLock};

use aws_lc_rs::hmac;
use libfuzzer_sys::fuzz_target;
use model::{Digest, Sha256, Timestamp};
use proofhouse_fuzz::named;
use runner::{
    ActionCache, Cas,
    schedule::{Event, Journal},
    tree::rewrite_stat_cache,
};
use tempfile::TempDir;

/// The key of the action cache, put there before it is opened.
const KEY: [u8; 32] = [7; 32];

static SCRATCH: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = proofhouse_fuzz::scratch();
    fs::create_dir_all(folder.path().join("ac")).expect("a folder");
    fs::write(folder.path().join("ac/key"), KEY).expect("writing");
    folder
});

fuzz_target!(|input: &[u8]| {
    match named(input) {
        Some(("stat", body)) => stat_cache(body),
        Some(("journal", bytes)) => journal(bytes),
        Some(("lines", lines)) => journal(&summed(lines)),
        Some(("action", body)) => action(body),
        _ => {}
    }
});

fn stat_cache(body: &[u8]) {
    let mut bytes = [b"PHSTAT2\n", body].concat();
    bytes.extend(Sha256::of(&bytes).0);
    if let Some(written) = rewrite_stat_cache(&bytes) {
        assert_eq!(rewrite_stat_cache(&written).as_ref(), Some(&written));
    }
}

/// Gives every line its checksum, as the writer of the journal does.
fn summed(lines: &[u8]) -> Vec<u8> {
    let one = |line: &[u8]| [&Sha256::of(line).hex().as_bytes()[..16], b" ", line, b"\n"].concat();
    lines.split(|byte| *byte == b'\n').flat_map(one).collect()
}

fn journal(bytes: &[u8]) {
    let path = SCRATCH.path().join("run.journal");
    fs::write(&path, bytes).expect("writing");
    let Ok(read) = Journal::read(&path) else {
        assert!(Journal::resume(&path).is_err(), "only reading says that it was changed");
        return;
    };
    read.interrupted();
    let (journal, resumed) = Journal::resume(&path).expect("it could be read");
    assert_eq!(resumed, read);
    let end = Event::RunFinished { result: "interrupted".to_owned() };
    journal.append(Timestamp::UNIX_EPOCH, end).expect("writing");
    let after = Journal::read(&path).expect("it goes on where it was whole");
    assert!(after.is_finished() && !after.torn);
    assert_eq!(after.entries[..read.entries.len()], read.entries);
    assert_eq!(after.entries.len(), read.entries.len() + 1);
}

/// The entry of the action whose content is `action`, with this body.
fn action(body: &[u8]) {
    let digest = Digest::of(b"action");
    let (hex, root) = (digest.hash.hex(), SCRATCH.path().join("ac"));
    let cache = ActionCache::open(&root).expect("a cache");
    let cas = Cas::open(SCRATCH.path().join("cas")).expect("a store");
    cas.put(b"").expect("writing");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &KEY), body);
    fs::create_dir_all(root.join(&hex[..2])).expect("a folder");
    fs::write(root.join(&hex[..2]).join(&hex[2..]), [b"PHACTN1\n", tag.as_ref(), body].concat())
        .expect("writing");
    if let Ok(Some(cached)) = cache.get(&cas, &digest) {
        assert!(cached.result.output_files.iter().all(|file| file.digest.is_some()));
        cache.put(&digest, &cached).expect("writing");
        assert_eq!(cache.get(&cas, &digest).expect("it was just written"), Some(cached));
    }
}
