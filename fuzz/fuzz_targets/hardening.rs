//! Any bytes as a program: its settings are read or refused, and what is said of it can be shown anywhere.
//!
//! The seeds are `int main(void){return 0;}` by gcc 12, each with `-s`: `cc -Wl,-z,relro,-z,now` (hard),
//! `cc -no-pie -Wl,-z,norelro,-rpath,lib:/tmp -z execstack` (weak), and
//! `aarch64-linux-gnu-gcc -shared -fPIC -Wl,-z,max-page-size=4096` (library).

#![no_main]

use checks::hardening::{RULES, judge, scan, settings};
use libfuzzer_sys::fuzz_target;
use model::Digest;
use proofhouse_fuzz::is_plain;

fuzz_target!(|bytes: &[u8]| {
    let (report, binaries) =
        scan(&["app".to_owned()], &|_| Ok(Box::new(std::io::Cursor::new(bytes.to_vec()))));
    let coverage = &report.coverage;
    let told = coverage.scanned + (coverage.skipped.len() + coverage.errors.len()) as u64;
    assert!(coverage.seen <= 1 && told == coverage.seen && binaries.len() as u64 == coverage.scanned);
    assert!(report.findings.len() <= RULES.len());
    for finding in &report.findings {
        assert!(RULES.iter().any(|rule| rule.id == finding.rule) && is_plain(&finding.title), "{finding:?}");
    }
    // However it is put before it, the same bytes are the same program.
    if let Ok(read) = settings(bytes) {
        let binary = read.of("app", Digest::of(bytes));
        assert!(binary.library_path.len() <= 32);
        assert_eq!(judge(&binary).len(), report.findings.len());
        assert_eq!(binaries, [binary]);
    }
});
