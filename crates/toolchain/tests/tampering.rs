//! A small tool tree is pinned, tampered with in every way, and each change is told.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use model::{Exit, UserError};
use proptest::prelude::*;
use toolchain::{Change, FileChange, Host, Listing, Lock, ResolvedTool, ToolDecl, resolve, verify};

/// `tool/bin/greet` with a library beside it, as something unpacked from an archive.
struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self { folder: tempfile::tempdir().unwrap() };
        fixture.write("tool/bin/greet", "#!/bin/sh\necho 'greet 1.2.3 (test)'\n");
        fixture.write("tool/lib/a.txt", "a");
        fixture.write("tool/lib/with space é.txt", "b");
        symlink("a.txt", fixture.path("tool/lib/link")).unwrap();
        fs::set_permissions(fixture.path("tool/bin/greet"), fs::Permissions::from_mode(0o755)).unwrap();
        fixture
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    fn host(&self) -> Host {
        Host {
            path_env: format!("{}:/usr/bin:/bin", self.path("tool/bin").display()).into(),
            home: self.path("home"),
            project: Some(self.path("project")),
            variables: Default::default(),
            cache_dir: self.path("cache"),
        }
    }

    fn resolve(&self) -> ResolvedTool {
        resolve(&[decl("greet")], &self.host()).unwrap().remove(0)
    }
}

fn decl(command: &str) -> ToolDecl {
    let name = "greet".to_owned();
    ToolDecl { name, provider: "host".into(), command: command.into(), version: None, paths: vec![] }
}

#[test]
fn the_whole_unpacked_folder_is_the_tool() {
    let fixture = Fixture::new();
    let tool = fixture.resolve();
    assert_eq!(tool.version, "1.2.3");
    assert!(tool.roots.contains(&fixture.path("tool").canonicalize().unwrap()), "{:?}", tool.roots);
    assert_eq!(tool.path_dirs, [fixture.path("tool/bin")]);
    assert!(tool.binds.contains(&fixture.path("tool").canonicalize().unwrap()));
    assert!(tool.binds.iter().all(|bind| !bind.starts_with("/usr")));
}

#[test]
fn the_digest_does_not_depend_on_the_place() {
    let (one, other) = (Fixture::new(), Fixture::new());
    assert_eq!(one.resolve().digest, other.resolve().digest);
}

