//! The folders and files of a `host` environment.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use model::{Hasher, Sha256};

use super::service::{Account, Service};
use crate::{
    error::DeployError,
    journal::{replace, sync_folder},
};

/// Paths of one environment.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The environment's folder.
    pub root: PathBuf,
}

impl Layout {
    /// Makes the folders that are missing and checks that the application's account gets there.
    pub(crate) fn make(root: PathBuf, account: Option<Account>) -> Result<Self, DeployError> {
        let folder = |path: &Path, mode| {
            let made = fs::DirBuilder::new().recursive(true).mode(mode).create(path);
            made.map_err(DeployError::io(path, "make the folder"))
        };
        folder(&root, 0o755)?;
        let root = root.canonicalize().map_err(DeployError::io(&root, "find the folder"))?;
        root.ancestors().try_for_each(|path| closed(path, path == root))?;
        let layout = Self { root };
        for (path, mode) in [(layout.root.join("releases"), 0o755), (layout.root.join("logs"), 0o700)] {
            folder(&path, mode)?;
            closed(&path, true)?;
        }
        folder(&layout.data(), 0o700)?;
        if let Some(account) = account {
            // The folder itself: were it a link, somebody else's file would change hands.
            std::os::unix::fs::lchown(layout.data(), Some(account.uid), Some(account.gid))
                .map_err(DeployError::io(&layout.data(), "give the folder to the application"))?;
            layout.check_reachable(account)?;
        }
        Ok(layout)
    }

    /// Every folder above must let the account pass.
    fn check_reachable(&self, account: Account) -> Result<(), DeployError> {
        for path in self.root.ancestors() {
            let meta = fs::metadata(path).map_err(DeployError::io(path, "look at the folder"))?;
            let bit = match () {
                () if meta.uid() == account.uid => 0o100,
                () if meta.gid() == account.gid => 0o010,
                () => 0o001,
            };
            if meta.mode() & bit == 0 {
                return Err(DeployError::NotReachable { path: path.to_owned(), uid: account.uid });
            }
        }
        Ok(())
    }

    /// Whether the bytes of a release are those that it is named by.
    ///
    /// # Errors
    /// They are not, or cannot be read.
    pub(crate) fn check_bytes(&self, digest: &Sha256) -> Result<(), DeployError> {
        let folder = self.release(digest);
        let io = |what| DeployError::io(&folder, what);
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(io("list"))? {
            names.push(entry.map_err(io("list"))?.file_name());
        }
        names.retain(|name| name.to_str().is_none_or(|name| !is_ours(name)));
        let same = || match names.as_slice() {
            [artifact] => {
                let mut hasher = Hasher::new();
                io::copy(&mut fs::File::open(folder.join(artifact))?, &mut hasher)?;
                Ok(hasher.finish() == *digest)
            }
            _ => Ok(false),
        };
        match same().map_err(io("read"))? {
            true => Ok(()),
            false => Err(DeployError::Changed(folder.clone())),
        }
    }

    /// Folder of a release.
    pub fn release(&self, digest: &Sha256) -> PathBuf {
        self.root.join("releases").join(digest.hex())
    }

    /// The application's own folder.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The trust file that the target decides by.
    pub fn trust(&self) -> PathBuf {
        self.root.join("trust.json")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("journal.json")
    }

