//! Databases that are not there, newer, locked, damaged, full; blobs that are gone or changed.

use std::{fs, os::unix::fs::PermissionsExt as _};

use model::UserError as _;
use store::Store;

use crate::support::{Base, finding, print, story};

on_both! {
    async fn a_database_of_a_newer_program_is_left_alone(base: Base) {
        let url = base.url();
        Store::open(&url).await.unwrap().close().await;
        base.tamper(&url, "UPDATE proofhouse_schema SET version = 99").await;
        let error = Store::open(&url).await.err().unwrap();
        assert_eq!(error.code(), "database-newer");
        assert!(error.to_string().contains("99"));
    }

    async fn a_blob_that_is_gone_or_changed_stops_the_projection_and_is_named(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let before = print(&store).await;
        let index = ledger.scan(vec![finding("B9", "nine.py", "nine"); 3], true) as usize;
        let digest = ledger.statements[index].statement.predicate["findings"]["digest"]["hash"].clone();
        let digest: model::Sha256 = digest.as_str().unwrap().parse().unwrap();
        let path = ledger.blobs.path(&digest);
        let good = fs::read(&path).unwrap();
        // Also a change after which it is no longer JSON is a change, not a bad statement.
        let text = String::from_utf8(good.clone()).unwrap();
        for bad in [text.replace("nine.py", "ten.py"), text.replacen('{', "[", 1), String::new()] {
            fs::write(&path, bad).unwrap();
            let error = store.project(&ledger.statements[index], &ledger.blobs).await.unwrap_err();
            assert_eq!(error.code(), "projection-blob");
            let said = model::problem::erase(&error).message;
            assert!(said.contains(&digest.hex()) && said.contains("changed"), "{said}");
        }
        fs::remove_file(&path).unwrap();
        let error = store.project(&ledger.statements[index], &ledger.blobs).await.unwrap_err();
        assert_eq!((error.code(), error.exit()), ("projection-blob", model::Exit::Integrity));
        assert_eq!(print(&store).await, before);
        fs::write(&path, good).unwrap();
        assert!(store.project(&ledger.statements[index], &ledger.blobs).await.unwrap());
    }

    async fn text_that_looks_like_sql_is_text(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        let evil = "'; DROP TABLE findings; --\u{0}\u{202e}$1?";
        let mut bad = finding(evil, evil, evil);
        bad.title = evil.into();
        ledger.scan(vec![bad], true);
        crate::support::project(&ledger, &store).await;
        let wanted = store::views::FindingFilter { text: Some("'; drop table".into()), ..Default::default() };
        let found = store.findings(&wanted, &Default::default()).await.unwrap().items;
        assert_eq!(found[0].title, evil.replace('\0', "\u{fffd}"));
    }
}

#[tokio::test]
async fn urls_that_name_no_database_are_refused_without_repeating_passwords() {
    for url in ["", "db.sqlite", "mysql://user:hunter2@host/db", "sqlite:", "postgres://user:hunter2@[bad/db"]
    {
        let error = Store::open(url).await.err().unwrap();
        assert_eq!(error.code(), "database-url", "{url}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = Store::open(&format!("postgres://nobody@127.0.0.1:{port}/x")).await.err().unwrap();
    assert_eq!(error.code(), "database-unreachable");
    let absent = testkit::postgres().database().replace("/test_", "/absent_");
    assert_eq!(Store::open(&absent).await.err().unwrap().code(), "database-unreachable");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db.sqlite");
    fs::write(&path, "this is not a database, but somebody's notes\n".repeat(100)).unwrap();
    let error = Store::open(&format!("sqlite:{}", path.display())).await.err().unwrap();
    assert_eq!(error.code(), "database-damaged");
    assert!(fs::read_to_string(&path).unwrap().starts_with("this is not"));
}

#[tokio::test]
async fn a_sqlite_file_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db.sqlite");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
    store.close().await;
}

/// A file system of one mebibyte.
struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    /// `None` when this process may not mount.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path());
        mount.output().ok()?.status.success().then_some(Self(folder))
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        std::process::Command::new("umount").arg("-l").arg(self.0.path()).status().unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_half_written() {
    let Some(disk) = TinyDisk::mount() else {
        return println!("not run: making a small file system needs root");
    };
    let base = Base::sqlite();
    let mut ledger = base.ledger();
    story(&mut ledger);
    let url = format!("sqlite:{}", disk.0.path().join("db.sqlite").display());
    let store = Store::open(&url).await.unwrap();
    crate::support::project(&ledger, &store).await;
    let before = print(&store).await;
    let many = (0..3000).map(|n| finding(&format!("B{n}"), "a.py", &n.to_string())).collect();
    let big = ledger.scan(many, true) as usize;
    let error = store.project(&ledger.statements[big], &ledger.blobs).await.unwrap_err();
    assert_eq!(error.code(), "database-disk-full", "{error:?}");
    assert_eq!(print(&store).await, before);
    // A blob that does not fit is not there at all.
    let blobs = store::LocalBlobs::open(disk.0.path().join("blobs")).unwrap();
    let error = model::ports::Blobs::put(&blobs, &vec![1; 2 << 20]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(fs::read_dir(blobs.root().join(".tmp")).unwrap().count(), 0);
    store.close().await;
}
