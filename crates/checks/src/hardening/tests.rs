//! Programs of the real compilers (`cc`, `rustc`, a cross compiler for aarch64), and damaged ones.

use std::{path::Path, process::Command};

use model::{
    Severity,
    predicate::{BinaryKind, Language, Relro},
};
use proptest::prelude::*;

use super::*;

/// Reads a line into a buffer on the stack: there is something to protect and to fortify.
const SOURCE: &str = r#"#ifdef BARE
void start(void) { for (;;); }
#else
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
    char name[32];
    strcpy(name, argc > 1 ? argv[1] : "nobody");
    printf("%s %d\n", name, argc);
    return 0;
}
#endif
"#;
const HARD: &str =
    "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -pie -Wl,-z,relro,-z,now";
const WEAK: &str =
    "-O2 -U_FORTIFY_SOURCE -fno-stack-protector -fno-pie -no-pie -Wl,-z,norelro,-z,lazy -z execstack";

fn compiled(compiler: &str, flags: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.c"), SOURCE).unwrap();
    let arguments = flags.split(' ').chain(["-o", "program", "main.c"]);
    made(Command::new(compiler).args(arguments), folder.path())
}

fn made(command: &mut Command, folder: &Path) -> Vec<u8> {
    let output = command.current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(folder.join("program")).unwrap()
}

fn looked_at(files: &[(&str, &[u8])]) -> (ScanReport, Vec<Binary>) {
    let files: Vec<(String, Vec<u8>)> = files.iter().map(|(p, b)| ((*p).to_owned(), b.to_vec())).collect();
    let paths: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
    scan(&paths, &|path| {
        let (_, bytes) = files.iter().find(|(p, _)| p == path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(bytes.clone())))
    })
}

/// Rules that found something, with their severities.
fn found(bytes: &[u8]) -> Vec<(String, Severity)> {
    let (report, binaries) = looked_at(&[("program", bytes)]);
    assert!(report.coverage.is_complete() && binaries.len() == 1, "{:?}", report.coverage);
    report.findings.into_iter().map(|f| (f.rule.replace("hardening-", ""), f.severity)).collect()
}

fn has(found: &[(String, Severity)], rule: &str, severity: Severity) -> bool {
    found.iter().any(|(id, how)| id == rule && *how == severity)
}

#[test]
fn a_hardened_program_has_nothing_and_a_weak_one_has_each() {
    assert_eq!(found(&compiled("cc", HARD)), []);
    let weak = found(&compiled("cc", WEAK));
    for (rule, severity) in [
        ("executable-stack", Severity::High),
        ("not-position-independent", Severity::Medium),
        ("no-relro", Severity::Medium),
        ("no-stack-protector", Severity::Low),
        ("not-fortified", Severity::Low),
    ] {
        assert!(has(&weak, rule, severity), "{rule}: {weak:?}");
    }
    assert_eq!(weak.len(), 5, "{weak:?}");
}

#[test]
fn each_setting_is_told_by_itself() {
    let one = |flags: &str| found(&compiled("cc", &format!("{HARD} {flags}")));
    assert_eq!(one("-Wl,-z,lazy"), [("partial-relro".to_owned(), Severity::Low)]);
    let bare = compiled("cc", "-DBARE -nostdlib -static -Wl,-N,-e,start");
    assert!(has(&found(&bare), "writable-code", Severity::High));
    assert_eq!(one("-Wl,-rpath,/tmp/lib"), [("library-path".to_owned(), Severity::High)]);
    assert_eq!(one("-Wl,-rpath,$ORIGIN/../lib:/usr/lib/x"), [("library-path".to_owned(), Severity::Low)]);
    assert_eq!(one("-Wl,-rpath,$ORIGIN/lib:/usr/lib/x"), []);
    let debug = one("-g -fdebug-prefix-map=/=/home/ana/");
    assert_eq!(debug, [("build-path".to_owned(), Severity::Info)]);
}

#[test]
fn static_programs_and_libraries_are_not_asked_what_they_cannot_tell() {
    assert_eq!(found(&compiled("cc", "-O2 -static-pie -fPIE")), []);
    let fixed = found(&compiled("cc", "-O2 -static -no-pie"));
    assert_eq!(fixed, [("not-position-independent".to_owned(), Severity::Medium)]);
    let (_, library) = looked_at(&[("lib.so", &compiled("cc", "-shared -fPIC -O2 -fno-stack-protector"))]);
    assert_eq!((library[0].kind, library[0].stack_protector), (BinaryKind::SharedObject, Some(false)));
    assert_eq!(found(&compiled("cc", &format!("{HARD} -s"))), [], "stripped");
}

