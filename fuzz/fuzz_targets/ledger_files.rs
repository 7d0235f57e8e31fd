//! The files of a good ledger, changed on disk, and a forged `redo` beside them: a ledger that verifies says what was said, whatever
//! was changed, and opening one never panics.

#![no_main]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use attest::{Ledger, ledger::verify_dir};
use libfuzzer_sys::fuzz_target;
use model::Sha256;
use proofhouse_fuzz::{
    edit::{Bytes, edit},
    ledger::{COUNT, Sample, sample},
};
use tempfile::TempDir;

static SAMPLE: LazyLock<Sample> = LazyLock::new(sample);
/// The files of the ledger by their relative names.
static FILES: LazyLock<BTreeMap<PathBuf, Vec<u8>>> = LazyLock::new(|| {
    let (root, mut files) = (SAMPLE.home.path().join("ledger"), BTreeMap::new());
    read_all(&root, &root, &mut files);
    files
});
static COPY: LazyLock<TempDir> = LazyLock::new(proofhouse_fuzz::scratch);

fuzz_target!(|input: &[u8]| {
    let mut input = Bytes(input);
    let mut files = FILES.clone();
    let names: Vec<_> = FILES.keys().collect();
    let kind = input.byte() % 4;
    let (checksums, redo) = (kind % 2 == 1, kind > 1);
    if redo {
        files.insert("redo".into(), forged_redo(&mut input));
    }
    for _ in 0..6 {
        if input.is_empty() {
            break;
        }
        let (name, other) = (names[input.byte() % names.len()], names[input.byte() % names.len()]);
        files.entry(name.clone()).and_modify(|bytes| edit(bytes, &FILES[other], &mut input));
    }
    if checksums {
        let segments = files.iter_mut().filter(|(name, _)| name.starts_with("journal"));
        segments.for_each(|(_, bytes)| repair(bytes));
    }
    let folder = COPY.path().join("ledger");
    let _ = fs::remove_dir_all(&folder);
    for (name, bytes) in &files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writing");
        fs::write(path, bytes).expect("writing");
    }
    judge(&folder, checksums || redo);
});

/// Records that a removal would write: segment, offset, length and zeros as 64-bit numbers, the bytes; all
/// between a mark and its SHA-256.
fn forged_redo(input: &mut Bytes<'_>) -> Vec<u8> {
    let mut redo = b"PHREDO1\n".to_vec();
    for _ in 0..1 + input.byte() % 3 {
        let (segment, offset, zeros) = (input.byte() / 128, input.number(2), input.number(3));
        let wide = if input.byte() == 255 { u64::MAX << 20 } else { 0 };
        let bytes = (0..input.byte()).map(|_| input.byte() as u8).collect::<Vec<_>>();
        for number in [segment as u64, offset as u64 | wide, bytes.len() as u64, zeros as u64 | wide] {
            redo.extend(number.to_be_bytes());
        }
        redo.extend(bytes);
    }
    let check = Sha256::of(&redo);
    redo.extend(check.as_bytes());
    redo
}

fn judge(folder: &Path, forged: bool) {
    let verified = verify_dir(folder, &SAMPLE.trust).is_ok_and(|report| report.ok());
    let Ok((ledger, _)) = Ledger::open(folder) else {
        let refused = folder.join("redo").exists();
        assert!(!verified || refused, "a ledger that verifies cannot be opened");
        return;
    };
    let said = |n: u64| SAMPLE.statements.get(n as usize);
    for n in 0..ledger.size() {
        let Ok(entry) = ledger.read(n) else { continue };
        if said(n) == Some(&entry.logged.statement) {
            continue;
        }
        // A forged record with a right checksum is only seen by verification.
        assert!(forged, "record {n} was changed and is read as {entry:?}");
        if let Ok(bundle) = ledger.bundle(n, &SAMPLE.trust) {
            let proven = attest::verify::verify_bundle(&bundle, &SAMPLE.trust, model::Timestamp::UNIX_EPOCH);
            assert!(proven.is_err(), "a forged record {n} is proven");
        }
    }
    // Opening makes tiles and index again, so it is judged a second time.
    if verified || ledger.verify(&SAMPLE.trust).is_ok_and(|report| report.ok()) {
        assert_eq!(ledger.size(), COUNT, "verified, but records are missing or invented");
        for n in 0..COUNT {
            let entry = ledger.read(n).expect("it was verified");
            assert_eq!(Some(&entry.logged.statement), said(n), "verified, but changed");
        }
    }
}

/// Makes the checksums of all records right again, as somebody would who forges one: magic, 32-bit
/// length, 16 bytes of SHA-256 over length and body, body.
fn repair(segment: &mut [u8]) {
    let mut at = 0;
    while let Some(head) = segment.get(at..at + 24) {
        let length = [head[4], head[5], head[6], head[7]];
        let end = at + 24 + u32::from_be_bytes(length) as usize;
        let Some(body) = segment.get(at + 24..end) else { return };
        let sum = Sha256::of([length.as_slice(), body].concat());
        segment[at + 8..at + 24].copy_from_slice(&sum.0[..16]);
        at = end;
    }
}

fn read_all(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("reading").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below").to_owned();
            files.insert(name, fs::read(path).expect("reading"));
        }
    }
}
