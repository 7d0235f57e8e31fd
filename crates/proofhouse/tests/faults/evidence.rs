//! The table of faults, kept in step with the tests that make it true.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path, process::Command};

mod rows;

use rows::ROWS;

/// Fault, what is done, what the user sees, what is guaranteed, test.
type Row = [&'static str; 5];

#[test]
fn the_table_lists_every_test() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let tests: BTreeSet<&str> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let tests: BTreeSet<&str> = tests.into_iter().filter(|name| !name.starts_with("evidence::")).collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row[4]).collect();
    assert_eq!(rows, tests, "a row of the table for each test, and a test for each row");
    assert_eq!(rows.len(), ROWS.len(), "no test twice");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/evidence/faults.md");
    if std::env::var_os("PROOFHOUSE_WRITE_EVIDENCE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(path, render()).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(committed, render(), "run this test with PROOFHOUSE_WRITE_EVIDENCE=1");
}

fn render() -> String {
    let mut text = format!(
        "# Bad input and faults\n\n\
         {} faults, each made for real and looked at by a test that drives the binary. `code` is what\n\
         stands in brackets after `error` or `warning`, or at the end of a note; the number is the exit\n\
         status (see [exit-codes.md](../exit-codes.md)). Run them with\n\
         `cargo test -p proofhouse --test faults` (as root; PostgreSQL, Perl, Python 3 and git installed);\n\
         this table is written by the same command with `PROOFHOUSE_WRITE_EVIDENCE=1`.\n\n\
         | fault | what is done to it | what the user sees | what is guaranteed | test |\n|---|---|---|---|---|\n",
        ROWS.len()
    );
    for [fault, done, seen, guaranteed, test] in ROWS {
        let _ = writeln!(text, "| {fault} | {done} | {seen} | {guaranteed} | `{test}` |");
    }
    text
}
