//! Any bytes as signed checkpoint, leaf or entry bundle of the log.

#![no_main]

use attest::log::{Checkpoint, LogEntry, Note, SignedCheckpoint, pack_entry, unpack_entries};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entry) = LogEntry::parse(bytes) {
        assert_eq!(entry.to_bytes(), bytes, "a leaf has one form");
    }
    if let Ok(entries) = unpack_entries(bytes) {
        let mut packed = Vec::new();
        entries.iter().for_each(|entry| pack_entry(&mut packed, entry).expect("it was in a bundle"));
        assert_eq!(packed, bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(note) = Note::parse(text) {
        assert!(!note.signatures.is_empty() && note.text.ends_with('\n'));
        assert_eq!(note.to_text(), text, "a note has one form");
    }
    if let Ok(signed) = SignedCheckpoint::parse(text) {
        assert!(signed.note.text.starts_with(&signed.checkpoint.to_text()), "the signed text says otherwise");
        assert_eq!(Checkpoint::parse(&signed.checkpoint.to_text()), Ok(signed.checkpoint));
    }
});
