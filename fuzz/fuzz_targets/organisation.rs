//! Any bytes as an organisation's file: a file without mistakes gives nobody a right that it does not name, and what
//! is wrong is told without foreign control characters.

#![no_main]

use govern::organisation::{Organisation, changes, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match parse(bytes, "organisation.yaml") {
        Ok(organisation) => {
            let told = changes(&Organisation::default(), &organisation);
            assert!(told.iter().all(|sentence| !sentence.contains('\u{1b}')));
            assert!(organisation.roles_of("somebody whom no file can name", Some("shop")).is_empty());
        }
        Err(error) => {
            assert!(!error.mistakes.is_empty());
            assert!(error.mistakes.iter().all(|mistake| !mistake.message.contains('\u{1b}')));
        }
    }
});