type Tampering = (&'static str, fn(&Path), fn(String) -> FileChange);

#[test]
fn every_kind_of_change_is_told_with_its_file() {
    let changes: [Tampering; 6] = [
        ("lib/a.txt", |path| fs::write(path, "A").unwrap(), FileChange::Modified),
        ("lib/new", |path| fs::write(path, "").unwrap(), FileChange::Added),
        ("lib/a.txt", |path| fs::remove_file(path).unwrap(), FileChange::Removed),
        ("lib/empty", |path| fs::create_dir(path).unwrap(), FileChange::Added),
        (
            "lib/link",
            |path| {
                fs::remove_file(path).unwrap();
                symlink("with space é.txt", path).unwrap();
            },
            FileChange::Modified,
        ),
        (
            "lib/a.txt",
            |path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap(),
            FileChange::Modified,
        ),
    ];
    for (path, tamper, expected) in changes {
        let fixture = Fixture::new();
        let host = fixture.host();
        let lock = Lock::parse(&Lock::of(&[fixture.resolve()], &host).render()).unwrap();
        assert_eq!(verify(&lock, &[fixture.resolve()], &host), []);
        tamper(&fixture.path("tool").join(path));
        let drifts = verify(&lock, &[fixture.resolve()], &host);
        let [drift] = &drifts[..] else { panic!("{path}: {drifts:?}") };
        let Change::Content { files: Some(files), .. } = &drift.change else { panic!("{drift:?}") };
        let name = fixture.path("tool").canonicalize().unwrap().join(path).display().to_string();
        assert_eq!(files, &[expected(name)]);
        assert_eq!((drift.problem().code, drift.problem().exit), ("tool-changed", Exit::Integrity));
        assert!(drift.to_string().contains(path), "{drift}");
    }
}

#[test]
fn a_change_that_keeps_size_and_modification_time_is_seen() {
    let fixture = Fixture::new();
    let path = fixture.path("tool/lib/a.txt");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let before = fixture.resolve();
    fs::write(&path, "B").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    assert_ne!(fixture.resolve().digest, before.digest);
}

#[test]
fn another_version_and_a_missing_or_new_tool_are_told() {
    let fixture = Fixture::new();
    let host = fixture.host();
    let lock = Lock::of(&[fixture.resolve()], &host);
    fixture.write("tool/bin/greet", "#!/bin/sh\necho greet 2.0\n");
    let drift = verify(&lock, &[fixture.resolve()], &host).remove(0);
    assert_eq!(drift.change, Change::Version { was: "1.2.3".into(), is: "2.0".into() });
    assert_eq!(drift.code(), "tool-version-mismatch");
    assert_eq!(verify(&lock, &[], &host)[0].change, Change::Missing);
    let none = Lock::of(&[], &host);
    assert_eq!(verify(&none, &[fixture.resolve()], &host)[0].change, Change::Unpinned);
    assert_eq!(none.diff(&lock).len(), 1);
}

#[test]
fn what_cannot_be_a_tool_is_refused() {
    let fixture = Fixture::new();
    let code = |declaration: ToolDecl| {
        let errors = resolve(&[declaration], &fixture.host()).unwrap_err();
        assert!(errors[0].hint().is_some());
        errors[0].code()
    };
    assert_eq!(code(decl("no-such-program")), "tool-not-found");
    assert_eq!(code(decl("/no/such/program")), "tool-not-found");
    assert_eq!(
        code(ToolDecl { version: Some(">=2".parse().unwrap()), ..decl("greet") }),
        "tool-version-mismatch"
    );
    assert_eq!(code(ToolDecl { provider: "cloud".into(), ..decl("greet") }), "tool-unknown-provider");
    assert_eq!(code(ToolDecl { paths: vec!["/no/such/folder".into()], ..decl("greet") }), "tool-unreadable");

    // A program of the project is never started, not even to ask for its version.
    let trap = "#!/bin/sh\ntouch \"$(dirname \"$0\")/started\"\n";
    fixture.write("project/bin/evil", trap);
    let evil = fixture.path("project/bin/evil");
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
    symlink(&evil, fixture.path("tool/bin/harmless")).unwrap();
    assert_eq!(code(decl(&evil.display().to_string())), "tool-in-project");
    assert_eq!(code(decl("harmless")), "tool-in-project");
    assert!(!fixture.path("project/bin/started").exists());
}

#[test]
fn a_program_that_hangs_or_floods_does_not_hold_us_up() {
    let fixture = Fixture::new();
    fixture.write("tool/bin/greet", "#!/bin/sh\nwhile :; do echo 9.9 flood; done\n");
    assert_eq!(fixture.resolve().version, "unknown");
}

#[test]
fn damaged_lock_files_say_what_is_wrong() {
    let code = |text: &str| Lock::parse(text).unwrap_err().code();
    assert_eq!(code("version = 9\n"), "lock-version");
    assert_eq!(code("version = 1\nextra = 1\n"), "lock-syntax");
    assert_eq!(code("not toml"), "lock-syntax");
    assert_eq!(code(&" ".repeat(2 << 20)), "lock-too-large");
    let fixture = Fixture::new();
    let text = Lock::of(&[fixture.resolve()], &fixture.host()).render();
    let entry = &text[text.find("[[tool]]").unwrap()..];
    assert_eq!(code(&format!("{text}\n{entry}")), "lock-duplicate-tool");
    assert_eq!(code(&text.replace("sha256 = \"", "sha256 = \"x")), "lock-syntax");
}

proptest! {
    #[test]
    fn arbitrary_lock_files_and_listings_never_panic(text in ".{0,200}", at in 0..300usize) {
        let _ = Lock::parse(&text);
        let valid = "version = 1\n\n[[tool]]\nname = \"a\"\nprovider = \"host\"\ncommand = \"a\"\npath = \"/a\"\nversion = \"1\"\nsha256 = \"00\"\nfiles = 1\nbytes = 1\n";
        let at = at.min(valid.len());
        let _ = Lock::parse(&format!("{}{text}{}", &valid[..at], &valid[at..]));
        let _ = Listing::parse(&format!("proofhouse-tool-tree-v1\n{text}"));
    }
}
