//! Whole scans: real trees, coverage, comments, and text that is not code at all.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use model::Place;
use proptest::prelude::*;
use sast::{MemoryFiles, Options, SourceFiles, rules, scan};

fn files(all: &[(&str, &[u8])]) -> MemoryFiles {
    MemoryFiles(all.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect())
}

#[test]
fn a_finding_says_where_it_is_and_survives_moved_lines() {
    let code = "class Users:\n    def find(self, db, name):\n        db.execute(f'SELECT id FROM users WHERE name = {name}')\n";
    let before = scan(&files(&[("app.py", code.as_bytes())]), &Options::default());
    let moved = format!("import os\n\n\n{}", code.replace("        db", "          db"));
    let after = scan(&files(&[("app.py", moved.as_bytes())]), &Options::default());
    let Place::Code { path, line, column, symbol, .. } = &before.findings[0].place else { panic!() };
    assert_eq!(
        (path.as_str(), *line, *column, symbol.as_deref()),
        ("app.py", Some(3), Some(9), Some("Users.find"))
    );
    assert_eq!(after.findings[0].place.line(), Some(6));
    assert!(before.coverage.is_complete() && before.coverage.rules == Some(rules().len() as u64));
    assert_eq!(before.findings[0].id, after.findings[0].id);
}

#[test]
fn what_is_not_scanned_is_counted_with_its_reason() {
    let large = vec![b' '; 1024 * 1024 + 1];
    let deep = "(".repeat(5000);
    let all = files(&[
        ("a.py", b"print(1)\n"),
        ("binary.py", b"\0\x01"),
        ("broken.py", b"def (:\n  class ][ ) = = \nfoo bar baz ]]\n"),
        ("deep.py", deep.as_bytes()),
        ("large.py", &large),
        ("latin.py", b"x = '\xe9'\n"),
        ("lib/jquery.min.js", b"var a=1"),
        ("node_modules/x/index.js", b"eval(x)"),
        ("readme.md", b"# hello"),
    ]);
    let coverage = scan(&all, &Options::default()).coverage;
    let skipped: BTreeMap<_, _> =
        coverage.skipped.iter().map(|s| (s.what.as_str(), s.why.as_str())).collect();
    assert_eq!((coverage.seen, coverage.scanned), (8, 1), "{skipped:?}");
    assert_eq!(skipped["binary.py"], "binary");
    assert_eq!(skipped["broken.py"], "syntax error at line 1");
    assert_eq!(skipped["large.py"], "too large");
    assert_eq!(skipped["latin.py"], "not UTF-8");
    assert_eq!(skipped["lib/jquery.min.js"], "minified or generated");
    assert_eq!(skipped["node_modules/x/index.js"], "excluded");
    assert!(skipped["deep.py"] == "nested too deeply" || skipped["deep.py"].starts_with("syntax error"));
}

#[test]
fn a_comment_with_a_reason_leaves_a_finding_out_and_is_counted() {
    let code = b"# proofhouse:allow python-code-injection only constants of ours\neval(x)\neval(y)\n";
    let report = scan(&files(&[("a.py", code)]), &Options::default());
    assert_eq!(report.findings.iter().filter_map(|f| f.place.line()).collect::<Vec<_>>(), [3]);
    assert_eq!(report.coverage.skipped[0].what, "a.py:2");
    assert_eq!(report.coverage.skipped[0].why, "python-code-injection allowed: only constants of ours");
}

