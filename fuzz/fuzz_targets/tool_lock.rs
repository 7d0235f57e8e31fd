//! Any text as `proofhouse.lock` or as the listing of a tool's files.

#![no_main]

use libfuzzer_sys::fuzz_target;
use toolchain::{Listing, Lock};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(lock) = Lock::parse(text) {
        let again = Lock::parse(&lock.render()).expect("a written lock can be read");
        assert_eq!(again, lock);
        assert!(again.diff(&lock).is_empty() && again.render() == lock.render());
        assert!(lock.tools.is_sorted_by(|a, b| a.name < b.name), "a tool is pinned twice");
        assert!(lock.tools.iter().all(|tool| lock.tool(&tool.name) == Some(tool)));
    }
    if let Some(listing) = Listing::parse(text) {
        listing.bytes();
        let again = Listing::parse(&listing.render()).expect("a written listing can be read");
        assert_eq!((again.digest(), &again), (listing.digest(), &listing));
    }
});