#[test]
fn programs_in_rust_have_no_stack_protector_and_that_is_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.rs"), "fn main() { println!(\"{:?}\", std::env::args()); }")
        .unwrap();
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let program = made(Command::new(rustc).args(["-Cstrip=symbols", "-oprogram", "main.rs"]), folder.path());
    let (_, binaries) = looked_at(&[("program", &program)]);
    let binary = &binaries[0];
    assert_eq!((binary.language, binary.dependencies), (Language::Rust, Some(false)));
    assert_eq!((binary.stack_protector, binary.fortified, binary.relro), (None, None, Relro::Full));
    let rules = found(&program);
    assert!(has(&rules, "no-package-list", Severity::Info), "{rules:?}");
    assert!(rules.iter().all(|(_, severity)| *severity == Severity::Info), "{rules:?}");
}

/// `aarch64-linux-gnu-gcc` (Debian, 12.2.0) with HARD or WEAK and `-Wl,-z,max-page-size=4096 -s`, of SOURCE.
#[test]
fn programs_for_aarch64_are_examined_too() {
    assert_eq!(found(include_bytes!("samples/aarch64-hard")), []);
    assert!(has(&found(include_bytes!("samples/aarch64-weak")), "no-relro", Severity::Medium));
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(vec![]));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        io::Write::write_all(&mut zip, bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(vec![]);
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    io::Write::write_all(&mut gzip, bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn programs_in_archives_are_examined_and_archives_of_scripts_have_none() {
    let program = compiled("cc", WEAK);
    let files: [(&str, &[u8]); 2] = [("./bin/app", &program), ("readme.txt", b"hello")];
    let python = [b"#!/usr/bin/env python3\n".to_vec(), zipped(&files)].concat();
    let packed = [zipped(&files), tarred(&files), gzipped(&tarred(&files)), gzipped(&program), python];
    for bytes in &packed {
        let (report, binaries) = looked_at(&[("dist/app", bytes)]);
        assert!(report.coverage.is_complete() && report.coverage.scanned == 1, "{:?}", report.coverage);
        assert!(binaries[0].path.starts_with("dist/app!/"), "{}", binaries[0].path);
        assert!(report.findings.iter().any(|finding| finding.rule == "hardening-no-relro"));
    }
    let scripts = looked_at(&[("app.pyz", &zipped(&[("app.py", b"print()")]))]).0.coverage;
    assert!(scripts.nothing_of_its_kind(), "{scripts:?}");

    let nested = looked_at(&[("all.tar", &tarred(&[("in.zip", &packed[0])]))]).0.coverage;
    assert!(nested.skipped[0].why.contains("an archive in an archive"), "{nested:?}");
    for damaged in [&packed[0][..packed[0].len() - 40], &packed[2][..packed[2].len() / 2]] {
        let coverage = looked_at(&[("app", damaged)]).0.coverage;
        assert!(!coverage.errors.is_empty(), "{coverage:?}");
    }
}

#[test]
fn nothing_passes_by_absence() {
    let program = compiled("cc", HARD);
    let coverage = |files: &[(&str, &[u8])]| looked_at(files).0.coverage;

    let none = coverage(&[("app.py", b"print()"), ("x.o", &compiled("cc", "-c"))]);
    assert!(none.nothing_of_its_kind(), "neither text nor an object file is a program: {none:?}");

    let closed = coverage(&[("app.tar.xz", b"\xfd7zXZ\0"), ("app.py", b"")]);
    assert!(!closed.is_complete() && closed.skipped.len() == 1, "{closed:?}");
    let both = coverage(&[("app", &program), ("copy/app", &program), ("app.xz", b"\xfd7zXZ\0")]);
    assert_eq!((both.seen, both.scanned, both.skipped.len()), (2, 1, 1), "the same bytes count once");

    let mut cut = program.clone();
    cut.truncate(700);
    assert!(!coverage(&[("app", &cut)]).errors.is_empty(), "damaged");
    let mut other = program;
    other[18] = 243;
    let other = coverage(&[("app", &other)]);
    assert!(!other.is_complete() && other.skipped[0].why.contains("machine 243"), "{other:?}");
    let unread = scan(&["gone".to_owned()], &|_| Err(io::ErrorKind::NotFound.into())).0.coverage;
    assert_eq!(unread.errors.len(), 1);
}

proptest! {
    /// One program, damaged anywhere: an answer, never a panic.
    #[test]
    fn damaged_programs_are_answered(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
        early in any::<bool>(), length in any::<prop::sample::Index>()) {
        static PROGRAM: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| compiled("cc", HARD));
        let mut bytes = PROGRAM.clone();
        // The tables are at the beginning.
        let end = if early { 1200 } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(end)] = value;
        }
        let _ = settings(&bytes);
        bytes.truncate(length.index(bytes.len()));
        let _ = settings(&bytes);
    }
}
