//! From a tree in the store to files in a folder.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown, fchown, lchown, symlink},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use model::Digest;

use super::{Cas, CasError};
use crate::{
    action::{
        link_stays_inside,
        messages::{Directory, SymlinkNode},
    },
    tree::checked_directory,
};

/// How files are made.
#[derive(Clone, Copy, Debug)]
pub struct MaterializeOptions {
    /// User and group that own everything; `None` keeps ours (anything else needs root).
    pub owner: Option<(u32, u32)>,
    /// Modification time of files, in seconds since 1970; the same in every run.
    pub mtime: i64,
    /// Most files, folders and links.
    pub most_entries: u64,
}

impl Default for MaterializeOptions {
    fn default() -> Self {
        Self { owner: None, mtime: 0, most_entries: 2_000_000 }
    }
}

struct Job {
    digest: Digest,
    path: PathBuf,
    executable: bool,
}

struct Plan<'a> {
    cas: &'a Cas,
    options: &'a MaterializeOptions,
    jobs: Vec<Job>,
    entries: u64,
}

/// Writes the tree with root Directory `root` into the existing folder `into`, copying and re-hashing
/// every file. Files get mode 0644 or 0755, folders 0755. Returns the number of entries made.
///
/// # Errors
/// [`CasError`]; what was written so far stays and is the caller's to remove.
pub fn materialize(
    cas: &Cas,
    root: &Digest,
    into: &Path,
    options: &MaterializeOptions,
) -> Result<u64, CasError> {
    let mut plan = Plan { cas, options, jobs: Vec::new(), entries: 0 };
    plan.folder(root, into, 0)?;
    copy_all(cas, &plan.jobs, options)?;
    Ok(plan.entries)
}

impl Plan<'_> {
    fn folder(&mut self, digest: &Digest, path: &Path, depth: usize) -> Result<(), CasError> {
        let directory: Directory = self.cas.get_message(digest)?;
        let directory = checked_directory(digest, directory, depth)?;
        self.entries +=
            (directory.files.len() + directory.directories.len() + directory.symlinks.len()) as u64;
        if self.entries > self.options.most_entries {
            let why = format!("more than {} entries", self.options.most_entries);
            return Err(CasError::Malformed { digest: digest.hash, why });
        }
        for (node, digest) in directory.files {
            let path = path.join(&node.name);
            self.jobs.push(Job { digest, path, executable: node.is_executable });
        }
        for link in &directory.symlinks {
            self.link(digest, link, path, depth)?;
        }
        for (name, digest) in &directory.directories {
            let path = path.join(name);
            fs::DirBuilder::new().mode(0o755).create(&path).map_err(CasError::io("create", &path))?;
            if let Some((user, group)) = self.options.owner {
                chown(&path, Some(user), Some(group)).map_err(CasError::io("change the owner of", &path))?;
            }
            self.folder(digest, &path, depth + 1)?;
        }
        Ok(())
    }

    fn link(&self, digest: &Digest, link: &SymlinkNode, path: &Path, depth: usize) -> Result<(), CasError> {
        if !link_stays_inside(depth, &link.target) {
            let why = format!("link `{}` leaves the tree", link.name);
            return Err(CasError::Malformed { digest: digest.hash, why });
        }
        let path = path.join(&link.name);
        symlink(&link.target, &path).map_err(CasError::io("create", &path))?;
        if let Some((user, group)) = self.options.owner {
            lchown(&path, Some(user), Some(group)).map_err(CasError::io("change the owner of", &path))?;
        }
        Ok(())
    }
}

/// Copies on as many threads as there are processors, at most eight.
fn copy_all(cas: &Cas, jobs: &[Job], options: &MaterializeOptions) -> Result<(), CasError> {
    let next = AtomicUsize::new(0);
    let failure: Mutex<Option<CasError>> = Mutex::new(None);
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = copy(cas, job, options) {
                next.store(jobs.len(), Ordering::Relaxed);
                failure.lock().unwrap_or_else(|poison| poison.into_inner()).get_or_insert(error);
                return;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(8).min(jobs.len() / 16 + 1);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    failure.into_inner().unwrap_or_else(|poison| poison.into_inner()).map_or(Ok(()), Err)
}

fn copy(cas: &Cas, job: &Job, options: &MaterializeOptions) -> Result<(), CasError> {
    let mode = if job.executable { 0o755 } else { 0o644 };
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&job.path)
        .map_err(CasError::io("create", &job.path))?;
    if job.digest.size <= 1 << 20 {
        let bytes = cas.get(&job.digest, 1 << 20)?;
        file.write_all(&bytes).map_err(CasError::io("write", &job.path))?;
    } else {
        cas.copy_to(&job.digest, &mut file)?;
    }
    // The mode again, because the umask may have taken bits away.
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
        .map_err(CasError::io("set the mode of", &job.path))?;
    let mtime = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(options.mtime).unwrap_or(0));
    file.set_modified(mtime).map_err(CasError::io("set the time of", &job.path))?;
    if let Some((user, group)) = options.owner {
        fchown(&file, Some(user), Some(group)).map_err(CasError::io("change the owner of", &job.path))?;
    }
    Ok(())
}
