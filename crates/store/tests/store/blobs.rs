//! The local blob store: durable, private, checked on every read.

use std::{fs, io, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path};

use model::{Digest, Sha256, ports::Blobs as _};
use store::LocalBlobs;

fn temporary_files(blobs: &LocalBlobs) -> usize {
    fs::read_dir(blobs.root().join(".tmp")).unwrap().count()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_put_is_got_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(folder.path().join("blobs")).unwrap();
    for content in [b"".as_slice(), b"hello", &[7; 1_000_000]] {
        let digest = blobs.put(content).unwrap();
        assert_eq!(digest, Digest::of(content));
        assert_eq!(blobs.get(&digest.hash).unwrap(), content);
        let mut streamed = Vec::new();
        blobs.open(&digest.hash).unwrap().read_to_end(&mut streamed).unwrap();
        assert_eq!(streamed, content);
        assert!(blobs.contains(&digest.hash));
        let path = blobs.path(&digest.hash);
        assert_eq!(
            path.strip_prefix(blobs.root()).unwrap().to_str().unwrap().replace('/', ""),
            digest.hash.hex()
        );
        assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(blobs.root())), (0o600, 0o700, 0o700));
    }
    assert_eq!(temporary_files(&blobs), 0);
    let absent = blobs.get(&Sha256::of("absent")).unwrap_err();
    assert_eq!(absent.kind(), io::ErrorKind::NotFound);
    assert!(absent.to_string().contains(&Sha256::of("absent").hex()));
}

#[test]
fn a_changed_blob_is_refused_by_name_and_healed_by_putting_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(folder.path()).unwrap();
    let digest = blobs.put(b"the truth").unwrap();
    for lie in ["the trUth", "the truth and more", "", "the"] {
        fs::write(blobs.path(&digest.hash), lie).unwrap();
        let error = blobs.get(&digest.hash).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains(&digest.hash.hex()));
        let error = blobs.open(&digest.hash).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        blobs.put(b"the truth").unwrap();
        assert_eq!(blobs.get(&digest.hash).unwrap(), b"the truth");
    }
}

#[test]
fn many_threads_may_put_the_same_blob() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(folder.path()).unwrap();
    let content = vec![3; 300_000];
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                (0..5).for_each(|_| {
                    blobs.put(&content).unwrap();
                })
            });
        }
    });
    assert_eq!(blobs.get(&Sha256::of(&content)).unwrap(), content);
    assert_eq!(temporary_files(&blobs), 0);
}

#[test]
fn a_source_that_fails_leaves_nothing() {
    struct Failing;
    impl io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("cable pulled"))
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(folder.path()).unwrap();
    blobs.put_from(&mut io::Read::chain(&b"begun"[..], Failing)).unwrap_err();
    assert_eq!(temporary_files(&blobs), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn files_left_by_a_dead_process_are_removed_and_those_of_a_living_one_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(folder.path()).unwrap();
    let temporary = blobs.root().join(".tmp");
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let start = stat[stat.rfind(')').unwrap() + 1..].split_whitespace().nth(19).unwrap().to_owned();
    let mine = temporary.join(format!("{}-{start}-0", std::process::id()));
    for path in [&mine, &temporary.join("4194304-1-0"), &temporary.join("1-1-0"), &temporary.join("junk")] {
        fs::write(path, "half").unwrap();
    }
    LocalBlobs::open(folder.path()).unwrap();
    let left: Vec<_> = fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [mine]);
}
