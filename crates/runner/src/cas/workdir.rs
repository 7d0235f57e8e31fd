//! Private folders for running steps, removed whatever a step left in them.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::CasError;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A fresh folder, locked while its process lives and removed when dropped.
#[derive(Debug)]
pub struct WorkDir {
    folder: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl WorkDir {
    /// Makes an empty folder below `base`. Only its owner can enter `base`.
    ///
    /// # Errors
    /// [`CasError::Io`].
    pub fn create(base: &Path) -> Result<Self, CasError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(base)
            .map_err(CasError::io("create", base))?;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let folder = base.join(format!("{}-{number}", std::process::id()));
            let lock_path = folder.with_extension("lock");
            let lock = match File::options().write(true).create_new(true).open(&lock_path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other.map_err(CasError::io("create", &lock_path))?,
            };
            lock.lock().map_err(CasError::io("lock", &lock_path))?;
            // Swept by another process before it was locked: once more.
            if lock.metadata().is_ok_and(|meta| meta.nlink() == 0) {
                continue;
            }
            let made = fs::DirBuilder::new().mode(0o755).create(&folder);
            let work = Self { folder, lock_path, _lock: lock };
            made.map_err(CasError::io("create", &work.folder))?;
            return Ok(work);
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Makes a folder inside, owned by `owner` when given (root only).
    ///
    /// # Errors
    /// [`CasError::Io`].
    pub fn subfolder(&self, name: &str, owner: Option<(u32, u32)>) -> Result<PathBuf, CasError> {
        let path = self.folder.join(name);
        fs::DirBuilder::new().mode(0o755).create(&path).map_err(CasError::io("create", &path))?;
        if let Some((user, group)) = owner {
            chown(&path, Some(user), Some(group)).map_err(CasError::io("change the owner of", &path))?;
        }
        Ok(path)
    }

    /// Removes what processes that are gone left below `base`. Returns how many folders.
    pub fn sweep(base: &Path) -> usize {
        let Ok(entries) = fs::read_dir(base) else { return 0 };
        let locks = entries.flatten().map(|entry| entry.path());
        let locks = locks.filter(|path| path.extension() == Some(OsStr::new("lock")));
        locks.filter(|lock| sweep_one(lock)).count()
    }
}

fn sweep_one(lock_path: &Path) -> bool {
    let Ok(lock) = File::options().write(true).open(lock_path) else { return false };
    if lock.try_lock().is_err() {
        return false;
    }
    let removed = remove_tree(&lock_path.with_extension("")).is_ok();
    removed && fs::remove_file(lock_path).is_ok()
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // A folder that cannot be removed now keeps its lock file and is swept by a later run.
        if remove_tree(&self.folder).is_ok() {
            let _ = fs::remove_file(&self.lock_path);
        }
    }
}

/// Removes a folder with everything in it, also where a step took our own rights away. Links are
/// removed, never followed. No folder there is fine.
///
/// # Errors
/// The first thing that could not be removed.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) => {}
    }
    open_up(path, 0)?;
    fs::remove_dir_all(path)
}

fn open_up(path: &Path, depth: usize) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    if !meta.is_dir() || depth > 4096 {
        return Ok(());
    }
    if meta.permissions().mode() & 0o700 != 0o700 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    for entry in fs::read_dir(path)? {
        open_up(&entry?.path(), depth + 1)?;
    }
    Ok(())
}
