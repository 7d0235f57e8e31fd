//! The home folder of an installation: where the ledger, blobs, keys and caches are.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use model::{Exit, Problem};

/// Paths inside a home. Everything in it is private to its owner.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
    signer: Option<PathBuf>,
}

impl Home {
    /// Opens the home at `root`, making it (mode 0700) if needed.
    ///
    /// # Errors
    /// It cannot be made or written to, or belongs to somebody else.
    pub fn open(root: &Path) -> Result<Self, Problem> {
        let make = |path: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        make(root).map_err(|e| cannot(root, "make the home folder", &e))?;
        let root = root.canonicalize().map_err(|e| cannot(root, "find the home folder", &e))?;
        let meta = fs::metadata(&root).map_err(|e| cannot(&root, "look at the home folder", &e))?;
        let own = fs::metadata("/proc/self").map(|m| m.uid()).unwrap_or(meta.uid());
        if meta.uid() != own {
            return Err(Problem::new(
                "home-foreign",
                Exit::Environment,
                format!("{} belongs to another user", root.display()),
            )
            .with_hint("set PROOFHOUSE_HOME to a folder of your own"));
        }
        if meta.mode() & 0o022 != 0 {
            fs::set_permissions(&root, fs::Permissions::from_mode(0o700))
                .map_err(|e| cannot(&root, "close the home folder to others", &e))?;
        }
        // A file without a name, so that nothing stays behind.
        tempfile::tempfile_in(&root).map_err(|e| cannot(&root, "write to the home folder", &e))?;
        let home = Self { root, signer: None };
        for folder in [home.runs(), home.active(), home.cache(), home.feeds()] {
            make(&folder).map_err(|e| cannot(&folder, "make the folder", &e))?;
        }
        Ok(home)
    }

    /// The same home, whose keys are held by the signer at this socket.
    #[must_use]
    pub fn signed_at(self, signer: Option<PathBuf>) -> Self {
        Self { signer, ..self }
    }

    /// Socket of the signer; `None` when keys are in this home.
    pub fn signer(&self) -> Option<&Path> {
        self.signer.as_deref()
    }

    /// The home folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The ledger.
    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger")
    }

    /// Evidence blobs.
    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// Keys; only the signer process opens them.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Everything that can be deleted without loss.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Live logs and journals of runs.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Folder of one run.
    pub fn run(&self, run: model::RunId) -> PathBuf {
        self.runs().join(run.to_string())
    }

    /// One locked note per run, import or scan under way.
    pub fn active(&self) -> PathBuf {
        self.root.join("active")
    }

    /// Advisory data.
    pub fn feeds(&self) -> PathBuf {
        self.root.join("feeds")
    }

    /// User ids that environments have, one file each.
    pub fn accounts(&self) -> PathBuf {
        self.root.join("accounts")
    }

    /// Default place of `host` environments that name no `root`.
    pub fn environments(&self) -> PathBuf {
        self.root.join("environments")
    }

    /// The SQLite database used when no other is configured.
    pub fn database(&self) -> PathBuf {
        self.root.join("db.sqlite")
    }
}

/// A problem with a path of ours; tells a full disk apart.
pub fn cannot(path: &Path, what: &str, error: &io::Error) -> Problem {
    let (code, hint) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ("disk-full", "free some space and run the command again; the folder `cache` in the home may go")
        }
        io::ErrorKind::ReadOnlyFilesystem => (
            "read-only",
            "that file system takes no changes: mount it writable, or set PROOFHOUSE_HOME to another folder",
        ),
        io::ErrorKind::PermissionDenied => ("permission-denied", "check the owner and mode of that path"),
        io::ErrorKind::InvalidData => {
            ("content-changed", "the stored content is damaged: see `proofhouse ledger verify`")
        }
        _ => ("io", "see the message of the system"),
    };
    let exit = if code == "content-changed" { Exit::Integrity } else { Exit::Environment };
    Problem::new(code, exit, format!("cannot {what} {}: {error}", path.display())).with_hint(hint)
}
