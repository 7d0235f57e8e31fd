//! Writing a blob so that a crash or a full disk leaves either all of it or nothing:
//! temporary file, fsync, rename, fsync of the folder.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use model::{Digest, Hasher};

use super::LocalBlobs;

/// Where unfinished blobs are, inside the blob folder (same file system, so rename is atomic).
pub(super) const TEMPORARY: &str = ".tmp";

/// Makes a folder with mode 0700.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Removes temporary files of processes that are gone; names are `PID-START-COUNTER`.
pub(super) fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !owner_lives(&entry.file_name().to_string_lossy()) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Streams `source` into its place.
pub(super) fn put(blobs: &LocalBlobs, source: &mut dyn io::Read) -> io::Result<Digest> {
    let temporary = Temporary::create(&blobs.root.join(TEMPORARY))?;
    let digest = copy(source, &temporary.file)?;
    let path = blobs.path(&digest.hash);
    let parent = path.parent().unwrap_or(&blobs.root).to_owned();
    if holds(&path, digest)? {
        return Ok(digest);
    }
    temporary.file.sync_all()?;
    if !parent.is_dir() {
        make_folder(&parent)?;
        fs::File::open(&blobs.root)?.sync_all()?;
    }
    fs::rename(&temporary.path, &path)?;
    fs::File::open(&parent)?.sync_all()?;
    Ok(digest)
}

fn copy(source: &mut dyn io::Read, mut file: &fs::File) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let n = match source.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish_sized()),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..n]);
        io::Write::write_all(&mut file, &buffer[..n])?;
    }
}

/// Whether the place already has this very content. A damaged blob is replaced by the good one.
fn holds(path: &Path, digest: Digest) -> io::Result<bool> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() != digest.size {
        return Ok(false);
    }
    let mut hasher = Hasher::new();
    io::copy(&mut &file, &mut hasher)?;
    Ok(hasher.finish() == digest.hash)
}

struct Temporary {
    path: PathBuf,
    file: fs::File,
}

impl Temporary {
    fn create(folder: &Path) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let pid = std::process::id();
        let start = start_of(pid).unwrap_or(0);
        loop {
            let n = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{pid}-{start}-{n}"));
            match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Self { path, file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing to remove; before it, this is the clean-up.
        let _ = fs::remove_file(&self.path);
    }
}

fn owner_lives(name: &str) -> bool {
    let mut parts = name.split('-').map(str::parse::<u64>);
    let (Some(Ok(pid)), Some(Ok(start))) = (parts.next(), parts.next()) else { return false };
    u32::try_from(pid).is_ok_and(|pid| start_of(pid) == Some(start))
}

/// Start time of a process in clock ticks since boot (`/proc/PID/stat` field 22, proc(5)): with the
/// pid it names a process for good, also when pids are used again.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may contain anything.
    stat[stat.rfind(')')? + 1..].split_whitespace().nth(19)?.parse().ok()
}
