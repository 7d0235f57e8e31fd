//! Any bytes as a report of any format: no panic, and every finding that comes out is clean.

#![no_main]

use findings::{ImportOptions, Limits, formats, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((first, report)) = input.split_first() else { return };
    // The first byte chooses the format; beyond the list, it is recognised.
    let format = formats().get(usize::from(*first)).copied();
    let limits = Limits { bytes: 1 << 20, value: 1 << 18, ..Limits::default() };
    let options = ImportOptions { limits, ..ImportOptions::default() };
    let mut all: Vec<model::Finding> = Vec::new();
    let _ = import(&report, format, &options, &mut all);
    for finding in all {
        if let Some(path) = finding.place.path().filter(|path| !path.is_empty()) {
            assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path:?}");
        }
        assert!(!finding.title.is_empty() && finding.title.chars().count() <= 300);
    }
});