    /// Log of the application or the supervisor.
    pub fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("{name}.log"))
    }

    /// Writes the trust file if there is none. A different one is never overwritten: changing what a
    /// target trusts is a decision on the target.
    pub(crate) fn pin_trust(&self, trust: &[u8]) -> Result<(), DeployError> {
        let path = self.trust();
        if path.exists() { Ok(()) } else { replace(&path, trust, 0o644) }
    }

    /// Exchanges the trust file of a target that has one: a decision of whoever runs the target.
    ///
    /// # Errors
    /// There is none, or it cannot be written.
    pub fn replace_trust(&self, trust: &[u8]) -> Result<(), DeployError> {
        let path = self.trust();
        fs::metadata(&path).map_err(DeployError::io(&path, "find"))?;
        replace(&path, trust, 0o644)
    }

    /// Writes how the release is run. What was written before stays beside it until
    /// [`Self::keep_service`] or [`Self::restore_service`].
    pub(crate) fn write_service(&self, digest: &Sha256, service: &Service) -> Result<(), DeployError> {
        let path = self.service(digest);
        if path.exists() {
            let before = path.with_extension("before");
            fs::rename(&path, before).map_err(DeployError::io(&path, "set aside"))?;
        }
        let bytes = serde_json::to_vec(service).map_err(|e| DeployError::io(&path, "write")(e.into()))?;
        replace(&path, &bytes, 0o600)
    }

    pub(crate) fn restore_service(&self, digest: &Sha256) -> Result<(), DeployError> {
        let path = self.service(digest);
        match fs::rename(path.with_extension("before"), &path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(DeployError::io(&path, "restore")(e)),
            _ => Ok(()),
        }
    }

    pub(crate) fn keep_service(&self, digest: &Sha256) {
        let _ = fs::remove_file(self.service(digest).with_extension("before"));
    }

    pub(crate) fn read_service(&self, digest: &Sha256) -> Result<Service, DeployError> {
        let path = self.service(digest);
        let bytes = fs::read(&path).map_err(DeployError::io(&path, "read"))?;
        serde_json::from_slice(&bytes).map_err(|e| DeployError::io(&path, "read")(e.into()))
    }

    fn service(&self, digest: &Sha256) -> PathBuf {
        self.release(digest).join("service.json")
    }

    /// Takes the environment's lock without waiting.
    pub(crate) fn lock(&self) -> Result<fs::File, DeployError> {
        let path = self.root.join("lock");
        // Who can open it can hold it: nobody else.
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(DeployError::io(&path, "open the lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(DeployError::Busy(self.root.clone())),
            Err(fs::TryLockError::Error(e)) => Err(DeployError::io(&path, "lock")(e)),
        }
    }

    /// Digest that `current` points to.
    pub fn current(&self) -> Result<Option<Sha256>, DeployError> {
        let path = self.root.join("current");
        match fs::read_link(&path) {
            Ok(target) => {
                let digest = target.file_name().and_then(|name| name.to_str()?.parse().ok());
                let strange = || io::Error::other("the link does not point to a release");
                digest.map(Some).ok_or_else(|| DeployError::io(&path, "read the link")(strange()))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(DeployError::io(&path, "read the link")(e)),
        }
    }

    /// Points `current` to a release, by rename.
    pub(crate) fn switch(&self, digest: Sha256) -> Result<(), DeployError> {
        let (path, new) = (self.root.join("current"), self.root.join("current.new"));
        let switch = || {
            fs::metadata(self.release(&digest))?;
            let _ = fs::remove_file(&new);
            symlink(Path::new("releases").join(digest.hex()), &new)?;
            fs::rename(&new, &path)?;
            sync_folder(&self.root)
        };
        switch().map_err(DeployError::io(&path, "switch the link"))
    }

    pub(crate) fn unlink_current(&self) -> Result<(), DeployError> {
        let path = self.root.join("current");
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(DeployError::io(&path, "remove the link")(e))
            }
            _ => Ok(()),
        }
    }

    /// Removes the oldest releases beyond `keep`, never the active or the previous one.
    pub(crate) fn remove_old(&self, keep: usize, previous: Option<Sha256>) -> Result<(), DeployError> {
        let folder = self.root.join("releases");
        let current = self.current()?;
        let entries = fs::read_dir(&folder).map_err(DeployError::io(&folder, "list"))?;
        let mut releases: Vec<_> = entries
            .flatten()
            .filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path(), digest_of(&e.path())?)))
            .collect();
        releases.sort_by_key(|release| std::cmp::Reverse(release.0));
        for (_, path, digest) in releases.into_iter().skip(keep.max(2)) {
            if Some(digest) != current && Some(digest) != previous {
                remove_release(&path).map_err(DeployError::io(&path, "remove the old release"))?;
            }
        }
        Ok(())
    }
}

/// Names in a release's folder that are not the artifact's.
pub(crate) fn is_ours(name: &str) -> bool {
    matches!(name, "evidence.jsonl" | ".evidence.new" | "service.json" | "service.before" | "service.new")
}

/// Nobody but us (or root) may decide what lies at `path`: a release, its trust file and how it is run
/// are believed because of where they are. In a folder above, a sticky bit is protection enough.
fn closed(path: &Path, own: bool) -> Result<(), DeployError> {
    let meta = fs::symlink_metadata(path).map_err(DeployError::io(path, "look at the folder"))?;
    let user = nix::unistd::geteuid().as_raw();
    let open = meta.mode() & if own { 0o022 } else { 0o002 } != 0 && (own || meta.mode() & 0o1000 == 0);
    match meta.is_dir() && (meta.uid() == user || meta.uid() == 0) && !open {
        true => Ok(()),
        false => Err(DeployError::Open(path.to_owned())),
    }
}

fn digest_of(path: &Path) -> Option<Sha256> {
    path.file_name()?.to_str()?.parse().ok()
}

/// Release folders are read-only: make them writable first (only needed when not root).
pub(crate) fn remove_release(path: &Path) -> io::Result<()> {
    fn writable(path: &Path) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                writable(&entry.path())?;
            }
        }
        Ok(())
    }
    writable(path)?;
    fs::remove_dir_all(path)
}