#[test]
fn a_tree_that_cannot_be_read_is_not_complete() {
    struct Broken;
    impl SourceFiles for Broken {
        fn paths(&self) -> io::Result<Vec<String>> {
            Ok(vec!["a.py".into()])
        }
        fn read(&self, _: &str, _: u64) -> io::Result<Option<Vec<u8>>> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let coverage = scan(&Broken, &Options { exclude: vec!["[".into()] }).coverage;
    assert!(!coverage.is_complete());
    assert_eq!(coverage.errors.len(), 2);
}

#[test]
fn the_order_of_a_report_does_not_depend_on_threads() {
    let names: Vec<_> = (0..40).map(|n| format!("f{n}.py")).collect();
    let all: Vec<_> = names.iter().map(|n| (n.as_str(), b"eval(x)\npickle.loads(x)\n".as_slice())).collect();
    let first = scan(&files(&all), &Options::default());
    assert_eq!(first.findings.len(), 80);
    assert_eq!(first, scan(&files(&all), &Options::default()));
}

/// A folder on disk, as the tests need it.
struct Folder(PathBuf);

impl SourceFiles for Folder {
    fn paths(&self) -> io::Result<Vec<String>> {
        let mut open = vec![self.0.clone()];
        let mut found = vec![];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.push(path.strip_prefix(&self.0).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        Ok(found)
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let bytes = fs::read(self.0.join(path))?;
        Ok((bytes.len() as u64 <= limit).then_some(bytes))
    }
}

/// Seeds of the polyglot sample: path, line, the CWE numbers of which one must be found.
fn seeds(text: &str) -> Vec<(String, u32, Vec<u32>)> {
    let row = |line: &str| {
        let mut parts = line.split('\t');
        let (path, line) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        let numbers = parts.next()?.split(|c: char| !c.is_ascii_digit());
        Some((path, line, numbers.filter_map(|n| n.parse().ok()).collect()))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn the_seeded_weaknesses_of_the_polyglot_sample_are_found() {
    let shared = std::env::var_os("PROOFHOUSE_SHARED_DATA").map(PathBuf::from);
    let shared =
        shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let Ok(table) = fs::read_to_string(shared.join("scans/polyglot-seeds.tsv")) else {
        println!("no sample data: the recall is not measured");
        return;
    };
    let report = scan(&Folder(shared.join("scans/_inputs/polyglot")), &Options::default());
    let mut by_language: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut missed = vec![];
    for (path, line, cwe) in seeds(&table).into_iter().filter(|seed| !seed.0.ends_with(".c")) {
        let hit = report.findings.iter().any(|f| {
            let here = f.place.path() == Some(&path) && f.place.line() == Some(line);
            here && f.cwe.iter().any(|n| cwe.contains(n))
        });
        let extension = path.rsplit('.').next().unwrap().to_owned();
        let counts = by_language.entry(extension).or_default();
        counts.0 += usize::from(hit);
        counts.1 += 1;
        if !hit {
            missed.push(format!("{path}:{line} {cwe:?}"));
        }
    }
    println!("found of seeded, by language: {by_language:?}; missed: {missed:?}");
    println!("all findings: {}", report.findings.len());
    for (language, (hit, all)) in by_language {
        assert!(hit * 100 >= all * 95, "{language}: {hit} of {all}; missed {missed:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_end_a_scan(bytes: Vec<u8>, which in 0..7_usize) {
        let name = ["a.py", "a.js", "a.ts", "a.tsx", "a.go", "a.java", "a.rs"][which];
        let report = scan(&files(&[(name, &bytes)]), &Options::default());
        prop_assert_eq!(report.coverage.seen, 1);
        prop_assert!(report.coverage.errors.is_empty(), "{:?}", report.coverage.errors);
    }

    #[test]
    fn mutated_code_never_ends_a_scan(pick: prop::sample::Index, cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 0..12)) {
        let rule = &rules()[pick.index(rules().len())];
        let mut code: Vec<char> = rule.vulnerable.join("\n").chars().collect();
        for (at, new) in cuts {
            let at = at.index(code.len());
            if new.is_ascii() { code.remove(at); } else { code[at] = new; }
            if code.is_empty() { break; }
        }
        let code: String = code.into_iter().collect();
        let extension = match rule.language.as_str() { "python" => "py", "javascript" => "tsx", "rust" => "rs", other => other };
        let report = scan(&files(&[(&format!("a.{extension}"), code.as_bytes())]), &Options::default());
        prop_assert!(report.coverage.errors.is_empty(), "{:?}", report.coverage.errors);
    }
}
